"""The length prefix: a stream of bytes <-> message bodies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cafis_adapter.codec import MessageError

PREFIX: Final = 2
"""Bytes of length, big-endian, not counting themselves."""


def frame(body: bytes) -> bytes:
    """A message body of at most 65535 bytes -> prefix and body."""
    return len(body).to_bytes(PREFIX, "big") + body


class Framer:
    """Collects bytes as they come and cuts bodies out of them. Holds at most one unfinished body."""

    def __init__(self, body_max: int) -> None:
        self._body_max = body_max
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield every finished body, then raise MessageError if what follows cannot be a frame."""
        self._held += data
        while len(self._held) >= PREFIX:
            length = int.from_bytes(self._held[:PREFIX], "big")
            if length == 0:
                raise MessageError("frame-empty", "length")
            if length > self._body_max:
                raise MessageError("frame-too-long", "length")
            if len(self._held) < PREFIX + length:
                return
            body = bytes(self._held[PREFIX : PREFIX + length])
            del self._held[: PREFIX + length]
            yield body

    @property
    def unfinished(self) -> bool:
        """Has a body begun that is not complete?"""
        return bool(self._held)
