"""The doctor: what is stuck, why, and the command that helps."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mail_gateway.domain.payment import State
from mail_gateway.domain.totals import TotalsState
from mail_gateway.envelope.dukpt import COUNTER_NEAR_END
from mail_gateway.settings import FONT_PLACES
from mail_gateway.store import (
    ceremony,
    dkim_keys,
    doctor,
    gaps,
    holds,
    hooks,
    key_loads,
    keybook,
    mailboxes,
    order_bounces,
    order_doctor,
    payments,
    recovery,
    totals,
)
from mail_gateway.store.backend import guest
from mail_gateway.store.clock import clock_ms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mail_gateway.domain.route import Table
    from mail_gateway.settings import GatewaySettings, KeySettings
    from mail_gateway.store.backend import Guest

LONG_MS: Final = 15 * 60_000
DAY_MS: Final = 24 * 60 * 60_000
WEEK_MS: Final = 7 * DAY_MS
WANT_OLD_MS: Final = 3 * DAY_MS
CLOCK_MAX_MS: Final = 5000
DISK_MIN: Final = 1 << 30
WAL_MAX: Final = 256 << 20
SHOWN_MAX: Final = 20
_PYTHON: Final = (3, 11, 15)
_SQLITE: Final = (3, 51, 3)
_SQLITE_URL: Final = "sqlite:///"
_BEFORE_DISPATCH: Final = (State.RECEIVED, State.OPENED, State.READY)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One finding. count: how many; rows: the first of them. command: what helps."""

    slug: str
    sentence: str
    command: str
    count: int = 1
    rows: Sequence[dict[str, Any]] = field(default=())


def examine(
    gateway: GatewaySettings,
    keys: KeySettings,
    now_ms: int,
    routes: Table | None = None,
    mailbox: str = "",
) -> list[Trouble]:
    """All that is wrong or waits, the most urgent first. now_ms: this machine's clock, unix ms. mailbox: the
    name of the one that is read; empty: none."""
    with guest(gateway.database) as conn:
        found = [*_money(conn, now_ms), *_recovery(conn), *_post(conn, now_ms), *_wants(conn, now_ms)]
        found += [*_orders(conn, now_ms), *_acquirers(conn, routes)]
        found += _mailbox(conn, mailbox, now_ms)
        found += [*_watch(conn, now_ms), *_keys(conn, now_ms), *_books(conn), *_clock(conn, now_ms)]
        found += [*_receipts(conn, gateway), *_dkim(conn, gateway, keys)]
    return [*found, *_machine(gateway), *_files(keys), *old_software(gateway)]


def old_software(gateway: GatewaySettings) -> Iterator[Trouble]:
    """Versions with known faults that matter here; said at every start of the gateway too."""
    sqlite = doctor.sqlite_version()
    if gateway.database.startswith(_SQLITE_URL) and sqlite < _SQLITE:
        text = f"SQLite {'.'.join(map(str, sqlite))} can lose its log where two processes write at once."
        yield Trouble("sqlite-old", text, "install SQLite 3.51.3 or newer")
    if sys.version_info[:3] < _PYTHON:
        version = ".".join(map(str, sys.version_info[:3]))
        text = f"Python {version} lacks repairs in its mail library."
        yield Trouble("python-old", text, "install Python 3.11.15 or newer")


def _money(conn: Guest, now_ms: int) -> Iterator[Trouble]:
    yield from _some("shunted", "payments wait for a person", "hagaki shunt list", doctor.shunted(conn))
    yield from _some(
        "reversal-open",
        "reversals are not acknowledged since over 15 minutes",
        "ask the acquirer; hagaki payments show N",
        doctor.open_reversals(conn, now_ms - LONG_MS),
    )
    yield from _some(
        "answer-awaited",
        "payments were dispatched over 15 minutes ago and have no answer",
        "is the gateway running? hagaki payments show N",
        doctor.waiting(conn, [State.DISPATCHED], now_ms - LONG_MS),
    )
    yield from _some(
        "sale-waiting",
        "sales wait since over 15 minutes",
        "is the gateway running, and its line up? hagaki payments show N",
        doctor.waiting(conn, _BEFORE_DISPATCH, now_ms - LONG_MS),
    )
    yield from _some(
        "node-dead",
        "payments are open with a node whose lease ran out",
        "start a gateway: it takes them over",
        doctor.of_the_dead(conn, now_ms),
    )
    yield from _some(
        "late-unjudged",
        "late approvals were kept and not judged",
        "start the gateway again: it judges them",
        doctor.unjudged(conn),
    )
    yield from _some(
        "answer-unmatched",
        "answers of the acquirer match nothing that was asked",
        "compare with the acquirer's list",
        doctor.unmatched(conn),
    )
    yield from _some(
        "unpaid-differs",
        "payments were not collected, and the books say otherwise",
        "who has the money? ask the acquirer; hagaki payments show N",
        doctor.not_booked(conn),
    )


def _acquirers(conn: Guest, routes: Table | None) -> Iterator[Trouble]:
    left = payments.open_at(conn) if routes is not None else {}
    gone = [{"acquirer": n, "payments": left[n]} for n in left if routes and n and n not in routes.names]
    text = "acquirers are in the configuration no more, and payments of theirs are not settled"
    yield from _some("acquirer-gone", text, "put them back into config.toml, as a row of [[routes]]", gone)
    rows = [{"row": row, "taken_by": taker} for row, taker in (routes.unreachable() if routes else ())]
    yield from _some("route-unused", "rows of [[routes]] are never used", "hagaki route", rows)
    differ = [one for one in totals.listed(conn) if one.state is TotalsState.DIFFERS]
    days = [{"day": one.day, "acquirer": one.acquirer} for one in differ]
    text = "days do not agree with the acquirer's totals"
    yield from _some("totals-differ", text, "hagaki totals show DAY; hagaki totals explain DAY", days)


def _recovery(conn: Guest) -> Iterator[Trouble]:
    restore = recovery.open_restore(conn)
    if restore is not None:
        text = "the gateway is recovering: nothing is authorised"
        yield from _some("recovering", text, "hagaki recover status", [restore._asdict()])
    ghosts = recovery.list_ghosts(conn, settled=False)
    yield from _some(
        "ghost-open", "charges of the acquirer's list are nobody's", "hagaki recover ghosts", ghosts
    )
    held = holds.listed(conn, released=False)
    yield from _some("held", "holds keep sales back", "hagaki hold list", held)


def _post(conn: Guest, now_ms: int) -> Iterator[Trouble]:
    before_ms = now_ms - LONG_MS
    smarthost = "look at the smarthost's log; [smarthost] in config.toml"
    call = "tell the merchant another way; hagaki payments show N"
    undelivered, uncertain = doctor.undelivered(conn, before_ms), doctor.uncertain(conn, before_ms)
    yield from _some(
        "letter-undelivered", "letters cannot be delivered since over 15 minutes", smarthost, undelivered
    )
    yield from _some("letter-uncertain", "letters were perhaps taken", smarthost, uncertain)
    yield from _some("letter-refused", "letters were refused for good", call, doctor.refused(conn))
    yield from _some("letter-bounced", "letters came back", call, doctor.bounced(conn))
    text = "shops' servers did not take what they were told, in all the time"
    yield from _some("hook-given-up", text, "hagaki merchant hooks retry NAME", hooks.given_up(conn))


def _wants(conn: Guest, now_ms: int) -> Iterator[Trouble]:
    refused = doctor.refused_advices(conn)
    text = "further items are not taken by the acquirer"
    yield from _some("items-refused", text, "ask the acquirer, then hagaki wants close N", refused)
    late = doctor.open_advices(conn, now_ms - LONG_MS)
    text = "further items are not acknowledged since over 15 minutes"
    yield from _some("advice-open", text, "ask the acquirer; hagaki wants list", late)
    asked = doctor.unanswered_wants(conn, now_ms - WANT_OLD_MS)
    text = "further items were asked for over three days ago, and nobody answers"
    yield from _some("want-unanswered", text, "call the merchant; hagaki wants list", asked)


def _orders(conn: Guest, now_ms: int) -> Iterator[Trouble]:
    show, late_ms = "hagaki deal show N", now_ms - LONG_MS
    text = "orders failed after their shops were told that they are made"
    failed = order_doctor.failed(conn, now_ms - WEEK_MS)
    yield from _some("order-failed", text, f"call the shop; {show}", failed)
    text = "orders of this week were made, and their money was not collected"
    unpaid = order_doctor.unpaid(conn, now_ms - WEEK_MS)
    yield from _some("order-unpaid", text, f"does the shop know? {show}", unpaid)
    text = "dead orders have charged their customers, and giving it back was refused"
    yield from _some("order-not-given-back", text, "hagaki payments refund", order_doctor.kept(conn))
    text = "returns of this week were refused by the acquirer, and their shops know it"
    refused = order_doctor.not_returned(conn, now_ms - WEEK_MS)
    yield from _some("order-not-returned", text, f"ask the acquirer; {show}", refused)
    text = "returns are asked for since over 15 minutes, and nobody has answered"
    waiting = order_doctor.not_yet_returned(conn, late_ms) + order_doctor.not_yet_given_back(conn, late_ms)
    yield from _some("order-return-waiting", text, f"is the line up? {show}", waiting)
    text = "orders are due since over 15 minutes, and nobody looks at them"
    yield from _some("order-overdue", text, "is the gateway running?", order_doctor.overdue(conn, late_ms))
    text = "orders wait for their money since over 15 minutes"
    line = f"is the line up? {show}; hagaki deal cancel N"
    yield from _some("order-waiting", text, line, order_doctor.waiting(conn, late_ms))
    text = "confirmed orders are not charged since over 15 minutes"
    taken = order_doctor.not_captured(conn, late_ms)
    yield from _some("order-not-charged", text, f"is the line up? {show}", taken)
    text = "customers wrote what only a person understands, or are locked out"
    yield from _some("order-unclear", text, "hagaki deal list --unclear", order_doctor.unclear(conn))
    text = "questions to customers reached nobody, and their shops know it"
    yield from _some("question-undelivered", text, show, order_bounces.undelivered(conn))
    text = "products have another count reserved than open orders want"
    yield from _some("stock-differs", text, "hagaki product list", order_doctor.miscounted(conn))


def _watch(conn: Guest, now_ms: int) -> Iterator[Trouble]:
    mails = doctor.unreadable(conn, now_ms - WEEK_MS)
    yield from _some("mail-unreadable", "mails of this week could not be read", "hagaki mails list", mails)
    holes = gaps.listed(conn, now_ms, now_ms - WEEK_MS)
    yield from _some(
        "counter-gap", "holes in readers' counters: sales that never came", "hagaki gaps list", holes
    )


def _mailbox(conn: Guest, name: str, now_ms: int) -> Iterator[Trouble]:
    away = mailboxes.away(conn, name)
    if away is not None:
        minutes = max(now_ms - away["since_ms"], 0) // 60_000
        text = f"The mailbox {name} cannot be read since {minutes} min: {away['slug']}."
        yield Trouble("mailbox-away", text, "[imap] in config.toml; ask the provider", rows=[away])


def _keys(conn: Guest, now_ms: int) -> Iterator[Trouble]:
    renew = "hagaki keys renew, with each of them on a serial line"
    behind, near = keybook.behind(conn), keybook.near_end(conn, COUNTER_NEAR_END)
    yield from _some("keys-ending", "readers have keys that end, and no others", renew, behind)
    yield from _some("keys-used-up", "readers are near the end of their counter", renew, near)
    open_loads = key_loads.open_since(conn, now_ms - LONG_MS)
    text = "key blocks were brought to readers and not answered"
    yield from _some("load-open", text, "hagaki keys load, with each of them on a serial line", open_loads)
    ceremonies = ceremony.open_since(conn, now_ms - DAY_MS)
    text = "a key ceremony is open since over a day"
    yield from _some("ceremony-open", text, "hagaki keys finish, or hagaki keys cancel", ceremonies)


def _books(conn: Guest) -> Iterator[Trouble]:
    lanes = [{"lane": lane} for lane in doctor.broken_lanes(conn)]
    yield from _some("chain-broken", "lanes of the ledger do not hold", "hagaki audit verify", lanes)
    currencies = [{"currency": currency} for currency in doctor.unbalanced(conn)]
    yield from _some("balance", "currencies do not sum up to zero", "hagaki audit verify", currencies)


def _clock(conn: Guest, now_ms: int) -> Iterator[Trouble]:
    off_ms = max(abs(clock_ms(conn) - now_ms), doctor.newest_ms(conn) - now_ms)
    if off_ms > CLOCK_MAX_MS:
        text = f"This machine's clock is {off_ms // 1000} s away from the database's or from its newest mail."
        yield Trouble("clock-off", text, "set the clock: timedatectl", rows=[{"off_ms": off_ms}])


def _receipts(conn: Guest, gateway: GatewaySettings) -> Iterator[Trouble]:
    """Without a font to embed, a receipt shows only where the reader of the PDF has one."""
    wanted = ((gateway.receipt_font,),) if gateway.receipt_font else FONT_PLACES
    if not any(all(Path(file).exists() for file in files) for files in wanted):
        text = "merchants have receipts, and no Japanese font is on this machine"
        command = "apt-get install fonts-morisawa-bizud-gothic"
        yield from _some("font-missing", text, command, doctor.shops(conn))


def _dkim(conn: Guest, gateway: GatewaySettings, keys: KeySettings) -> Iterator[Trouble]:
    if not dkim_keys.started(conn):
        return
    from mail_gateway.admin import dkim  # who has no key does not pay for its library

    text = "keys that sign letters do not open under this root key: letters leave without them"
    command = "is it the right root key? hagaki dkim new, and retire the old one"
    yield from _some("dkim-key-unopened", text, command, dkim.unopened(conn, keys))
    text = f"keys sign letters, and none those from {gateway.domain}"
    yield from _some("dkim-domain", text, "hagaki dkim new", dkim.misplaced(conn, gateway.domain))


def _machine(gateway: GatewaySettings) -> Iterator[Trouble]:
    if not gateway.database.startswith(_SQLITE_URL):
        return
    database = Path(gateway.database.removeprefix(_SQLITE_URL))
    free = shutil.disk_usage(database.parent).free
    if free < DISK_MIN:
        text = f"The database's disk has {free >> 20} MiB left."
        yield Trouble("disk-low", text, "make room", rows=[{"free": free}])
    wal = database.with_name(f"{database.name}-wal")
    if wal.exists() and wal.stat().st_size > WAL_MAX:
        text = f"The database's log has grown to {wal.stat().st_size >> 20} MiB."
        yield Trouble("wal-big", text, "is a backup or another reader hanging? end it")
    yield from _open_to_others(database)


def _files(keys: KeySettings) -> Iterator[Trouble]:
    kind, _, name = keys.root.partition(":")
    if kind == "file" and Path(name).exists():
        yield from _open_to_others(Path(name))


def _open_to_others(path: Path) -> Iterator[Trouble]:
    if path.stat().st_mode & 0o077:
        yield Trouble("file-open", f"{path} can be read by others.", f"chmod go= {path}")
    if path.parent.stat().st_mode & 0o002:
        yield Trouble("file-open", f"Anybody can put files into {path.parent}.", f"chmod o-w {path.parent}")


def _some(slug: str, text: str, command: str, rows: Sequence[dict[str, Any]]) -> Iterator[Trouble]:
    if rows:
        yield Trouble(slug, f"{len(rows)}: {text}.", command, len(rows), rows[:SHOWN_MAX])
