"""The tables, in types that SQLite STRICT and PostgreSQL share. Rules that need more SQL: rules.py."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from mail_gateway.domain.payment import NOT_CHARGED, OPEN_AT_ACQUIRER, State, Trade
from mail_gateway.store.desk_tables import desk_orders as desk_orders
from mail_gateway.store.desk_tables import receipts as receipts
from mail_gateway.store.desk_tables import shops as shops
from mail_gateway.store.key_tables import ceremonies as ceremonies
from mail_gateway.store.key_tables import components as components
from mail_gateway.store.key_tables import dkim_keys as dkim_keys
from mail_gateway.store.key_tables import key_events as key_events
from mail_gateway.store.key_tables import key_loads as key_loads
from mail_gateway.store.key_tables import transports as transports
from mail_gateway.store.key_tables import zone_keys as zone_keys
from mail_gateway.store.mailbox_tables import fetched as fetched
from mail_gateway.store.mailbox_tables import mailboxes as mailboxes
from mail_gateway.store.order_tables import api_keys as api_keys
from mail_gateway.store.order_tables import confirmations as confirmations
from mail_gateway.store.order_tables import customers as customers
from mail_gateway.store.order_tables import hooks as hooks
from mail_gateway.store.order_tables import means as means
from mail_gateway.store.order_tables import order_events as order_events
from mail_gateway.store.order_tables import order_lines as order_lines
from mail_gateway.store.order_tables import order_returns as order_returns
from mail_gateway.store.order_tables import order_transitions as order_transitions
from mail_gateway.store.order_tables import orders as orders
from mail_gateway.store.order_tables import products as products
from mail_gateway.store.order_tables import selling as selling
from mail_gateway.store.schema import WHOLE, count, ident, whole, words
from mail_gateway.store.schema import metadata as metadata
from mail_gateway.store.total_tables import totals as totals
from mail_gateway.store.want_tables import wants as wants

WIPED: Final = (
    *(State.APPROVED, State.CAPTURED, State.DECLINED),
    *(State.RE_ENTER, State.REFUSED, State.EXPIRED, State.UNPAID, State.CANCELLED),
)


def _quoted(states: Any) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))


merchants: Final = Table(
    "merchants",
    metadata,
    ident(),
    Column("name", Text, nullable=False, unique=True),
    Column("mail", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("terminal_id", Text, nullable=False),
    Column("merchant_id", Text, nullable=False),
    whole("created_ms"),
    words("second_mail"),
    words("items"),
    sqlite_strict=True,
)

keys: Final = Table(
    "keys",
    metadata,
    Column("number", WHOLE, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("kcv", Text, nullable=False),
    whole("created_ms"),
    Column("opens_until_ms", WHOLE),
    Column("revoked_ms", WHOLE),
    sqlite_strict=True,
)

readers: Final = Table(
    "readers",
    metadata,
    ident(),
    Column("key_id", LargeBinary, nullable=False, unique=True),
    Column("bdk_id", Text, ForeignKey("keys.id")),
    whole("merchant", ForeignKey("merchants.id")),
    count("damaged_told_ms"),
    whole("created_ms"),
    Column("revoked_ms", WHOLE),
    sqlite_strict=True,
)

nodes: Final = Table("nodes", metadata, ident(), whole("started_ms"), sqlite_strict=True)

payments: Final = Table(
    "payments",
    metadata,
    ident(),
    whole("reader", ForeignKey("readers.id")),
    whole("received_ms"),
    Column("envelope_hash", LargeBinary, nullable=False, unique=True),
    Column("envelope", LargeBinary),
    Column("ksn", LargeBinary, nullable=False),
    Column("counter", WHOLE),
    Column("sale_hash", LargeBinary),
    Column("state", Text, nullable=False, server_default=State.RECEIVED.value),
    Column("node", WHOLE, ForeignKey("nodes.id")),
    count("epoch"),
    Column("due_ms", WHOLE),
    Column("fresh_until_ms", WHOLE),
    count("amount_minor"),
    count("currency"),
    count("slip"),
    words("masked_card"),
    count("attempts"),
    Column("stan", WHOLE),
    Column("reversal", LargeBinary),
    count("transmissions"),
    Column("doubt_ms", WHOLE),
    count("alarms"),
    words("approval_number"),
    words("code"),
    count("version"),
    count("failures"),
    count("shunted"),
    Column("kind", Text, nullable=False, server_default=Trade.SALE.value),
    Column("original", WHOLE, ForeignKey("payments.id")),
    count("returned_minor"),
    count("keyed_s"),
    words("acquirer"),
    count("condition"),
    Column("order_id", WHOLE),
    count("hold"),
    UniqueConstraint("reader", "counter", name="one_payment_per_counter"),
    CheckConstraint("amount_minor >= 0", name="amount_is_not_negative"),
    CheckConstraint("stan BETWEEN 1 AND 999999", name="stan_has_six_digits"),
    CheckConstraint(
        f"state NOT IN ({_quoted((*WIPED, State.REVERSED, State.SETTLED))}) OR envelope IS NULL",
        name="ended_means_card_wiped",
    ),
    CheckConstraint(
        f"state NOT IN ({_quoted(set(WIPED) - NOT_CHARGED)}) OR reversal IS NULL",
        name="ended_means_reversal_wiped",
    ),
    CheckConstraint(
        f"state NOT IN ({_quoted({*OPEN_AT_ACQUIRER, State.AUTHORISED})}) "
        "OR (stan IS NOT NULL AND reversal IS NOT NULL)",
        name="open_means_reversible",
    ),
    CheckConstraint("kind IN ('sale', 'capture', 'void', 'refund', 'cancel')", name="payment_has_a_kind"),
    CheckConstraint("original IS NULL OR kind <> 'sale'", name="only_a_return_has_an_original"),
    CheckConstraint("returned_minor BETWEEN 0 AND amount_minor", name="returned_is_within_the_sale"),
    CheckConstraint(
        "kind IN ('sale', 'capture') OR state <> 'dispatched' "
        "OR (original IS NOT NULL AND returned_minor = amount_minor)",
        name="a_return_holds_its_amount",
    ),
    CheckConstraint("kind <> 'capture' OR original IS NOT NULL", name="a_capture_has_a_hold"),
    sqlite_strict=True,
    sqlite_autoincrement=True,
)
_HELD: Final = text("reversal IS NOT NULL")
Index("one_reversal_per_stan", payments.c.stan, unique=True, sqlite_where=_HELD, postgresql_where=_HELD)
_RETURN: Final = text("original IS NOT NULL")
Index("payments_of_original", payments.c.original, sqlite_where=_RETURN, postgresql_where=_RETURN)
_BOUGHT: Final = text("order_id IS NOT NULL")
Index("payments_of_order", payments.c.order_id, sqlite_where=_BOUGHT, postgresql_where=_BOUGHT)
_DUE: Final = text("due_ms IS NOT NULL")
Index("payments_due", payments.c.due_ms, sqlite_where=_DUE, postgresql_where=_DUE)

pads: Final = Table(
    "pads",
    metadata,
    Column("payment", WHOLE, ForeignKey("payments.id"), primary_key=True, autoincrement=False),
    Column("pad", LargeBinary, nullable=False),
    sqlite_strict=True,
)

leases: Final = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    whole("node", ForeignKey("nodes.id")),
    whole("epoch"),
    whole("until_ms"),
    sqlite_strict=True,
)

holds: Final = Table(
    "holds",
    metadata,
    ident(),
    Column("subject", Text, nullable=False),
    Column("number", WHOLE),
    Column("reason", Text, nullable=False),
    whole("at_ms"),
    Column("released_ms", WHOLE),
    CheckConstraint("subject IN ('gateway', 'merchant', 'reader', 'payment')", name="hold_has_a_subject"),
    CheckConstraint("(subject = 'gateway') = (number IS NULL)", name="hold_says_whom"),
    sqlite_strict=True,
)

notes: Final = Table(
    "notes",
    metadata,
    ident(),
    whole("payment", ForeignKey("payments.id")),
    whole("at_ms"),
    Column("kind", Text, nullable=False),
    words("text"),
    Column("facts", Text, nullable=False, server_default=text("'{}'")),
    sqlite_strict=True,
)
Index("notes_of_payment", notes.c.payment)

restores: Final = Table(
    "restores",
    metadata,
    ident(),
    whole("backup_ms"),
    whole("restored_ms"),
    whole("lost_from_ms"),
    Column("reconciled_ms", WHOLE),
    Column("finished_ms", WHOLE),
    sqlite_strict=True,
)

ghosts: Final = Table(
    "ghosts",
    metadata,
    Column("reference", Text, primary_key=True),
    whole("restore", ForeignKey("restores.id")),
    Column("terminal_id", Text, nullable=False),
    whole("at_ms"),
    whole("amount_minor"),
    whole("currency"),
    words("approval_number"),
    count("is_return"),
    words("acquirer"),
    Column("settled_ms", WHOLE),
    Column("payment", WHOLE, ForeignKey("payments.id")),
    words("remark"),
    sqlite_strict=True,
)
_UNSETTLED: Final = text("settled_ms IS NULL")
Index(
    "ghosts_unsettled",
    ghosts.c.terminal_id,
    ghosts.c.amount_minor,
    sqlite_where=_UNSETTLED,
    postgresql_where=_UNSETTLED,
)

mails: Final = Table(
    "mails",
    metadata,
    ident(),
    whole("received_ms"),
    words("sender"),
    words("recipients"),
    words("message_id"),
    words("peer"),
    Column("verdict", Text, nullable=False),
    words("slug"),
    Column("content_hash", LargeBinary, nullable=False),
    Column("raw", LargeBinary),
    Column("payment", WHOLE, ForeignKey("payments.id")),
    Column("merchant", WHOLE),
    Column("handled_ms", WHOLE),
    Column("order_id", WHOLE),
    words("proof"),
    sqlite_strict=True,
)
Index("mails_of_payment", mails.c.payment)
_ANSWER: Final = text("merchant IS NOT NULL")
Index(
    "answers_of_merchant",
    mails.c.merchant,
    mails.c.message_id,
    sqlite_where=_ANSWER,
    postgresql_where=_ANSWER,
)
_OF_ORDER: Final = text("order_id IS NOT NULL")
Index(
    "answers_of_order",
    mails.c.order_id,
    mails.c.message_id,
    sqlite_where=_OF_ORDER,
    postgresql_where=_OF_ORDER,
)
UNHANDLED: Final = text("verdict IN ('reply', 'answer') AND handled_ms IS NULL")
"""Answers of merchants and customers that nobody has read yet; who asks for them says it in these words."""
Index("mails_unhandled", mails.c.id, sqlite_where=UNHANDLED, postgresql_where=UNHANDLED)

transitions: Final = Table(
    "transitions",
    metadata,
    Column("before", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("after", Text, primary_key=True),
    sqlite_strict=True,
)

events: Final = Table(
    "events",
    metadata,
    ident(),
    whole("payment", ForeignKey("payments.id")),
    whole("at_ms"),
    Column("before", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("facts", Text, nullable=False),
    ForeignKeyConstraint(
        ["before", "kind", "after"], ["transitions.before", "transitions.kind", "transitions.after"]
    ),
    sqlite_strict=True,
)
Index("events_of_payment", events.c.payment)

transfers: Final = Table(
    "transfers",
    metadata,
    ident(),
    whole("payment", ForeignKey("payments.id")),
    whole("event", ForeignKey("events.id")),
    whole("lane", ForeignKey("nodes.id")),
    whole("place"),
    whole("at_ms"),
    Column("debit", Text, nullable=False),
    Column("credit", Text, nullable=False),
    whole("amount_minor"),
    whole("currency"),
    Column("phase", Text, nullable=False),
    Column("chain", LargeBinary, nullable=False),
    UniqueConstraint("lane", "place", name="one_transfer_per_place"),
    CheckConstraint("amount_minor > 0", name="transfer_moves_something"),
    CheckConstraint("debit <> credit", name="transfer_has_two_sides"),
    CheckConstraint("phase IN ('pending', 'posted', 'voided')", name="transfer_has_a_phase"),
    sqlite_strict=True,
)
Index("transfers_of_payment", transfers.c.payment)
Index("transfers_at", transfers.c.at_ms)

_SOMEBODYS: Final = (
    " + ".join(
        f"CASE WHEN {whose} IS NULL THEN 0 ELSE 1 END" for whose in ("payment", "merchant", "order_id")
    )
    + " = 1"
)

letters: Final = Table(
    "letters",
    metadata,
    ident(),
    Column("payment", WHOLE, ForeignKey("payments.id")),
    Column("merchant", WHOLE, ForeignKey("merchants.id")),
    Column("kind", Text, nullable=False),
    whole("version"),
    Column("message_id", Text, nullable=False, unique=True),
    Column("sender", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    whole("created_ms"),
    whole("rank"),
    Column("state", Text, nullable=False),
    Column("due_ms", WHOLE),
    count("attempts"),
    Column("node", WHOLE, ForeignKey("nodes.id")),
    Column("sent_ms", WHOLE),
    Column("bounced_ms", WHOLE),
    words("rerouted_to"),
    words("remark"),
    Column("order_id", WHOLE),
    UniqueConstraint("payment", "version", name="one_letter_per_version"),
    UniqueConstraint("order_id", "version", name="one_letter_of_an_order_per_version"),
    CheckConstraint(_SOMEBODYS, name="letter_is_somebodys"),
    CheckConstraint("state IN ('due', 'sending', 'sent', 'uncertain', 'refused')", name="letter_has_a_state"),
    sqlite_strict=True,
)
_TO_SEND: Final = text("due_ms IS NOT NULL")
_NOTICE: Final = text("merchant IS NOT NULL")
Index("letters_of_merchant", letters.c.merchant, sqlite_where=_NOTICE, postgresql_where=_NOTICE)
UNTAKEN: Final = text("state = 'refused' AND order_id IS NOT NULL")
"""Letters of orders that nobody has taken; who asks for them says it in these words."""
Index("letters_untaken", letters.c.order_id, sqlite_where=UNTAKEN, postgresql_where=UNTAKEN)
Index("letters_due", letters.c.rank, letters.c.due_ms, sqlite_where=_TO_SEND, postgresql_where=_TO_SEND)

answers: Final = Table(
    "answers",
    metadata,
    ident(),
    whole("at_ms"),
    Column("payment", WHOLE, ForeignKey("payments.id")),
    Column("reference", Text, nullable=False),
    whole("stan"),
    Column("outcome", Text, nullable=False),
    words("code"),
    count("amount_minor"),
    words("approval_number"),
    count("late"),
    sqlite_strict=True,
)
Index("answers_of_payment", answers.c.payment)
_LATE: Final = text("late = 1")
Index("answers_late", answers.c.payment, sqlite_where=_LATE, postgresql_where=_LATE)

counters: Final = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),
    whole("value"),
    sqlite_strict=True,
)
GROUPS: Final = "groups"
"""Counts the groups committed, so that a commit that failed can be looked for."""
STANS: Final = "stans"
"""Counts the blocks of STANs given out (ISO 8583 DE11)."""
