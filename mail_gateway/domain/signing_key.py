"""A key that our letters are signed with (RFC 6376), as it is kept, and which keys sign a letter."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Kind(StrEnum):
    """The kinds that receivers know, as k= of the record names them: RFC 6376, RFC 8463."""

    RSA = "rsa"
    ED25519 = "ed25519"


class KeyState(StrEnum):
    """What a key does at a moment."""

    MADE = "made"  # nobody signs with it
    WAITING = "waiting"  # its time comes
    SIGNING = "signing"
    RESTING = "resting"  # a newer one has taken over; it signs letters of its own time
    RETIRED = "retired"  # the same, and for good


@dataclass(frozen=True, slots=True)
class SigningKey:
    """selector, domain: where its other half is published. wrapped: under the root key. public: p= of the
    record. It signs letters written from started_ms until retired_ms (unix ms); None: not yet."""

    selector: str
    domain: str
    kind: Kind
    public: str
    wrapped: bytes = field(repr=False)
    made_ms: int = 0
    started_ms: int | None = None
    retired_ms: int | None = None

    @property
    def name(self) -> str:
        """Where the record belongs (RFC 6376 section 3.6.2.1)."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """The TXT record, whole (section 3.6.1)."""
        return f"v=DKIM1; k={self.kind.value}; p={self.public}"

    def served(self, at_ms: int) -> bool:
        """Whether a letter written then (unix ms) is of its time."""
        begun = self.started_ms is not None and self.started_ms <= at_ms
        return begun and (self.retired_ms is None or at_ms < self.retired_ms)


def signing(keys: Sequence[SigningKey], domain: str, written_ms: int) -> tuple[SigningKey, ...]:
    """Who signs a letter of that domain that was written then (unix ms): of each kind the key started last.

    The moment of writing decides and no other: a letter sent again later is signed again by the same keys.
    """
    found = {}
    for key in sorted(keys, key=lambda one: (one.started_ms or 0, one.selector)):
        if key.domain == domain and key.served(written_ms):
            found[key.kind] = key
    return tuple(found[kind] for kind in Kind if kind in found)


def state(key: SigningKey, keys: Sequence[SigningKey], now_ms: int) -> KeyState:
    """What one of these keys does now."""
    if key.retired_ms is not None and key.retired_ms <= now_ms:
        return KeyState.RETIRED
    if key.started_ms is None:
        return KeyState.MADE
    if key.started_ms > now_ms:
        return KeyState.WAITING
    return KeyState.SIGNING if key in signing(keys, key.domain, now_ms) else KeyState.RESTING
