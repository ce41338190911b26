"""A key serial number: eight octets that name reader and base key, four that count (ANSI X9.24-3)."""

from __future__ import annotations


def counter_of(ksn: bytes) -> int:
    """Which use of the reader's keys that is: the last four of twelve octets."""
    return int.from_bytes(ksn[8:], "big")
