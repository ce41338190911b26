"""What the gateway is measured against, in Python: a bare SMTP sink, and an LMTP daemon that only stores."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from functools import partial
from typing import Any

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP


class Sink:
    """Takes every mail and forgets it."""

    async def handle_DATA(  # noqa: N802 aiosmtpd's name
        self, _server: Any, _session: Any, _envelope: Any
    ) -> str:
        return "250 OK"


class Keeper:
    """Commits every mail to SQLite before its 250, and does nothing more."""

    def __init__(self, path: str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("CREATE TABLE IF NOT EXISTS mails (id INTEGER PRIMARY KEY, raw BLOB NOT NULL)")

    async def handle_DATA(  # noqa: N802 aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        self._db.execute("INSERT INTO mails (raw) VALUES (?)", (envelope.original_content,))
        return "250 OK"


async def listen(kind: str, port: int, path: str = "") -> None:
    """kind: sink or lmtp. path: the LMTP daemon's database."""
    make = partial(LMTP, Keeper(path)) if kind == "lmtp" else partial(SMTP, Sink())
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: make(hostname="sink.example"), "127.0.0.1", port)
    print("listening", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(listen(sys.argv[1], int(sys.argv[2]), *sys.argv[3:]))
