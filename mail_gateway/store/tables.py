"""The tables, in types that SQLite STRICT and PostgreSQL share. Rules that need more SQL: rules.py."""

from __future__ import annotations

from typing import Any, Final

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

from mail_gateway.domain.payment import NOT_CHARGED, OPEN_AT_ACQUIRER, State, Trade

metadata: Final = MetaData()
WHOLE: Final = BigInteger().with_variant(Integer(), "sqlite")
WIPED: Final = (State.APPROVED, State.DECLINED, State.RE_ENTER, State.REFUSED, State.EXPIRED)


def _quoted(states: Any) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))


def _id() -> Column[int]:
    return Column("id", WHOLE, primary_key=True, autoincrement=True)


def _whole(name: str, *args: Any, unique: bool | None = None) -> Column[int]:
    return Column(name, WHOLE, *args, nullable=False, unique=unique)


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
    Column("opens_until_ms", WHOLE),
    Column("revoked_ms", WHOLE),
    sqlite_strict=True,
)

readers: Final = Table(
    "readers",
    metadata,
    _id(),
    Column("key_id", LargeBinary, nullable=False, unique=True),
    Column("bdk_id", Text, ForeignKey("keys.id"), nullable=False),
    _whole("merchant", ForeignKey("merchants.id")),
    _count("damaged_told_ms"),
    _whole("created_ms"),
    Column("revoked_ms", WHOLE),
    sqlite_strict=True,
)

ceremonies: Final = Table(
    "ceremonies",
    metadata,
    _id(),
    _whole("components"),
    _whole("begun_ms"),
    Column("ended_ms", WHOLE),
    _words("subject"),
    CheckConstraint("components BETWEEN 2 AND 3", name="two_or_three_components"),
    sqlite_strict=True,
)

components: Final = Table(
    "components",
    metadata,
    Column("ceremony", WHOLE, ForeignKey("ceremonies.id"), primary_key=True, autoincrement=False),
    Column("place", WHOLE, primary_key=True, autoincrement=False),
    Column("custodian", Text, nullable=False),
    Column("wrapped", LargeBinary),
    Column("kcv", Text, nullable=False),
    _whole("entered_ms"),
    sqlite_strict=True,
)
"""wrapped: under the root key; NULL once the ceremony is over."""

transports: Final = Table(
    "transports",
    metadata,
    Column("serial", WHOLE, primary_key=True, autoincrement=False),
    _whole("merchant", ForeignKey("merchants.id")),
    Column("wrapped", LargeBinary),
    _whole("made_ms"),
    sqlite_strict=True,
)
"""Transport keys of new readers. wrapped: under the root key; NULL once the reader has keys."""

key_loads: Final = Table(
    "key_loads",
    metadata,
    _id(),
    _whole("reader", ForeignKey("readers.id"), unique=True),
    Column("block", Text, nullable=False),
    Column("kcv", Text, nullable=False),
    _whole("begun_ms"),
    Column("loaded_ms", WHOLE),
    sqlite_strict=True,
)

key_events: Final = Table(
    "key_events",
    metadata,
    _id(),
    _whole("at_ms"),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("facts", Text, nullable=False, server_default=text("'{}'")),
    sqlite_strict=True,
)

zone_keys: Final = Table(
    "zone_keys",
    metadata,
    Column("name", Text, primary_key=True),
    Column("usage", Text, nullable=False),
    Column("algorithm", Text, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("kcv", Text, nullable=False),
    _whole("at_ms"),
    sqlite_strict=True,
)
"""Keys shared with acquirers. wrapped: under the root key, bound to the name."""

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
    Column("state", Text, nullable=False, server_default=State.RECEIVED.value),
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
    Column("kind", Text, nullable=False, server_default=Trade.SALE.value),
    Column("original", WHOLE, ForeignKey("payments.id")),
    _count("returned_minor"),
    _count("keyed_s"),
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
        f"state NOT IN ({_quoted(OPEN_AT_ACQUIRER)}) OR (stan IS NOT NULL AND reversal IS NOT NULL)",
        name="open_means_reversible",
    ),
    CheckConstraint("kind IN ('sale', 'void', 'refund')", name="payment_has_a_kind"),
    CheckConstraint("original IS NULL OR kind <> 'sale'", name="only_a_return_has_an_original"),
    CheckConstraint("returned_minor BETWEEN 0 AND amount_minor", name="returned_is_within_the_sale"),
    CheckConstraint(
        "kind = 'sale' OR state <> 'dispatched' OR (original IS NOT NULL AND returned_minor = amount_minor)",
        name="a_return_holds_its_amount",
    ),
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
    Column("merchant", WHOLE),
    Column("handled_ms", WHOLE),
    sqlite_strict=True,
)
Index("mails_of_payment", mails.c.payment)
_UNHANDLED: Final = text("verdict = 'reply' AND handled_ms IS NULL")
Index("mails_unhandled", mails.c.id, sqlite_where=_UNHANDLED, postgresql_where=_UNHANDLED)

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
Index("transfers_at", transfers.c.at_ms)

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
    CheckConstraint("(payment IS NULL) <> (merchant IS NULL)", name="letter_is_somebodys"),
    CheckConstraint("state IN ('due', 'sending', 'sent', 'uncertain', 'refused')", name="letter_has_a_state"),
    sqlite_strict=True,
)
_TO_SEND: Final = text("due_ms IS NOT NULL")
Index("letters_due", letters.c.rank, letters.c.due_ms, sqlite_where=_TO_SEND, postgresql_where=_TO_SEND)

shops: Final = Table(
    "shops",
    metadata,
    Column("merchant", WHOLE, ForeignKey("merchants.id"), primary_key=True, autoincrement=False),
    _words("issuer"),
    _words("registration_number"),
    _words("address"),
    Column("rate", WHOLE, nullable=False, server_default=text("10")),
    Column("rounding", Text, nullable=False, server_default=text("'down'")),
    _words("description"),
    Column("digest", Text, nullable=False, server_default=text("'open'")),
    CheckConstraint("rate IN (0, 8, 10)", name="shop_has_a_tax_rate"),
    CheckConstraint("rounding IN ('down', 'half', 'up')", name="shop_has_a_rounding"),
    CheckConstraint("digest IN ('open', 'full')", name="shop_has_a_digest"),
    sqlite_strict=True,
)
"""What stands on a merchant's receipts, and how its day is closed; without a row, as the defaults say."""

receipts: Final = Table(
    "receipts",
    metadata,
    Column("payment", WHOLE, ForeignKey("payments.id"), primary_key=True, autoincrement=False),
    _whole("issued_ms"),
    Column("facts", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("pdf", LargeBinary, nullable=False),
    sqlite_strict=True,
)

desk_orders: Final = Table(
    "desk_orders",
    metadata,
    Column("mail", WHOLE, ForeignKey("mails.id"), primary_key=True, autoincrement=False),
    _whole("merchant", ForeignKey("merchants.id")),
    _whole("at_ms"),
    Column("verb", Text, nullable=False),
    Column("payment", WHOLE, ForeignKey("payments.id")),
    sqlite_strict=True,
)
Index("desk_orders_of_merchant", desk_orders.c.merchant, desk_orders.c.at_ms)

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
GROUPS: Final = "groups"
"""Counts the groups committed, so that a commit that failed can be looked for."""
STANS: Final = "stans"
"""Counts the blocks of STANs given out (ISO 8583 DE11)."""
