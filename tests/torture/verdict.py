"""After a day: is anything lost, charged twice, told untruly, or is the database damaged?"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from day import FINAL

from mail_gateway.admin import payments
from mail_gateway.store import books
from mail_gateway.store.backend import guest

if TYPE_CHECKING:
    from pathlib import Path

    from day import Day
    from scene import Sale

ENDED: Final = frozenset({"approved", "declined", "reversed", "refused", "expired", "re-enter"})


@dataclass(slots=True)
class Verdict:
    """What went wrong, a sentence for each; all empty is the only good verdict."""

    lost: list[str] = field(default_factory=list)
    double: list[str] = field(default_factory=list)
    untrue: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def all(self) -> list[str]:
        """Everything, whatever its kind."""
        return [*self.lost, *self.double, *self.untrue, *self.broken]


def judge(day: Day) -> Verdict:
    """Host, letters and database against each other, sale by sale and as a whole."""
    verdict = Verdict()
    if not day.settled:
        verdict.lost.append(f"the day never settled; lives ended {day.ends}, refused {day.refused[-3:]}")
    verdict.untrue += [f"a good mail was answered {reply}" for reply in day.rejected]
    for sale in day.scene.sales.values():
        _judge_money(day, sale, verdict)
        _judge_word(day, sale, verdict)
    _judge_rows(day, verdict)
    _judge_books(day, verdict)
    return verdict


def asked(day: Day, sale: Sale) -> list[str]:
    """References under which the host was asked to authorise this sale; one for each 0100 that came."""
    entries = day.host.journal.asked("0100")
    return [entry.reference for entry in entries if entry.amount_minor == sale.amount_minor]


def net_minor(day: Day, sale: Sale) -> int:
    """What the card holder is left charged with."""
    charges = day.host.charges()
    return sum(charges[reference].net_minor for reference in set(asked(day, sale)))


def _judge_money(day: Day, sale: Sale, verdict: Verdict) -> None:
    requests, net = asked(day, sale), net_minor(day, sale)
    if len(requests) > sale.whole:
        verdict.double.append(f"{sale.name}: the host was asked {len(requests)} times")
    if net not in (0, sale.amount_minor):
        verdict.double.append(f"{sale.name}: {net} stay charged for a sale of {sale.amount_minor}")


def _judge_word(day: Day, sale: Sale, verdict: Verdict) -> None:
    letter = day.last(sale)
    if letter is None or letter.kind not in FINAL:
        verdict.lost.append(f"{sale.name}: the last letter says {letter.kind if letter else 'nothing'}")
    elif (letter.kind == "approved") != (net_minor(day, sale) == sale.amount_minor):
        verdict.untrue.append(f"{sale.name}: told {letter.kind}, charged {net_minor(day, sale)}")


def _judge_rows(day: Day, verdict: Verdict) -> None:
    with sqlite3.connect(database(day.world.folder)) as conn:
        verdict.broken += whole(conn)
        kept = {f"<{name.strip('<>')}>" for (name,) in conn.execute("SELECT message_id FROM mails")}
    conn.close()
    verdict.lost += [f"{name}: answered 250, no row" for name in set(day.acked.values()) - kept]
    rows = payments.listed(day.section("gateway"), limit=1000)
    if day.settled:
        open_ones = [
            f"payment {row['id']}: still {row['state']}" for row in rows if row["state"] not in ENDED
        ]
        verdict.lost += open_ones
    charges = day.host.charges()
    for row in rows:
        charge = charges.get(f"{row['id']:012d}")
        if row["state"] == "approved" and (charge is None or charge.net_minor != row["amount_minor"]):
            verdict.untrue.append(f"payment {row['id']}: approved here, {charge} at the host")


def _judge_books(day: Day, verdict: Verdict) -> None:
    with guest(day.section("gateway").database) as conn:
        link, balances = books.broken_at(conn), books.balances(conn)
    if link is not None:
        verdict.broken.append(f"the ledger's chain breaks at {link}")
    if sum(balances.values()) != 0:
        verdict.broken.append("the ledger's sum is not zero")
    receivable = sum(amount for key, amount in balances.items() if key[0] == "acquirer-receivable")
    charged = sum(charge.net_minor for charge in day.host.charges().values())
    if day.settled and receivable != charged:
        verdict.untrue.append(f"the books say {receivable}, the host {charged}")


def database(folder: Path) -> Path:
    """The gateway's database of that world."""
    return folder / "gateway" / "hagaki.db"


def whole(conn: sqlite3.Connection) -> list[str]:
    """What SQLite itself finds wrong with the file."""
    found = [row[0] for row in conn.execute("PRAGMA integrity_check")]
    strangers = conn.execute("PRAGMA foreign_key_check").fetchall()
    return [line for line in found if line != "ok"] + [f"a row of {row[0]} hangs loose" for row in strangers]
