"""The commands deal list, show, verify, unlock and cancel: orders, and what proves them afterwards."""

from __future__ import annotations

import getpass
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from hagaki import deal_show, machine, tables
from hagaki.problem import DONE, NO, WRONG_INPUT, Problem
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile, read_config, said, settings

if TYPE_CHECKING:
    from mail_gateway.envelope.customers import CustomerSecret

app = typer.Typer(help="Orders, and what proves them afterwards.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(help="The order's number.")]

_ORDER: Final = ("id", "deal_id", "state", "total_minor", "until_ms", "customer")
_WAITING: Final = ("order", "deal_id", "state", "until_ms", "wrong", "unclear", "newest_mail")


@app.command("list")
def listed(
    config: ConfigFile = DEFAULT_CONFIG,
    unclear: Annotated[bool, typer.Option("--unclear", help="Only those that wait for a person.")] = False,
    is_open: Annotated[bool, typer.Option("--open", help="Only those that are not over.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> int:
    """List orders, the newest first; with --unclear those whose answers a person has to read."""
    from mail_gateway.admin import deals

    gateway = settings(read_config(config), "gateway")
    rows = deals.unclear(gateway, limit) if unclear else deals.listed(gateway, limit, is_open=is_open)
    tables.many(rows, as_json=as_json, zone=gateway.time_zone, first=_WAITING if unclear else _ORDER)
    return DONE


@app.command("show")
def show(
    order: Number,
    config: ConfigFile = DEFAULT_CONFIG,
    out: Annotated[Path | None, typer.Option("--out", help="Write the transcript to this new file.")] = None,
    as_json: AsJson = False,
) -> int:
    """Show the transcript of an order: the deal, letters and answers, what was decided; --out: all bytes."""
    from mail_gateway.admin import deals
    from mail_gateway.domain import transcript

    loaded = read_config(config)
    place = deals.Place(*(settings(loaded, name) for name in ("gateway", "keys", "smarthost", "orders")))
    found = deals.shown(place, order)
    if out is not None:
        _write(out, transcript.written(found))
        row = {"order": order, "file": str(out), "chain": found.chain}
        tables.one(row, f"order {order}: {out}\nchain {found.chain}", as_json=as_json)
    elif as_json:
        print(json.dumps(json.loads(transcript.written(found)), ensure_ascii=False))
    else:
        print("\n".join(deal_show.lines(found, place.gateway.time_zone)))
    return DONE


@app.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(help="A transcript, from `hagaki deal show --out`.")],
    key: Annotated[Path | None, typer.Option("--key", help="A file with the customer's key.")] = None,
    chain: Annotated[str, typer.Option(help="The chain's end as it was noted elsewhere.")] = "",
    as_json: AsJson = False,
) -> int:
    """Check a transcript on any machine. Exit 1 where a check fails."""
    from mail_gateway.admin import deal_checks
    from mail_gateway.admin.deal_checks import Check, Finding
    from mail_gateway.domain import transcript

    found = transcript.read(file.read_bytes())
    if found is None:
        checks = [Check("file", Finding.FAIL, "it is no transcript, or something in it was changed")]
    elif chain and chain.lower() != found.chain:
        checks = [Check("file", Finding.FAIL, "it does not end as the chain that was noted")]
    else:
        whole = Check("file", Finding.PASS, f"{len(found.entries)} entries, chain {found.chain}")
        checks = [whole, *deal_checks.check(found, _secret(key))]
    for one in checks:
        row = {"check": one.name, "finding": one.finding.value, "text": one.text}
        tables.one(row, f"{one.finding:<14} {one.name:<9} {one.text}", as_json=as_json)
    return NO if any(one.finding is Finding.FAIL for one in checks) else DONE


@app.command("unlock")
def unlock(
    order: Number,
    reason: Annotated[str, typer.Option(help="Why; kept in the transcript.", callback=said)],
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> int:
    """Let a customer answer again who was locked out after three wrong answers."""
    from mail_gateway.admin import deals

    done = deals.unlock(settings(read_config(config), "gateway"), order, machine.operator(), reason)
    tables.one(done, f"order {order}: answers count again", as_json=as_json)
    return DONE


@app.command("cancel")
def cancel(order: Number, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """Cancel an order that the customer has not confirmed; the gateway does it within a minute."""
    from mail_gateway.admin import deals

    done = deals.cancel(settings(read_config(config), "gateway"), order)
    tables.one(done, f"order {order}: the gateway cancels it and tells customer and shop", as_json=as_json)
    return DONE


def _write(path: Path, data: bytes) -> None:
    if path.exists():
        raise Problem(f"{path} exists; choose a new file.", "file-exists", WRONG_INPUT)
    path.touch(mode=0o600)
    path.write_bytes(data)


def _secret(key: Path | None) -> CustomerSecret | None:
    """The customer's key from the file, and the password from a hidden line or a pipe."""
    if key is None:
        return None
    from mail_gateway.envelope.customers import CustomerSecret
    from schemas.deal import ocra
    from schemas.errors import WireError

    password = getpass.getpass("password (hidden): ") if sys.stdin.isatty() else sys.stdin.readline()
    try:
        return CustomerSecret(
            ocra.read_key(key.read_text("utf-8")), ocra.password_hash(password.strip("\r\n"))
        )
    except WireError:
        raise Problem("that is not a key as it was given out: 14 groups of four", "key-mistyped") from None
