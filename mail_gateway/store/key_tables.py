"""Tables of keys beside those of readers: ceremonies, transport keys, loads, events, zone keys, DKIM."""

from __future__ import annotations

from typing import Final

from sqlalchemy import CheckConstraint, Column, ForeignKey, LargeBinary, Table, Text, text

from mail_gateway.store.schema import WHOLE, ident, metadata, whole, words

ceremonies: Final = Table(
    "ceremonies",
    metadata,
    ident(),
    whole("components"),
    whole("begun_ms"),
    Column("ended_ms", WHOLE),
    words("subject"),
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
    whole("entered_ms"),
    sqlite_strict=True,
)
"""wrapped: under the root key; NULL once the ceremony is over."""

transports: Final = Table(
    "transports",
    metadata,
    Column("serial", WHOLE, primary_key=True, autoincrement=False),
    whole("merchant", ForeignKey("merchants.id")),
    Column("wrapped", LargeBinary),
    whole("made_ms"),
    sqlite_strict=True,
)
"""Transport keys of new readers. wrapped: under the root key; NULL once the reader has keys."""

key_loads: Final = Table(
    "key_loads",
    metadata,
    ident(),
    whole("reader", ForeignKey("readers.id"), unique=True),
    Column("block", Text, nullable=False),
    Column("kcv", Text, nullable=False),
    whole("begun_ms"),
    Column("loaded_ms", WHOLE),
    sqlite_strict=True,
)

key_events: Final = Table(
    "key_events",
    metadata,
    ident(),
    whole("at_ms"),
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
    whole("at_ms"),
    sqlite_strict=True,
)
"""Keys shared with acquirers. wrapped: under the root key, bound to the name."""

dkim_keys: Final = Table(
    "dkim_keys",
    metadata,
    Column("selector", Text, primary_key=True),
    Column("domain", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("public", Text, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    whole("made_ms"),
    Column("started_ms", WHOLE),
    Column("retired_ms", WHOLE),
    sqlite_strict=True,
)
"""What our letters are signed with. wrapped: under the root key, bound to the name of the record."""
