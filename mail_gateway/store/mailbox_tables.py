"""The tables of mailboxes that mail is fetched from: what was fetched, and whether they can be read."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKey, Table, Text

from mail_gateway.store.schema import WHOLE, metadata, whole, words

fetched: Final = Table(
    "fetched",
    metadata,
    Column("place", Text, primary_key=True),
    Column("mail", WHOLE, ForeignKey("mails.id"), nullable=False),
    sqlite_strict=True,
)
"""place: mailbox, UIDVALIDITY and UID. Written in the commit of its mail."""

mailboxes: Final = Table(
    "mailboxes",
    metadata,
    Column("name", Text, primary_key=True),
    whole("since_ms"),
    words("slug"),
    sqlite_strict=True,
)
"""slug: why it cannot be read since then; empty: it can."""
