"""Alembic's entry: run the versions on the connection and in the transaction that the caller holds."""

from __future__ import annotations

from alembic import context

from mail_gateway.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
