"""Payments for a person: a list, all about one of them, and money back. Also while the gateway runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mail_gateway.domain.codes import reason_for
from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.domain.payment import Trade
from mail_gateway.domain.returns import Wanted, refusal
from mail_gateway.store import history, return_orders, returns
from mail_gateway.store.backend import guest
from mail_gateway.store.clock import clock_ms
from mail_gateway.store.notes import Note, Said

if TYPE_CHECKING:
    from mail_gateway.settings import GatewaySettings


def listed(gateway: GatewaySettings, *, state: str = "", limit: int = 50) -> list[dict[str, Any]]:
    """The newest payments, at most `limit`; state "shunted": those that wait for a person."""
    with guest(gateway.database) as conn:
        return history.newest(conn, state, limit)


def shown(gateway: GatewaySettings, payment: int) -> dict[str, Any]:
    """One payment with its events, transfers, answers, letters, mails. GatewayError: there is none."""
    with guest(gateway.database) as conn:
        found = history.whole(conn, payment)
    if found is None:
        raise _refused(f"There is no payment {payment}.", "payment-unknown")
    return found


def give_back(
    gateway: GatewaySettings, payment: int, kind: Trade, amount_minor: int | None, reason: str
) -> dict[str, Any]:
    """Order a return of a sale, without its card; amount_minor None: all that is left. -> what was ordered.

    The gateway finds it within a minute and makes a payment of its own of it. Raises GatewayError: a rule
    of returns is broken, or another order has not been taken up yet.
    """
    with guest(gateway.database, write=True) as conn:
        sale = returns.sold(conn, payment)
        if sale is None:
            raise _refused(f"There is no payment {payment}.", "payment-unknown")
        amount = sale.left_minor if amount_minor is None else amount_minor
        slug = refusal(Wanted(kind, sale.merchant, amount, sale.currency, ""), sale)
        slug = slug or ("amount-zero" if amount < 1 else "")
        if slug:
            raise _refused(f"{reason_for(slug, 'en')}: payment {payment}.", slug)
        note = Note(Said.GIVE_BACK, reason, {"kind": kind.value, "amount_minor": amount})
        if not return_orders.order(conn, sale, clock_ms(conn), note):
            raise _refused(f"Payment {payment} has an order that was not taken up yet.", "return-ordered")
    return {"payment": payment, "kind": kind.value, "amount_minor": amount, "currency": sale.currency}


def _refused(sentence: str, slug: str) -> GatewayError:
    return GatewayError(sentence, slug, Disposition.REFUSE)
