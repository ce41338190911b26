"""A shop's server as a client: one HTTP/1.1 request on one connection, as small as it can be."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any, Final

ANSWER_MAX_S: Final = 45


@dataclass(frozen=True, slots=True)
class Request:
    """members: of the body, None: there is none. idempotency: the key under which it is the same again."""

    method: str
    path: str
    key: str = field(repr=False)
    members: dict[str, Any] | None = None
    idempotency: str = ""

    def bytes(self) -> bytes:
        """As it goes over the line."""
        body = b"" if self.members is None else json.dumps(self.members).encode()
        lines = [
            f"{self.method} {self.path} HTTP/1.1",
            "Host: pay.example",
            f"Authorization: Bearer {self.key}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "Connection: close",
        ]
        lines += [f"Idempotency-Key: {self.idempotency}"] if self.idempotency else []
        return "\r\n".join((*lines, "", "")).encode() + body


@dataclass(frozen=True, slots=True)
class Answer:
    """status: of HTTP. members: of the JSON."""

    status: int
    members: dict[str, Any]


async def ask(port: int, request: Request) -> Answer | None:
    """One request to the server there; None: no whole answer came, so nobody knows."""
    try:
        async with asyncio.timeout(ANSWER_MAX_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(request.bytes())
                return _answer(await reader.read())
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return None


def _answer(raw: bytes) -> Answer | None:
    head, end, body = raw.partition(b"\r\n\r\n")
    lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    if not end or not lengths or len(body) != int(lengths[0].partition(b":")[2]):
        return None
    members = json.loads(body) if body else {}
    return Answer(int(head.split(b" ", 2)[1]), members)
