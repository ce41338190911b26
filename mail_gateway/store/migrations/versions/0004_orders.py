"""Orders by mail: master data, orders and their lines, the asking, what shops are told; mailboxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add them."""
    whole = BigInteger().with_variant(Integer(), "sqlite")
    _beside(whole)
    _masters(whole)
    _goods(whole)
    _means(whole)
    _orders(whole)
    _lines(whole)
    _returns(whole)
    _asking(whole)
    _telling(whole)
    _mailboxes(whole)


def _beside(whole: TypeEngine[int]) -> None:
    op.add_column("payments", Column("order_id", whole))
    op.add_column("payments", Column("hold", whole, nullable=False, server_default=text("0")))
    op.add_column("mails", Column("order_id", whole))
    op.add_column("mails", Column("proof", Text, nullable=False, server_default=text("''")))
    theirs = text("order_id IS NOT NULL")
    op.create_index(
        "payments_of_order", "payments", ["order_id"], sqlite_where=theirs, postgresql_where=theirs
    )
    op.create_index(
        "answers_of_order",
        "mails",
        ["order_id", "message_id"],
        sqlite_where=theirs,
        postgresql_where=theirs,
    )
    untaken = text("state = 'refused' AND order_id IS NOT NULL")
    op.create_index(
        "letters_untaken", "letters", ["order_id"], sqlite_where=untaken, postgresql_where=untaken
    )
    unhandled = text("verdict IN ('reply', 'answer') AND handled_ms IS NULL")
    op.drop_index("mails_unhandled", "mails")
    op.create_index("mails_unhandled", "mails", ["id"], sqlite_where=unhandled, postgresql_where=unhandled)


def _masters(whole: TypeEngine[int]) -> None:
    op.create_table(
        "selling",
        Column("merchant", whole, autoincrement=False, nullable=False),
        Column("settle", Text, server_default="confirmed", nullable=False),
        Column("plain_minor_max", whole, server_default=text("10000"), nullable=False),
        Column("code_minor_max", whole, server_default=text("100000"), nullable=False),
        Column("answer_h", whole, server_default=text("0"), nullable=False),
        Column("remind_h", whole, server_default=text("0"), nullable=False),
        Column("webhook", Text, server_default=text("''"), nullable=False),
        Column("hook_secret", LargeBinary),
        CheckConstraint("settle IN ('at-once', 'confirmed', 'daily')", name="selling_has_a_settlement"),
        CheckConstraint("webhook = '' OR hook_secret IS NOT NULL", name="a_webhook_is_signed"),
        ForeignKeyConstraint(["merchant"], ["merchants.id"]),
        PrimaryKeyConstraint("merchant"),
        sqlite_strict=True,
    )
    op.create_table(
        "api_keys",
        Column("id", whole, autoincrement=True, nullable=False),
        Column("merchant", whole, nullable=False),
        Column("name", Text, nullable=False),
        Column("hash", LargeBinary, nullable=False),
        Column("created_ms", whole, nullable=False),
        Column("revoked_ms", whole),
        ForeignKeyConstraint(["merchant"], ["merchants.id"]),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("hash"),
        sqlite_strict=True,
    )
    op.create_table(
        "shop_requests",
        Column("merchant", whole, nullable=False),
        Column("key", Text, nullable=False),
        Column("hash", LargeBinary, nullable=False),
        Column("at_ms", whole, nullable=False),
        ForeignKeyConstraint(["merchant"], ["merchants.id"]),
        PrimaryKeyConstraint("merchant", "key"),
        sqlite_strict=True,
    )


def _goods(whole: TypeEngine[int]) -> None:
    op.create_table(
        "products",
        Column("id", whole, autoincrement=True, nullable=False),
        Column("merchant", whole, nullable=False),
        Column("code", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("model", Text, server_default=text("''"), nullable=False),
        Column("unit_minor", whole, nullable=False),
        Column("currency", whole, nullable=False),
        Column("tax_rate", whole, server_default=text("10"), nullable=False),
        Column("stock", whole),
        Column("reserved", whole, server_default=text("0"), nullable=False),
        Column("retired_ms", whole),
        CheckConstraint("reserved >= 0", name="reserved_is_not_negative"),
        CheckConstraint("stock IS NULL OR stock >= reserved", name="nothing_is_sold_twice"),
        CheckConstraint("tax_rate IN (0, 8, 10)", name="product_has_a_tax_rate"),
        CheckConstraint("unit_minor > 0", name="product_has_a_price"),
        ForeignKeyConstraint(["merchant"], ["merchants.id"]),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("merchant", "code", name="one_product_per_code"),
        sqlite_strict=True,
    )
    op.create_table(
        "customers",
        Column("id", whole, autoincrement=True, nullable=False),
        Column("customer_id", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("mail", Text, nullable=False),
        Column("second_mail", Text, server_default=text("''"), nullable=False),
        Column("language", Text, nullable=False),
        Column("address", Text, server_default=text("''"), nullable=False),
        Column("secret", LargeBinary),
        Column("created_ms", whole, nullable=False),
        Column("closed_ms", whole),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("customer_id"),
        sqlite_strict=True,
    )
    op.create_index("customers_by_mail", "customers", ["mail"], unique=False)


def _means(whole: TypeEngine[int]) -> None:
    op.create_table(
        "means",
        Column("id", whole, autoincrement=True, nullable=False),
        Column("customer", whole, nullable=False),
        Column("kind", Text, nullable=False),
        Column("shown", Text, nullable=False),
        Column("acquirer", Text, server_default=text("''"), nullable=False),
        Column("wrapped", LargeBinary),
        Column("created_ms", whole, nullable=False),
        Column("retired_ms", whole),
        CheckConstraint("kind IN ('card', 'account')", name="means_has_a_kind"),
        CheckConstraint("retired_ms IS NOT NULL OR wrapped IS NOT NULL", name="means_in_use_can_pay"),
        ForeignKeyConstraint(["customer"], ["customers.id"]),
        PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_index("means_of_customer", "means", ["customer"], unique=False)


def _orders(whole: TypeEngine[int]) -> None:
    op.create_table(
        "orders",
        Column("id", whole, autoincrement=True, nullable=False),
        Column("merchant", whole, nullable=False),
        Column("deal_id", Text, nullable=False),
        Column("customer", whole, nullable=False),
        Column("means", whole, nullable=False),
        Column("state", Text, server_default="placed", nullable=False),
        Column("epoch", whole, server_default=text("0"), nullable=False),
        Column("code", Text, nullable=False),
        Column("deal", LargeBinary, nullable=False),
        Column("request_hash", LargeBinary, nullable=False),
        Column("placed_ms", whole, nullable=False),
        Column("currency", whole, nullable=False),
        Column("total_minor", whole, nullable=False),
        Column("tax_minor", whole, nullable=False),
        Column("delivery", Text, server_default=text("''"), nullable=False),
        Column("foreign_price", Text, server_default=text("''"), nullable=False),
        Column("settle", Text, nullable=False),
        Column("ask_first", whole, server_default=text("0"), nullable=False),
        Column("until_ms", whole, nullable=False),
        Column("due_ms", whole),
        Column("made_ms", whole),
        Column("tries", whole, server_default=text("0"), nullable=False),
        Column("letters", whole, server_default=text("0"), nullable=False),
        Column("remark", Text, server_default=text("''"), nullable=False),
        Column("wish", Text, server_default=text("''"), nullable=False),
        Column("returned_minor", whole, server_default=text("0"), nullable=False),
        Column("node", whole),
        CheckConstraint("settle IN ('at-once', 'confirmed', 'daily')", name="order_has_a_settlement"),
        CheckConstraint(
            "state IN ('placed', 'authorised', 'asked', 'confirmed', 'captured', 'handed-over', "
            "'refused', 'lapsed', 'cancelled', 'failed', 'returned', 'unpaid')",
            name="order_has_a_state",
        ),
        CheckConstraint("tax_minor BETWEEN 0 AND total_minor", name="tax_is_within_the_total"),
        CheckConstraint("total_minor > 0", name="order_costs_something"),
        CheckConstraint("returned_minor BETWEEN 0 AND total_minor", name="returned_is_within_the_total"),
        CheckConstraint("state <> 'returned' OR returned_minor = total_minor", name="returned_is_all_of_it"),
        ForeignKeyConstraint(["customer"], ["customers.id"]),
        ForeignKeyConstraint(["means"], ["means.id"]),
        ForeignKeyConstraint(["merchant"], ["merchants.id"]),
        ForeignKeyConstraint(["node"], ["nodes.id"]),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("merchant", "deal_id", name="one_order_per_deal"),
        sqlite_strict=True,
    )
    _order_indexes()


def _order_indexes() -> None:
    op.create_index(
        "orders_due",
        "orders",
        ["due_ms"],
        sqlite_where=text("due_ms IS NOT NULL"),
        postgresql_where=text("due_ms IS NOT NULL"),
    )
    op.create_index("orders_of_customer", "orders", ["customer"], unique=False)


def _lines(whole: TypeEngine[int]) -> None:
    op.create_table(
        "order_lines",
        Column("order_id", whole, autoincrement=False, nullable=False),
        Column("place", whole, autoincrement=False, nullable=False),
        Column("product", whole),
        Column("name", Text, nullable=False),
        Column("model", Text, server_default=text("''"), nullable=False),
        Column("unit_minor", whole, nullable=False),
        Column("quantity", whole, nullable=False),
        Column("tax_rate", whole, nullable=False),
        CheckConstraint("quantity BETWEEN 1 AND 9999", name="line_has_a_quantity"),
        CheckConstraint("unit_minor >= 0", name="line_has_a_price"),
        ForeignKeyConstraint(["order_id"], ["orders.id"]),
        ForeignKeyConstraint(["product"], ["products.id"]),
        PrimaryKeyConstraint("order_id", "place"),
        sqlite_strict=True,
    )
    op.create_table(
        "order_transitions",
        Column("before", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("after", Text, nullable=False),
        PrimaryKeyConstraint("before", "kind", "after"),
        sqlite_strict=True,
    )
    op.create_table(
        "order_events",
        Column("id", whole, autoincrement=True, nullable=False),
        Column("order_id", whole, nullable=False),
        Column("at_ms", whole, nullable=False),
        Column("before", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("after", Text, nullable=False),
        Column("facts", Text, server_default=text("'{}'"), nullable=False),
        ForeignKeyConstraint(
            ["before", "kind", "after"],
            ["order_transitions.before", "order_transitions.kind", "order_transitions.after"],
        ),
        ForeignKeyConstraint(["order_id"], ["orders.id"]),
        PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_index("order_events_of_order", "order_events", ["order_id"], unique=False)


def _returns(whole: TypeEngine[int]) -> None:
    op.create_table(
        "order_returns",
        Column("id", whole, autoincrement=True, nullable=False),
        Column("order_id", whole, nullable=False),
        Column("return_id", Text, nullable=False),
        Column("amount_minor", whole, nullable=False),
        Column("reason", Text, server_default=text("''"), nullable=False),
        Column("asked_ms", whole, nullable=False),
        Column("state", Text, server_default="open", nullable=False),
        Column("payment", whole),
        Column("code", Text, server_default=text("''"), nullable=False),
        Column("hash", LargeBinary, nullable=False),
        CheckConstraint("amount_minor > 0", name="return_gives_something"),
        CheckConstraint("state IN ('open', 'done', 'refused')", name="return_has_a_state"),
        ForeignKeyConstraint(["order_id"], ["orders.id"]),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("order_id", "return_id", name="one_return_per_id"),
        sqlite_strict=True,
    )


def _asking(whole: TypeEngine[int]) -> None:
    op.create_table(
        "confirmations",
        Column("order_id", whole, autoincrement=False, nullable=False),
        Column("state", Text, server_default="asked", nullable=False),
        Column("asked_ms", whole, nullable=False),
        Column("until_ms", whole, nullable=False),
        Column("remind_ms", whole),
        Column("wrong", whole, server_default=text("0"), nullable=False),
        Column("unclear", whole, server_default=text("0"), nullable=False),
        Column("needs_person", whole, server_default=text("0"), nullable=False),
        Column("how", Text, server_default=text("''"), nullable=False),
        Column("answer_mail", whole),
        Column("answered_ms", whole),
        CheckConstraint(
            "state IN ('asked', 'yes', 'no', 'lapsed', 'locked', 'withdrawn')",
            name="confirmation_has_a_state",
        ),
        ForeignKeyConstraint(["answer_mail"], ["mails.id"]),
        ForeignKeyConstraint(["order_id"], ["orders.id"]),
        PrimaryKeyConstraint("order_id"),
        sqlite_strict=True,
    )
    op.create_index(
        "confirmations_unclear",
        "confirmations",
        ["order_id"],
        sqlite_where=text("needs_person = 1"),
        postgresql_where=text("needs_person = 1"),
    )


def _telling(whole: TypeEngine[int]) -> None:
    op.create_table(
        "hooks",
        Column("id", whole, autoincrement=True, nullable=False),
        Column("order_id", whole, nullable=False),
        Column("merchant", whole, nullable=False),
        Column("event", Text, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("created_ms", whole, nullable=False),
        Column("since_ms", whole, nullable=False),
        Column("due_ms", whole),
        Column("attempts", whole, server_default=text("0"), nullable=False),
        Column("done_ms", whole),
        Column("remark", Text, server_default=text("''"), nullable=False),
        Column("node", whole),
        Column("about", Text, server_default=text("''"), nullable=False),
        ForeignKeyConstraint(["merchant"], ["merchants.id"]),
        ForeignKeyConstraint(["node"], ["nodes.id"]),
        ForeignKeyConstraint(["order_id"], ["orders.id"]),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("order_id", "event", "about", name="one_hook_per_event"),
        sqlite_strict=True,
    )
    op.create_index(
        "hooks_due",
        "hooks",
        ["due_ms"],
        sqlite_where=text("due_ms IS NOT NULL"),
        postgresql_where=text("due_ms IS NOT NULL"),
    )


def _mailboxes(whole: TypeEngine[int]) -> None:
    op.create_table(
        "fetched",
        Column("place", Text, nullable=False),
        Column("mail", whole, nullable=False),
        ForeignKeyConstraint(["mail"], ["mails.id"]),
        PrimaryKeyConstraint("place"),
        sqlite_strict=True,
    )
    op.create_table(
        "mailboxes",
        Column("name", Text, nullable=False),
        Column("since_ms", whole, nullable=False),
        Column("slug", Text, server_default=text("''"), nullable=False),
        PrimaryKeyConstraint("name"),
        sqlite_strict=True,
    )
