"""Daily totals for a person: what was compared with the acquirers, and what of a day does not fit."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from acquirer_sdk.values import Totals
from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.domain.totals import Compared, span_s
from mail_gateway.store import totals
from mail_gateway.store.backend import guest
from mail_gateway.store.totals import Day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mail_gateway.settings import GatewaySettings
    from mail_gateway.store.backend import Guest

FOR_EVER_MS: Final = 1 << 62
NOTHING: Final = ("", "", "", "")


def listed(gateway: GatewaySettings, limit: int) -> list[dict[str, Any]]:
    """The days compared, the newest first: what we have, what the acquirer has."""
    with guest(gateway.database) as conn:
        return [_row(one) for one in totals.listed(conn, limit=limit)]


def shown(gateway: GatewaySettings, acquirers: Sequence[str], day: str) -> dict[str, Any]:
    """One local day (ISO 8601): payments, ledger and acquirers side by side, and each difference.

    acquirers: all names, the default first. Raises GatewayError for a day that is none.
    """
    _assert_day(day)
    with guest(gateway.database) as conn:
        compared = totals.listed(conn, day)
        differ: list[dict[str, Any]] = []
        sides = []
        for name in dict.fromkeys([*acquirers, *(one.acquirer for one in compared)]):
            names = (name, "") if name == acquirers[0] else (name,)
            which = Day(day, gateway.currency, names, span_s(day, ZoneInfo(gateway.time_zone)))
            own = [one for one in compared if one.acquirer == name]
            now = totals.posted(conn, which, 0, FOR_EVER_MS)
            sides += [{"acquirer": name, "side": "ledger", **_figures(now)}, *_sides(own)]
            differ += [{"acquirer": name, **row} for row in _differences(conn, which, now, own)]
    return {"day": day, "totals": sides, "differences": differ}


def explain(gateway: GatewaySettings, acquirer: str, day: str, reason: str) -> dict[str, Any]:
    """A person knows why that day differs. Raises GatewayError: it is not one that does."""
    _assert_day(day)
    with guest(gateway.database, write=True) as conn:
        if not totals.explain(conn, acquirer, day, reason):
            raise _refused(f"{day} of {acquirer} is not a day that differs.", "totals-agree")
    return {"acquirer": acquirer, "day": day, "reason": reason}


def _assert_day(day: str) -> None:
    try:
        date.fromisoformat(day)
    except ValueError:
        raise _refused(f"{day} is no day; write one such as 2026-11-21.", "day-format") from None


def _differences(conn: Guest, day: Day, now: Totals, own: Sequence[Compared]) -> list[dict[str, Any]]:
    """payment: 0 where it is the day as a whole."""
    found = [_difference("payment-and-ledger", row["payment"]) for row in totals.differences(conn, day)]
    found += [_difference("open", number) for number in totals.open_payments(conn, day)]
    for one in own:
        if one.ours is not None and one.ours != now:
            found.append(_difference("changed-since-compared", 0))
        if one.ours is not None and one.theirs is not None and one.ours != one.theirs:
            found.append(_difference("acquirer", 0))
    return found


def _difference(what: str, payment: int) -> dict[str, Any]:
    return {"what": what, "payment": payment}


def _sides(own: Sequence[Compared]) -> list[dict[str, Any]]:
    found = []
    for one in own:
        given = {"ours, as compared": one.ours, f"theirs: {one.state}": one.theirs}
        for side, figures in given.items():
            found.append({"acquirer": one.acquirer, "side": side, **_figures(figures)})
    return found


def _figures(one: Totals | None) -> dict[str, Any]:
    names = ("sales", "sales_minor", "returns", "returns_minor")
    return dict(zip(names, NOTHING, strict=True)) if one is None else {n: getattr(one, n) for n in names}


def _row(one: Compared) -> dict[str, Any]:
    theirs = {f"their_{name}": value for name, value in _figures(one.theirs).items()}
    named = {"day": one.day, "acquirer": one.acquirer, "state": one.state.value, "currency": one.currency}
    return {**named, **_figures(one.ours), **theirs}


def _refused(sentence: str, slug: str) -> GatewayError:
    return GatewayError(sentence, slug, Disposition.REFUSE)
