"""The tables as first released. Frozen: what changes later is a version of its own."""

from __future__ import annotations

from typing import Any, Final

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

revision = "0001"
down_revision = None

metadata: Final = MetaData()
WHOLE: Final = BigInteger().with_variant(Integer(), "sqlite")


def upgrade() -> None:
    """Make them all."""
    metadata.create_all(op.get_bind())


def _id() -> Column[int]:
    return Column("id", WHOLE, primary_key=True, autoincrement=True)


def _whole(name: str, *args: Any) -> Column[int]:
    return Column(name, WHOLE, *args, nullable=False)


def _count(name: str) -> Column[int]:
    return Column(name, WHOLE, nullable=False, server_default=text("0"))


def _words(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default=text("''"))


merchants: Final = Table(
    "merchants",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    Column("mail", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("terminal_id", Text, nullable=False),
    Column("merchant_id", Text, nullable=False),
    _whole("created_ms"),
    _words("second_mail"),
    sqlite_strict=True,
)

keys: Final = Table(
    "keys",
    metadata,
    Column("number", WHOLE, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("kcv", Text, nullable=False),
    _whole("created_ms"),
    sqlite_strict=True,
)

readers: Final = Table(
    "readers",
    metadata,
    _id(),
    Column("key_id", LargeBinary, nullable=False, unique=True),
    Column("bdk_id", Text, ForeignKey("keys.id")),
    _whole("merchant", ForeignKey("merchants.id")),
    _count("damaged_told_ms"),
    _whole("created_ms"),
    sqlite_strict=True,
)

nodes: Final = Table("nodes", metadata, _id(), _whole("started_ms"), sqlite_strict=True)

payments: Final = Table(
    "payments",
    metadata,
    _id(),
    _whole("reader", ForeignKey("readers.id")),
    _whole("received_ms"),
    Column("envelope_hash", LargeBinary, nullable=False, unique=True),
    Column("envelope", LargeBinary),
    Column("ksn", LargeBinary, nullable=False),
    Column("counter", WHOLE),
    Column("sale_hash", LargeBinary),
    Column("state", Text, nullable=False, server_default="received"),
    Column("node", WHOLE, ForeignKey("nodes.id")),
    _count("epoch"),
    Column("due_ms", WHOLE),
    Column("fresh_until_ms", WHOLE),
    _count("amount_minor"),
    _count("currency"),
    _count("slip"),
    _words("masked_card"),
    _count("attempts"),
    Column("stan", WHOLE),
    Column("reversal", LargeBinary),
    _count("transmissions"),
    Column("doubt_ms", WHOLE),
    _count("alarms"),
    _words("approval_number"),
    _words("code"),
    _count("version"),
    _count("failures"),
    _count("shunted"),
    Column("kind", Text, nullable=False, server_default="sale"),
    Column("original", WHOLE, ForeignKey("payments.id")),
    _count("returned_minor"),
    _count("keyed_s"),
    UniqueConstraint("reader", "counter", name="one_payment_per_counter"),
    CheckConstraint("amount_minor >= 0", name="amount_is_not_negative"),
    CheckConstraint("stan BETWEEN 1 AND 999999", name="stan_has_six_digits"),
    CheckConstraint(
        "state NOT IN ('approved', 'cancelled', 'captured', 'declined', 'expired', 're-enter', 'refused', "
        "'reversed', 'settled', 'unpaid') OR envelope IS NULL",
        name="ended_means_card_wiped",
    ),
    CheckConstraint(
        "state NOT IN ('approved', 'captured', 'expired', 'refused', 'unpaid') OR reversal IS NULL",
        name="ended_means_reversal_wiped",
    ),
    CheckConstraint(
        "state NOT IN ('authorised', 'confirming', 'dispatched', 'in-doubt', 'reversing') "
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
    _whole("node", ForeignKey("nodes.id")),
    _whole("epoch"),
    _whole("until_ms"),
    sqlite_strict=True,
)

holds: Final = Table(
    "holds",
    metadata,
    _id(),
    Column("subject", Text, nullable=False),
    Column("number", WHOLE),
    Column("reason", Text, nullable=False),
    _whole("at_ms"),
    Column("released_ms", WHOLE),
    CheckConstraint("subject IN ('gateway', 'merchant', 'reader', 'payment')", name="hold_has_a_subject"),
    CheckConstraint("(subject = 'gateway') = (number IS NULL)", name="hold_says_whom"),
    sqlite_strict=True,
)

notes: Final = Table(
    "notes",
    metadata,
    _id(),
    _whole("payment", ForeignKey("payments.id")),
    _whole("at_ms"),
    Column("kind", Text, nullable=False),
    _words("text"),
    Column("facts", Text, nullable=False, server_default=text("'{}'")),
    sqlite_strict=True,
)
Index("notes_of_payment", notes.c.payment)

restores: Final = Table(
    "restores",
    metadata,
    _id(),
    _whole("backup_ms"),
    _whole("restored_ms"),
    _whole("lost_from_ms"),
    Column("reconciled_ms", WHOLE),
    Column("finished_ms", WHOLE),
    sqlite_strict=True,
)

ghosts: Final = Table(
    "ghosts",
    metadata,
    Column("reference", Text, primary_key=True),
    _whole("restore", ForeignKey("restores.id")),
    Column("terminal_id", Text, nullable=False),
    _whole("at_ms"),
    _whole("amount_minor"),
    _whole("currency"),
    _words("approval_number"),
    _count("is_return"),
    Column("settled_ms", WHOLE),
    Column("payment", WHOLE, ForeignKey("payments.id")),
    _words("remark"),
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
    _id(),
    _whole("received_ms"),
    _words("sender"),
    _words("recipients"),
    _words("message_id"),
    _words("peer"),
    Column("verdict", Text, nullable=False),
    _words("slug"),
    Column("content_hash", LargeBinary, nullable=False),
    Column("raw", LargeBinary),
    Column("payment", WHOLE, ForeignKey("payments.id")),
    sqlite_strict=True,
)
Index("mails_of_payment", mails.c.payment)

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
    _id(),
    _whole("payment", ForeignKey("payments.id")),
    _whole("at_ms"),
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
    _id(),
    _whole("payment", ForeignKey("payments.id")),
    _whole("event", ForeignKey("events.id")),
    _whole("lane", ForeignKey("nodes.id")),
    _whole("place"),
    _whole("at_ms"),
    Column("debit", Text, nullable=False),
    Column("credit", Text, nullable=False),
    _whole("amount_minor"),
    _whole("currency"),
    Column("phase", Text, nullable=False),
    Column("chain", LargeBinary, nullable=False),
    UniqueConstraint("lane", "place", name="one_transfer_per_place"),
    CheckConstraint("amount_minor > 0", name="transfer_moves_something"),
    CheckConstraint("debit <> credit", name="transfer_has_two_sides"),
    CheckConstraint("phase IN ('pending', 'posted', 'voided')", name="transfer_has_a_phase"),
    sqlite_strict=True,
)
Index("transfers_of_payment", transfers.c.payment)

letters: Final = Table(
    "letters",
    metadata,
    _id(),
    Column("payment", WHOLE, ForeignKey("payments.id")),
    Column("merchant", WHOLE, ForeignKey("merchants.id")),
    Column("kind", Text, nullable=False),
    _whole("version"),
    Column("message_id", Text, nullable=False, unique=True),
    Column("sender", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    _whole("created_ms"),
    _whole("rank"),
    Column("state", Text, nullable=False),
    Column("due_ms", WHOLE),
    _count("attempts"),
    Column("node", WHOLE, ForeignKey("nodes.id")),
    Column("sent_ms", WHOLE),
    Column("bounced_ms", WHOLE),
    _words("rerouted_to"),
    _words("remark"),
    UniqueConstraint("payment", "version", name="one_letter_per_version"),
    Column("order_id", WHOLE),
    UniqueConstraint("order_id", "version", name="one_letter_of_an_order_per_version"),
    CheckConstraint(
        "CASE WHEN payment IS NULL THEN 0 ELSE 1 END + CASE WHEN merchant IS NULL THEN 0 ELSE 1 END + "
        "CASE WHEN order_id IS NULL THEN 0 ELSE 1 END = 1",
        name="letter_is_somebodys",
    ),
    CheckConstraint("state IN ('due', 'sending', 'sent', 'uncertain', 'refused')", name="letter_has_a_state"),
    sqlite_strict=True,
)
_TO_SEND: Final = text("due_ms IS NOT NULL")
Index("letters_due", letters.c.rank, letters.c.due_ms, sqlite_where=_TO_SEND, postgresql_where=_TO_SEND)

answers: Final = Table(
    "answers",
    metadata,
    _id(),
    _whole("at_ms"),
    Column("payment", WHOLE, ForeignKey("payments.id")),
    Column("reference", Text, nullable=False),
    _whole("stan"),
    Column("outcome", Text, nullable=False),
    _words("code"),
    _count("amount_minor"),
    _words("approval_number"),
    _count("late"),
    sqlite_strict=True,
)
Index("answers_of_payment", answers.c.payment)
_LATE: Final = text("late = 1")
Index("answers_late", answers.c.payment, sqlite_where=_LATE, postgresql_where=_LATE)

counters: Final = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),
    _whole("value"),
    sqlite_strict=True,
)
