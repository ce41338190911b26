"""Rules of the database about orders: events lead, every change counts, and the asking follows its table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mail_gateway.domain.confirmation import CONFIRM_TRANSITIONS, ConfirmState
from mail_gateway.domain.order import OrderState
from mail_gateway.store.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_LAST: Final = (
    f"coalesce((SELECT after FROM order_events WHERE order_id = {{}} ORDER BY id DESC LIMIT 1), "
    f"'{OrderState.PLACED}')"
)
"""Where an order stands by its events alone."""

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


ORDER_RULES: Final = (*_order_rules(), *_confirmation_rules())
