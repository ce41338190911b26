"""Tables of orders: master data, orders and their lines, the asking, what shops are told."""

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

from mail_gateway.domain.confirmation import ConfirmState
from mail_gateway.domain.customer import MeansKind
from mail_gateway.domain.order import OrderState, Settle
from mail_gateway.domain.order_return import ReturnState
from mail_gateway.store.schema import WHOLE, count, ident, metadata, whole, words


def _one_of(column: str, values: Any, name: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=name)


selling: Final = Table(
    "selling",
    metadata,
    Column("merchant", WHOLE, ForeignKey("merchants.id"), primary_key=True, autoincrement=False),
    Column("settle", Text, nullable=False, server_default=Settle.CONFIRMED.value),
    Column("plain_minor_max", WHOLE, nullable=False, server_default=text("10000")),
    Column("code_minor_max", WHOLE, nullable=False, server_default=text("100000")),
    count("answer_h"),
    count("remind_h"),
    words("webhook"),
    Column("hook_secret", LargeBinary),
    _one_of("settle", Settle, "selling_has_a_settlement"),
    CheckConstraint("webhook = '' OR hook_secret IS NOT NULL", name="a_webhook_is_signed"),
    sqlite_strict=True,
)
"""How a merchant sells by mail; without a row it takes no orders."""

api_keys: Final = Table(
    "api_keys",
    metadata,
    ident(),
    whole("merchant", ForeignKey("merchants.id")),
    Column("name", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False, unique=True),
    whole("created_ms"),
    Column("revoked_ms", WHOLE),
    sqlite_strict=True,
)
"""Keys of shops. hash: SHA-256 of the key, which itself is nowhere."""

shop_requests: Final = Table(
    "shop_requests",
    metadata,
    Column("merchant", WHOLE, ForeignKey("merchants.id"), primary_key=True, autoincrement=False),
    Column("key", Text, primary_key=True),
    Column("hash", LargeBinary, nullable=False),
    whole("at_ms"),
    sqlite_strict=True,
)
"""Idempotency keys of shops, each with the SHA-256 of the body that it came with."""

products: Final = Table(
    "products",
    metadata,
    ident(),
    whole("merchant", ForeignKey("merchants.id")),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    words("model"),
    whole("unit_minor"),
    whole("currency"),
    Column("tax_rate", WHOLE, nullable=False, server_default=text("10")),
    Column("stock", WHOLE),
    count("reserved"),
    Column("retired_ms", WHOLE),
    UniqueConstraint("merchant", "code", name="one_product_per_code"),
    CheckConstraint("unit_minor > 0", name="product_has_a_price"),
    CheckConstraint("tax_rate IN (0, 8, 10)", name="product_has_a_tax_rate"),
    CheckConstraint("reserved >= 0", name="reserved_is_not_negative"),
    CheckConstraint("stock IS NULL OR stock >= reserved", name="nothing_is_sold_twice"),
    sqlite_strict=True,
)

customers: Final = Table(
    "customers",
    metadata,
    ident(),
    Column("customer_id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("mail", Text, nullable=False),
    words("second_mail"),
    Column("language", Text, nullable=False),
    words("address"),
    Column("secret", LargeBinary),
    whole("created_ms"),
    Column("closed_ms", WHOLE),
    sqlite_strict=True,
)
Index("customers_by_mail", customers.c.mail)

means: Final = Table(
    "means",
    metadata,
    ident(),
    whole("customer", ForeignKey("customers.id")),
    Column("kind", Text, nullable=False),
    Column("shown", Text, nullable=False),
    words("acquirer"),
    Column("wrapped", LargeBinary),
    whole("created_ms"),
    Column("retired_ms", WHOLE),
    _one_of("kind", MeansKind, "means_has_a_kind"),
    CheckConstraint("retired_ms IS NOT NULL OR wrapped IS NOT NULL", name="means_in_use_can_pay"),
    sqlite_strict=True,
)
Index("means_of_customer", means.c.customer)

orders: Final = Table(
    "orders",
    metadata,
    ident(),
    whole("merchant", ForeignKey("merchants.id")),
    Column("deal_id", Text, nullable=False),
    whole("customer", ForeignKey("customers.id")),
    whole("means", ForeignKey("means.id")),
    Column("state", Text, nullable=False, server_default=OrderState.PLACED.value),
    count("epoch"),
    Column("code", Text, nullable=False),
    Column("deal", LargeBinary, nullable=False),
    Column("request_hash", LargeBinary, nullable=False),
    whole("placed_ms"),
    whole("currency"),
    whole("total_minor"),
    whole("tax_minor"),
    words("delivery"),
    words("foreign_price"),
    Column("settle", Text, nullable=False),
    count("ask_first"),
    whole("until_ms"),
    Column("due_ms", WHOLE),
    Column("made_ms", WHOLE),
    count("tries"),
    count("letters"),
    words("remark"),
    words("wish"),
    count("returned_minor"),
    Column("node", WHOLE, ForeignKey("nodes.id")),
    UniqueConstraint("merchant", "deal_id", name="one_order_per_deal"),
    CheckConstraint("total_minor > 0", name="order_costs_something"),
    CheckConstraint("tax_minor BETWEEN 0 AND total_minor", name="tax_is_within_the_total"),
    CheckConstraint("returned_minor BETWEEN 0 AND total_minor", name="returned_is_within_the_total"),
    CheckConstraint(
        f"state <> '{OrderState.RETURNED}' OR returned_minor = total_minor", name="returned_is_all_of_it"
    ),
    _one_of("state", OrderState, "order_has_a_state"),
    _one_of("settle", Settle, "order_has_a_settlement"),
    sqlite_strict=True,
)
_DUE: Final = text("due_ms IS NOT NULL")
Index("orders_due", orders.c.due_ms, sqlite_where=_DUE, postgresql_where=_DUE)
Index("orders_of_customer", orders.c.customer)

order_lines: Final = Table(
    "order_lines",
    metadata,
    Column("order_id", WHOLE, ForeignKey("orders.id"), primary_key=True, autoincrement=False),
    Column("place", WHOLE, primary_key=True, autoincrement=False),
    Column("product", WHOLE, ForeignKey("products.id")),
    Column("name", Text, nullable=False),
    words("model"),
    whole("unit_minor"),
    whole("quantity"),
    whole("tax_rate"),
    CheckConstraint("quantity BETWEEN 1 AND 9999", name="line_has_a_quantity"),
    CheckConstraint("unit_minor >= 0", name="line_has_a_price"),
    sqlite_strict=True,
)

order_returns: Final = Table(
    "order_returns",
    metadata,
    ident(),
    whole("order_id", ForeignKey("orders.id")),
    Column("return_id", Text, nullable=False),
    whole("amount_minor"),
    words("reason"),
    whole("asked_ms"),
    Column("state", Text, nullable=False, server_default=ReturnState.OPEN.value),
    Column("payment", WHOLE),
    words("code"),
    Column("hash", LargeBinary, nullable=False),
    UniqueConstraint("order_id", "return_id", name="one_return_per_id"),
    CheckConstraint("amount_minor > 0", name="return_gives_something"),
    _one_of("state", ReturnState, "return_has_a_state"),
    sqlite_strict=True,
)
"""What shops give back of orders that are made. payment: the newest one begun for it."""

order_transitions: Final = Table(
    "order_transitions",
    metadata,
    Column("before", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("after", Text, primary_key=True),
    sqlite_strict=True,
)

order_events: Final = Table(
    "order_events",
    metadata,
    ident(),
    whole("order_id", ForeignKey("orders.id")),
    whole("at_ms"),
    Column("before", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("facts", Text, nullable=False, server_default=text("'{}'")),
    ForeignKeyConstraint(
        ["before", "kind", "after"],
        ["order_transitions.before", "order_transitions.kind", "order_transitions.after"],
    ),
    sqlite_strict=True,
)
Index("order_events_of_order", order_events.c.order_id)

confirmations: Final = Table(
    "confirmations",
    metadata,
    Column("order_id", WHOLE, ForeignKey("orders.id"), primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False, server_default=ConfirmState.ASKED.value),
    whole("asked_ms"),
    whole("until_ms"),
    Column("remind_ms", WHOLE),
    count("wrong"),
    count("unclear"),
    count("needs_person"),
    words("how"),
    Column("answer_mail", WHOLE, ForeignKey("mails.id")),
    Column("answered_ms", WHOLE),
    _one_of("state", ConfirmState, "confirmation_has_a_state"),
    sqlite_strict=True,
)
_PERSON: Final = text("needs_person = 1")
Index(
    "confirmations_unclear",
    confirmations.c.order_id,
    sqlite_where=_PERSON,
    postgresql_where=_PERSON,
)

hooks: Final = Table(
    "hooks",
    metadata,
    ident(),
    whole("order_id", ForeignKey("orders.id")),
    whole("merchant", ForeignKey("merchants.id")),
    Column("event", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    whole("created_ms"),
    whole("since_ms"),
    Column("due_ms", WHOLE),
    count("attempts"),
    Column("done_ms", WHOLE),
    words("remark"),
    Column("node", WHOLE, ForeignKey("nodes.id")),
    words("about"),
    UniqueConstraint("order_id", "event", "about", name="one_hook_per_event"),
    sqlite_strict=True,
)
Index("hooks_due", hooks.c.due_ms, sqlite_where=_DUE, postgresql_where=_DUE)
"""since_ms: from when on the time runs after which it is given up; created, or retried by a person.
about: the ID of the return that is told of, or empty."""
