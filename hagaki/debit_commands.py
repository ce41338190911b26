"""`hagaki debit`: debits of bank accounts by file: cut a file, read the bank's answer, look into the book."""

from __future__ import annotations

from datetime import date
from itertools import islice
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from bank_debit import bank as simulator
from bank_debit import cutting, orders, overview
from bank_debit.asked import local_day
from bank_debit.book import Book
from bank_debit.debit import Batch, Move
from bank_debit.zengin import Faulty, read
from hagaki import machine, tables
from hagaki.debit_book import bytes_of, contract_in, opened, progress, saying, write_private
from hagaki.problem import DONE, MACHINE, NO, Problem
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile, said

T = TypeVar("T")

app = typer.Typer(help="Debits of bank accounts by file (口座振替).", no_args_is_help=True)

Name = Annotated[str, typer.Option("--acquirer", help="Name of the table \\[acquirers.NAME].")]
ZenginFile = Annotated[Path, typer.Argument(help="A file in Zengin format.")]

DEFAULT_NAME = "bank_debit"
DAYS_AHEAD = 12
"""Collection days looked at for one that is not cut."""


@app.command("list")
def listed(name: Name = DEFAULT_NAME, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """List the collection days: what is open, at the bank, collected and not."""
    contract, path = contract_in(config, name)
    today = local_day(machine.now_ms(), contract)
    with opened(path) as do:
        rows = do(lambda book: overview.days(book, contract, today))
    tables.many(rows if as_json else overview.brief(rows), as_json=as_json)
    return DONE


@app.command("show")
def show(
    what: Annotated[str, typer.Argument(help="A collection day, YYYY-MM-DD, or a debit's reference.")],
    name: Name = DEFAULT_NAME,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> int:
    """Show the debits of a collection day, or all of one debit; accounts masked."""
    _, path = contract_in(config, name)
    with opened(path) as do:
        if "-" in what:
            day = _day(what)
            tables.many(do(lambda book: overview.debits(book, day)), as_json=as_json)
            return DONE
        found = do(lambda book: book.find(what))
    if found is None:
        raise Problem(f"there is no debit {what}", "debit-unknown")
    tables.whole(overview.debit(found), as_json=as_json)
    return DONE


@app.command("add")
def add(
    file: Annotated[Path | None, typer.Argument(help="JSON lines; else standard input.")] = None,
    name: Name = DEFAULT_NAME,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> int:
    """Take debits of another system into the book, all or none; again is no harm."""
    contract, path = contract_in(config, name)
    now_ms = machine.now_ms()
    days = list(islice(contract.plan.from_day(local_day(now_ms, contract)), DAYS_AHEAD))
    largest = contract.settings.debit_max
    try:
        news = orders.orders(machine.standard_input() if file is None else bytes_of(file), now_ms, contract)
        with opened(path, new=True) as do, progress("adding"):
            count = do(lambda book: orders.add(book, news, days, largest))
    except orders.Refused as refused:
        rows = [{"line": one.line, "slug": one.slug, "where": one.where} for one in refused.wrong]
        tables.many(rows, as_json=as_json)
        return NO
    tables.one({"added": count}, f"{count} debits are in the book", as_json=as_json)
    return DONE


@app.command("cut")
def cut(
    day: Annotated[str, typer.Option(help="The collection day, YYYY-MM-DD; else the next.")] = "",
    out: Annotated[Path | None, typer.Option(help="Where to write it; else debit-YYYYMMDD.txt here.")] = None,
    early: Annotated[
        bool, typer.Option("--early", help="Though debits for that day are still taken.")
    ] = False,
    name: Name = DEFAULT_NAME,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> int:
    """Cut the request file of a collection day, once; again gives the same bytes."""
    contract, path = contract_in(config, name)
    today, wanted = local_day(machine.now_ms(), contract), _day(day) if day else None

    def work(book: Book) -> Batch:
        chosen = cutting.day_to_cut(book, contract, today, wanted, early=early)
        return cutting.cut(book, contract, chosen, machine.now_ms())

    with opened(path) as do, progress("cutting"):
        batch = do(work)
        target = out or Path(f"debit-{batch.day:%Y%m%d}.txt")
        write_private(target, batch.request)
    found = read(batch.request)
    if isinstance(found, Faulty):
        raise Problem(f"the file of {batch.day} in the book is damaged", "debit-book", MACHINE)
    facts = {
        "day": f"{batch.day}",
        "file": str(target),
        "records": found.trailer.count,
        "yen": found.trailer.sum_minor,
    }
    sentence = f"{target}: {found.trailer.count} debits, {found.trailer.sum_minor} yen, for {batch.day}"
    tables.one(facts, sentence, as_json=as_json)
    return DONE


@app.command("read")
def read_answer(
    file: ZenginFile, name: Name = DEFAULT_NAME, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False
) -> int:
    """Take the bank's answer into the book; again is no harm. Exit 1 where something does not fit."""
    contract, path = contract_in(config, name)
    data = bytes_of(file)
    with saying(), progress("reading"):
        answer = cutting.answer_of(data)
    if isinstance(answer, Faulty):
        return _faults(answer, as_json=as_json)
    now = (machine.now_ms(), local_day(machine.now_ms(), contract))
    with opened(path) as do, progress("booking"):
        reading = do(lambda book: cutting.take_answer(book, data, answer, now))
    facts = {
        "day": f"{reading.day}",
        "collected": reading.collected,
        "collected_yen": reading.collected_minor,
        "unpaid": reading.unpaid,
        "unpaid_yen": reading.unpaid_minor,
        "again": reading.again,
        "strange": [
            {"why": one.why.value, "line": one.line, "reference": one.reference} for one in reading.strangers
        ],
    }
    tables.whole(facts, as_json=as_json)
    return NO if reading.strangers else DONE


@app.command("check")
def check(file: ZenginFile, as_json: AsJson = False) -> int:
    """Say what a Zengin file is (91 request or answer, 21 payouts), or every fault in it."""
    with progress("reading"):
        found = read(bytes_of(file))
    if isinstance(found, Faulty):
        return _faults(found, as_json=as_json)
    tables.whole(overview.file(found), as_json=as_json)
    return DONE


@app.command("bank")
def bank(
    file: ZenginFile,
    out: Annotated[Path, typer.Option("--out", help="Where to write the answer.")],
    as_json: AsJson = False,
) -> int:
    """For trials: answer a request file as the amounts' last three digits say."""
    try:
        data = simulator.answer(bytes_of(file))
    except simulator.NotARequest as error:
        if error.faulty is not None:
            return _faults(error.faulty, as_json=as_json)
        raise Problem(f"{file} is no request of debits", "not-a-request") from None
    write_private(out, data)
    tables.one({"file": str(out), "bytes": len(data)}, f"{out}: the bank's answer", as_json=as_json)
    return DONE


@app.command("forget")
def forget(
    before: Annotated[str, typer.Option(help="Collections before this day, YYYY-MM-DD.")],
    name: Name = DEFAULT_NAME,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> int:
    """Wipe accounts, names and files of old collections, but for those in which something is open."""
    _, path = contract_in(config, name)
    day = _day(before)
    with opened(path) as do:
        count = do(lambda book: book.forget(day))
    tables.one({"forgotten": count}, f"accounts and names of {count} debits are wiped", as_json=as_json)
    return DONE


@app.command("paid-back")
def paid_back(
    reference: Annotated[str, typer.Argument(help="The debit's reference.")],
    reason: Annotated[str, typer.Option(help="How and when; kept.", callback=said)],
    name: Name = DEFAULT_NAME,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> int:
    """Note that a collected debit was given back by hand, so that its reversal is acknowledged."""
    _, path = contract_in(config, name)
    with opened(path) as do:
        do(lambda book: book.move(reference, Move.PAY_BACK, note=reason))
    tables.one(
        {"reference": reference, "state": "paid-back"}, f"debit {reference} is paid back", as_json=as_json
    )
    return DONE


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Problem(f"{text} is no day; write it like 2026-11-27", "day-form") from None


def _faults(found: Faulty, *, as_json: bool) -> int:
    tables.many(list(overview.faults(found)), as_json=as_json)
    return NO
