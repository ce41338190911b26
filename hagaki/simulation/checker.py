"""After every run: all that has to hold, whatever happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from hagaki.simulation import (
    check_books,
    check_cancel,
    check_hooks,
    check_mail,
    check_mailbox,
    check_money,
    check_orders,
    check_rest,
    check_returns,
    check_secrets,
    check_stock,
    check_transcripts,
    records,
)
from hagaki.simulation.findings import Finding, Wrong
from mail_gateway.domain.errors import GatewayError

if TYPE_CHECKING:
    from hagaki.simulation.world import World

CHECKS: Final[tuple[Callable[[World, records.Records], Iterator[Finding]], ...]] = (
    check_mail.rows,
    check_mail.letters,
    check_mailbox.left,
    check_mailbox.once,
    check_mailbox.told,
    check_money.charges,
    check_money.last_words,
    check_money.newest_letters,
    check_money.in_time,
    check_money.plain_day,
    check_money.given_back,
    check_cancel.burned,
    check_cancel.letters,
    check_books.arrows,
    check_books.ledger,
    check_books.ways,
    check_books.chain,
    check_secrets.secrets,
    check_rest.rest,
    check_rest.open_items,
    check_rest.feet,
    check_orders.charged,
    check_orders.asked_once,
    check_orders.agreed,
    check_orders.heard,
    check_orders.kept,
    check_orders.made,
    check_orders.ledger,
    check_returns.asked,
    check_returns.kept,
    check_returns.money,
    check_returns.told,
    check_returns.letters,
    check_returns.unpaid,
    check_returns.plain_day,
    check_stock.stock,
    check_stock.arrows,
    check_stock.ends,
    check_stock.letters,
    check_stock.states_told,
    check_stock.plain_day,
    check_transcripts.verified,
    check_hooks.signed,
    check_hooks.told,
    check_hooks.taken,
)


def check(world: World) -> list[Finding]:
    """All findings; none in a good run."""
    try:
        found = records.read(world.gateway.url)
    except GatewayError as error:
        return [Finding(Wrong.STUMBLED, f"the database cannot be read: {error.detail}")]
    return [finding for one in CHECKS for finding in one(world, found)]
