"""The key port: what an adapter may have done with keys that it never sees."""

from __future__ import annotations

from typing import Protocol


class KeyFault(Exception):
    """It cannot be done. slug: key-unknown, pin-broken, block-refused, key-device. Never a key or a PIN."""

    def __init__(self, slug: str) -> None:
        super().__init__(slug)
        self.slug = slug


class SealedPin:
    """A PIN as it left the reader: ISO 9564-1 format 4 under the PIN key of ksn. It cannot be printed."""

    __slots__ = ("block", "ksn", "pan")

    def __init__(self, block: bytes, ksn: bytes, pan: str) -> None:
        self.block = block
        self.ksn = ksn
        self.pan = pan

    def __repr__(self) -> str:
        return "SealedPin()"

    def __reduce__(self) -> str:
        raise TypeError("a PIN is never serialised")


class KeyPort(Protocol):
    """Zone keys are shared with one acquirer and known here by a name, such as ``cafis.pin``."""

    def translate_pin(self, pin: SealedPin, key: str) -> bytes:
        """The PIN block under zone key `key`: format 4 (16 bytes) under AES, format 0 (8 bytes) under TDES.

        Raises KeyFault.
        """

    def mac(self, key: str, message: bytes) -> bytes:
        """8 bytes over the message under zone key `key`: AES-CMAC cut short, or X9.19 under TDES.

        Raises KeyFault.
        """

    def load(self, key: str, block: str) -> str:
        """Replace a zone key by the one in a key block (X9.143 D, see `keyblock.py`) under the master key of
        the same acquirer: for ``cafis.pin`` that is ``cafis.master``; -> its KCV. Raises KeyFault.
        """

    def has(self, key: str) -> bool:
        """Whether there is a zone key of that name now."""


class NoKeys:
    """A key port without keys, for adapters that need none."""

    def translate_pin(self, pin: SealedPin, key: str) -> bytes:  # noqa: ARG002
        raise KeyFault("key-unknown")

    def mac(self, key: str, message: bytes) -> bytes:  # noqa: ARG002
        raise KeyFault("key-unknown")

    def load(self, key: str, block: str) -> str:  # noqa: ARG002
        raise KeyFault("key-unknown")

    def has(self, key: str) -> bool:  # noqa: ARG002
        return False
