"""Signs letters as they leave, with the keys of the time they were written in; without a key, no work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.signing_key import signing
from mail_gateway.outbox.wire import in_lines
from mail_gateway.store import dkim_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mail_gateway.domain.signing_key import SigningKey
    from mail_gateway.envelope.keys import KeyRing
    from mail_gateway.envelope.signing import Signer
    from mail_gateway.ports import Tell
    from mail_gateway.store.letters import LetterRow

LOOK_MS: Final = 20_000
"""Keys are looked up as often as this at most. What is started or retired counts from a minute later on, so
every node knows of it before the first letter that it concerns."""


class Store(Protocol):
    """What is needed of the store."""

    async def read(self, unit: Callable[..., Any], /, *args: Any) -> Any: ...


class Signing:
    """A key that cannot be opened holds up no letter: it is told once, and letters leave without it."""

    def __init__(self, store: Store, ring: KeyRing, tell: Tell) -> None:
        self._store = store
        self._ring = ring
        self._tell = tell
        self._looked_ms = 0
        self._keys: Sequence[SigningKey] = ()
        self._signers: dict[str, Signer | None] = {}

    async def look(self, now_ms: int) -> None:
        """Before letters are taken out: which keys there are. now_ms: unix ms. Raises GatewayError where the
        store does."""
        if 0 <= now_ms - self._looked_ms < LOOK_MS:
            return
        keys = await self._store.read(dkim_keys.started)
        for key in keys:
            if key.selector not in self._signers:
                self._signers[key.selector] = self._opened(key)
        self._keys, self._looked_ms = keys, now_ms

    def content(self, letter: LetterRow) -> bytes:
        """The letter as it leaves, with a signature for each kind of key that served when it was written."""
        if not self._keys:
            return letter.raw
        from mail_gateway.outbox.dkim import Hand, Signable  # who has no key does not pay for it

        lines = in_lines(letter.raw)
        whole = Signable(lines)
        hands = []
        for key in signing(self._keys, whole.author, letter.created_ms):
            if (signer := self._signers[key.selector]) is not None:
                hands.append(Hand(key.domain, key.selector, key.kind.value, signer.sign))
        if not hands:
            return letter.raw
        return whole.signatures(hands, letter.created_ms // 1000) + lines

    def _opened(self, key: SigningKey) -> Signer | None:
        from mail_gateway.envelope.signing import opened  # nor for this

        try:
            return opened(self._ring, key)
        except GatewayError:
            if key.retired_ms is None:  # else a person has seen to it
                self._tell("alarm.dkim", slug="dkim-key-unopened", selector=key.selector)
            return None
