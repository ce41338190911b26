"""Tables of the merchant's desk: what stands on receipts, the receipts, and what was asked of the desk."""

from __future__ import annotations

from typing import Final

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, LargeBinary, Table, Text, text

from mail_gateway.store.schema import WHOLE, metadata, whole, words

shops: Final = Table(
    "shops",
    metadata,
    Column("merchant", WHOLE, ForeignKey("merchants.id"), primary_key=True, autoincrement=False),
    words("issuer"),
    words("registration_number"),
    words("address"),
    Column("rate", WHOLE, nullable=False, server_default=text("10")),
    Column("rounding", Text, nullable=False, server_default=text("'down'")),
    words("description"),
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
    whole("issued_ms"),
    Column("facts", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("pdf", LargeBinary, nullable=False),
    sqlite_strict=True,
)

desk_orders: Final = Table(
    "desk_orders",
    metadata,
    Column("mail", WHOLE, ForeignKey("mails.id"), primary_key=True, autoincrement=False),
    whole("merchant", ForeignKey("merchants.id")),
    whole("at_ms"),
    Column("verb", Text, nullable=False),
    Column("payment", WHOLE, ForeignKey("payments.id")),
    sqlite_strict=True,
)
Index("desk_orders_of_merchant", desk_orders.c.merchant, desk_orders.c.at_ms)
