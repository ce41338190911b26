"""Rules that live in the database whoever writes to it: legal transitions, and rows that never change.

One table of rules as data; rules_sql.py says each in a database's own words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from mail_gateway.domain.wants import TRANSITIONS as WANTED
from mail_gateway.domain.wants import WantState

if TYPE_CHECKING:
    from collections.abc import Iterator

APPEND_ONLY: Final = (
    *("events", "transfers", "answers", "transitions", "nodes", "notes", "key_events"),
    *("receipts", "desk_orders", "order_transitions", "order_events", "order_lines", "shop_requests"),
    "fetched",
)
NEVER_DELETED: Final = (
    *APPEND_ONLY,
    "payments",
    "letters",
    "mails",
    "holds",
    "restores",
    "ghosts",
    "keys",
    "readers",
    "wants",
    *("orders", "order_returns", "confirmations", "customers", "means", "products", "hooks", "api_keys"),
)
FIXED: Final = {
    "payments": ("id", "reader", "received_ms", "envelope_hash", "ksn"),
    "letters": (
        *("id", "payment", "merchant", "order_id", "kind", "version", "message_id"),
        *("sender", "recipient", "raw", "created_ms"),
    ),
    "wants": ("id", "payment", "phase", "round", "items", "asked_ms"),
    "orders": (
        *("id", "merchant", "deal_id", "customer", "means", "code", "deal", "request_hash", "placed_ms"),
        *("currency", "total_minor", "tax_minor", "delivery", "foreign_price", "settle", "ask_first"),
    ),
    "order_returns": ("id", "order_id", "return_id", "amount_minor", "reason", "asked_ms", "hash"),
    "hooks": ("id", "order_id", "merchant", "event", "about", "body", "created_ms"),
    "api_keys": ("id", "merchant", "name", "hash", "created_ms"),
}
"""Columns that are written once."""

NUMBERED: Final = ("payments", "mails", "events")
"""Tables whose new rows are numbered by their writer."""
BLOCK: Final = 256
"""Where there are many writers, each takes so many numbers at once."""

_LAST: Final = "coalesce((SELECT after FROM events WHERE payment = {} ORDER BY id DESC LIMIT 1), 'received')"
"""Where a payment stands by its events alone."""


_HELD: Final = (
    "SELECT coalesce(sum(returned_minor), 0) FROM payments WHERE kind <> 'capture' AND original = {}"
)
"""What the returns of a sale hold of it."""

_CAPTURES: Final = (
    "SELECT 1 FROM payments AS its WHERE its.kind = 'capture' AND its.original = {} AND its.state"
)
_IN_FORCE: Final = "IN ('dispatched', 'in-doubt', 'reversing', 'confirming', 'approved', 'settled')"
_TO_COME: Final = "IN ('received', 'opened', 'ready', 'dispatched', 'in-doubt', 'approved', 'settled')"
_THERE_IS: Final = (
    "EXISTS (SELECT 1 FROM payments AS hold WHERE hold.id = {0}.original AND hold.state = 'authorised' "
    "AND hold.amount_minor >= {0}.amount_minor)"
)
"""What is held, and who takes it."""

_WITH_THE_ONE_BEFORE: Final = (
    "SELECT id, payment, before, lag(after) OVER (PARTITION BY payment ORDER BY id) AS led FROM news"
)
_LAST_BEFORE: Final = _LAST.format("news.payment AND id < news.id")


class Rule(NamedTuple):
    """What is refused. when: INSERT, UPDATE or DELETE. columns: only an update that names one of them.

    only_if, unless: conditions on OLD and NEW in SQL that both databases know; only unless may ask tables.
    offences: the same for PostgreSQL, where one look at all rows of a statement is cheaper: the rows that are
    refused, from the table news.
    """

    name: str
    table: str
    when: str
    sentence: str
    columns: tuple[str, ...] = ()
    only_if: str = ""
    unless: str = ""
    offences: str = ""


def _rules() -> Iterator[Rule]:
    for table in APPEND_ONLY:
        yield Rule(f"{table}_no_update", table, "UPDATE", f"{table}: rows never change")
    for table in NEVER_DELETED:
        yield Rule(f"{table}_no_delete", table, "DELETE", f"{table}: rows are never deleted")
    for table, columns in FIXED.items():
        sentence = f"{table}: this column never changes"
        yield Rule(f"{table}_fixed", table, "UPDATE", sentence, columns)
    yield from _payment_rules()
    yield from _acquirer_rules()
    yield from _return_rules()
    yield from _unpaid_rules()
    yield from _hold_rules()
    yield from _want_rules()


def _payment_rules() -> Iterator[Rule]:
    yield Rule(
        "payments_start_received",
        "payments",
        "INSERT",
        "payments: a payment begins as received",
        only_if="NEW.state <> 'received'",
    )
    yield Rule(
        "payments_follow_events",
        "payments",
        "UPDATE",
        "payments: the last event does not lead to this state",
        ("state",),
        only_if="NEW.state <> OLD.state",
        unless=f"NEW.state = {_LAST.format('NEW.id')}",
        offences=f"SELECT FROM news WHERE state <> {_LAST.format('news.id')}",
    )
    yield Rule(
        "events_follow_events",
        "events",
        "INSERT",
        "events: this one does not begin where the last one ended",
        unless=f"NEW.before = {_LAST.format('NEW.payment')}",
        offences=f"SELECT FROM ({_WITH_THE_ONE_BEFORE}) AS news WHERE news.before <> coalesce(news.led, "
        f"{_LAST_BEFORE})",
    )
    yield Rule(
        "payments_count_changes",
        "payments",
        "UPDATE",
        "payments: every change counts the epoch up",
        only_if="NEW.epoch <> OLD.epoch + 1",
    )


def _acquirer_rules() -> Iterator[Rule]:
    yield Rule(
        "payments_one_acquirer",
        "payments",
        "UPDATE",
        "payments: a payment never changes its acquirer",
        ("acquirer",),
        only_if="OLD.acquirer <> '' AND NEW.acquirer <> OLD.acquirer",
    )


def _return_rules() -> Iterator[Rule]:
    yield Rule(
        "payments_key_once",
        "payments",
        "UPDATE",
        "payments: the key of a payment never changes",
        ("counter", "sale_hash", "kind", "original"),
        only_if="OLD.counter IS NOT NULL AND "
        "(NEW.counter IS DISTINCT FROM OLD.counter OR NEW.sale_hash IS DISTINCT FROM OLD.sale_hash"
        " OR NEW.kind <> OLD.kind OR NEW.original <> OLD.original)",
    )
    yield Rule(
        "returns_within_sale",
        "payments",
        "UPDATE",
        "payments: a sale counts all that its returns hold",
        ("state",),
        only_if="NEW.state = 'dispatched' AND NEW.original IS NOT NULL",
        unless=f"NEW.returned_minor + ({_HELD.format('NEW.original AND id <> NEW.id')}) <= "
        "(SELECT returned_minor FROM payments WHERE id = NEW.original)",
        offences="SELECT FROM news WHERE state = 'dispatched' AND original IS NOT NULL AND "
        f"(SELECT returned_minor FROM payments WHERE id = news.original) < ({_HELD.format('news.original')})",
    )


def _unpaid_rules() -> Iterator[Rule]:
    yield Rule(
        "unpaid_gives_nothing_back",
        "payments",
        "UPDATE",
        "payments: what was not collected is not given back",
        ("state", "returned_minor"),
        only_if="NEW.state = 'unpaid' AND (NEW.returned_minor <> 0 OR NEW.kind NOT IN ('sale', 'capture'))",
    )


def _hold_rules() -> Iterator[Rule]:
    others = f"{_CAPTURES.format('{0}.original')} {_IN_FORCE} AND its.id <> {{0}}.id"
    may = f"({_THERE_IS} AND NOT EXISTS ({others}))"
    yield Rule(
        "holds_captured_once",
        "payments",
        "UPDATE",
        "payments: a capture takes what is held, once and no more",
        ("state",),
        only_if="NEW.state = 'dispatched' AND NEW.kind = 'capture'",
        unless=may.format("NEW"),
        offences="SELECT FROM news WHERE state = 'dispatched' AND kind = 'capture' "
        f"AND NOT {may.format('news')}",
    )
    yield Rule(
        "holds_not_released_while_captured",
        "payments",
        "UPDATE",
        "payments: what is being captured is not released",
        ("state",),
        only_if="OLD.state = 'authorised' AND NEW.state = 'reversing'",
        unless=f"NOT EXISTS ({_CAPTURES.format('NEW.id')} {_TO_COME})",
        offences="SELECT FROM news WHERE hold = 1 AND state = 'reversing' "
        f"AND EXISTS ({_CAPTURES.format('news.id')} {_TO_COME})",
    )
    yield Rule(
        "holds_end_with_their_capture",
        "payments",
        "UPDATE",
        "payments: a hold is captured by its capture",
        ("state",),
        only_if="NEW.state = 'captured' AND OLD.state <> 'captured'",
        unless=f"EXISTS ({_CAPTURES.format('NEW.id')} IN ('approved', 'settled'))",
        offences="SELECT FROM news WHERE state = 'captured' "
        f"AND NOT EXISTS ({_CAPTURES.format('news.id')} IN ('approved', 'settled'))",
    )


def _want_rules() -> Iterator[Rule]:
    yield Rule(
        "wants_start_asked",
        "wants",
        "INSERT",
        "wants: a want begins as asked",
        only_if=f"NEW.state <> '{WantState.ASKED}'",
    )
    arrows = ((before, after) for before, row in WANTED.items() for after in row)
    legal = " OR ".join(f"(OLD.state = '{before}' AND NEW.state = '{after}')" for before, after in arrows)
    yield Rule(
        "wants_follow_the_table",
        "wants",
        "UPDATE",
        "wants: the table has no such arrow",
        ("state",),
        only_if=f"NEW.state <> OLD.state AND NOT ({legal})",
    )
    yield Rule(
        "wants_count_changes",
        "wants",
        "UPDATE",
        "wants: every change counts the epoch up",
        only_if="NEW.epoch <> OLD.epoch + 1",
    )


RULES: Final = tuple(_rules())
