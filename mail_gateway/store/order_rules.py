"""Rules of the database about orders: events lead, every change counts, sums hold, the asking has a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mail_gateway.domain.confirmation import CONFIRM_TRANSITIONS, ConfirmState
from mail_gateway.domain.order import OrderState
from mail_gateway.domain.order_return import ReturnState
from mail_gateway.store.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_LAST: Final = (
    f"coalesce((SELECT after FROM order_events WHERE order_id = {{}} ORDER BY id DESC LIMIT 1), "
    f"'{OrderState.PLACED}')"
)
"""Where an order stands by its events alone."""

_RETURNED: Final = (
    f"(SELECT coalesce(sum(amount_minor), 0) FROM order_returns WHERE order_id = {{}}.id "
    f"AND state = '{ReturnState.DONE}')"
)
"""What is given back of an order by its returns alone."""

_IS_PAID_BACK: Final = (
    "EXISTS (SELECT 1 FROM payments AS its WHERE its.id = {0}.payment AND its.order_id = {0}.order_id "
    "AND its.kind IN ('void', 'refund') AND its.amount_minor = {0}.amount_minor "
    "AND its.state IN ('approved', 'settled'))"
)
_PAID: Final = f"state = '{ReturnState.DONE}' AND {{}}.payment IS NOT NULL"

_WITH_THE_ONE_BEFORE: Final = (
    "SELECT id, order_id, before, lag(after) OVER (PARTITION BY order_id ORDER BY id) AS led FROM news"
)
_LAST_BEFORE: Final = _LAST.format("news.order_id AND id < news.id")


def _order_rules() -> Iterator[Rule]:
    yield Rule(
        "orders_start_placed",
        "orders",
        "INSERT",
        "orders: an order begins as placed",
        only_if=f"NEW.state <> '{OrderState.PLACED}'",
    )
    yield Rule(
        "orders_follow_events",
        "orders",
        "UPDATE",
        "orders: the last event does not lead to this state",
        ("state",),
        only_if="NEW.state <> OLD.state",
        unless=f"NEW.state = {_LAST.format('NEW.id')}",
        offences=f"SELECT FROM news WHERE state <> {_LAST.format('news.id')}",
    )
    yield Rule(
        "order_events_follow_events",
        "order_events",
        "INSERT",
        "order_events: this one does not begin where the last one ended",
        unless=f"NEW.before = {_LAST.format('NEW.order_id')}",
        offences=f"SELECT FROM ({_WITH_THE_ONE_BEFORE}) AS news WHERE news.before <> coalesce(news.led, "
        f"{_LAST_BEFORE})",
    )
    yield Rule(
        "orders_count_changes",
        "orders",
        "UPDATE",
        "orders: every change counts the epoch up",
        only_if="NEW.epoch <> OLD.epoch + 1",
    )
    yield Rule(
        "orders_made_once",
        "orders",
        "UPDATE",
        "orders: since when an order is made never changes",
        ("made_ms",),
        only_if="OLD.made_ms IS NOT NULL AND NEW.made_ms IS DISTINCT FROM OLD.made_ms",
    )


def _return_rules() -> Iterator[Rule]:
    yield Rule(
        "orders_return_what_was_returned",
        "orders",
        "UPDATE",
        "orders: what is returned is the sum of its returns",
        ("returned_minor",),
        only_if="NEW.returned_minor <> OLD.returned_minor",
        unless=f"NEW.returned_minor = {_RETURNED.format('NEW')}",
        offences=f"SELECT FROM news WHERE returned_minor <> {_RETURNED.format('news')}",
    )
    yield Rule(
        "order_returns_start_open",
        "order_returns",
        "INSERT",
        "order_returns: a return begins as open",
        only_if=f"NEW.state <> '{ReturnState.OPEN}'",
    )
    yield Rule(
        "order_returns_end_once",
        "order_returns",
        "UPDATE",
        "order_returns: how a return ended never changes",
        only_if=f"OLD.state <> '{ReturnState.OPEN}'",
    )
    yield Rule(
        "order_returns_done_when_approved",
        "order_returns",
        "UPDATE",
        "order_returns: nothing is given back before its payment is approved",
        ("state",),
        only_if=f"NEW.{_PAID.format('NEW')}",
        unless=_IS_PAID_BACK.format("NEW"),
        offences=f"SELECT FROM news WHERE {_PAID.format('news')} AND NOT {_IS_PAID_BACK.format('news')}",
    )


def _confirmation_rules() -> Iterator[Rule]:
    yield Rule(
        "confirmations_start_asked",
        "confirmations",
        "INSERT",
        "confirmations: an asking begins as asked",
        only_if=f"NEW.state <> '{ConfirmState.ASKED}'",
    )
    arrows = ((before, after) for before, row in CONFIRM_TRANSITIONS.items() for after in row.values())
    legal = " OR ".join(f"(OLD.state = '{before}' AND NEW.state = '{after}')" for before, after in arrows)
    yield Rule(
        "confirmations_follow_the_table",
        "confirmations",
        "UPDATE",
        "confirmations: the table has no such arrow",
        ("state",),
        only_if=f"NEW.state <> OLD.state AND NOT ({legal})",
    )
    yield Rule(
        "confirmations_end_once",
        "confirmations",
        "UPDATE",
        "confirmations: what was decided never changes",
        only_if="OLD.state NOT IN ('asked', 'locked') AND (NEW.how <> OLD.how"
        " OR NEW.answer_mail IS DISTINCT FROM OLD.answer_mail"
        " OR NEW.answered_ms IS DISTINCT FROM OLD.answered_ms)",
    )


ORDER_RULES: Final = (*_order_rules(), *_return_rules(), *_confirmation_rules())
