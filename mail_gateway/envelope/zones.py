"""The key port in software: zone keys in memory, wrapped on disk; a PIN is clear for one call only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from acquirer_sdk import keyblock, zone
from acquirer_sdk.keyblock import Usage
from acquirer_sdk.keyport import KeyFault
from acquirer_sdk.zone import Algorithm, ZoneKey
from mail_gateway.domain.zone import Zone
from mail_gateway.envelope import dukpt
from mail_gateway.envelope.keys import Purpose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from acquirer_sdk.keyport import SealedPin
    from mail_gateway.envelope.keys import KeyRing

MASTER: Final = "master"
"""The last part of the name of the key that an acquirer's key blocks are wrapped under."""

MASTER_USAGE: Final = "K1"
"""X9.143: a key block protection key."""

PIN_USES: Final = frozenset({Usage.PIN.value})
MAC_USES: Final = frozenset({Usage.MAC_X919.value, Usage.MAC_CMAC.value})


def wrapped(ring: KeyRing, name: str, usage: str, key: ZoneKey) -> Zone:
    """A key -> as it is kept."""
    sealed = ring.wrap(Purpose.ZONE, name.encode(), key.value)
    return Zone(name, usage, key.algorithm.value, sealed, zone.kcv(key))


def unwrapped(ring: KeyRing, kept: Zone) -> ZoneKey:
    """The reverse. Raises GatewayError root-key-wrong."""
    value = ring.unwrap(Purpose.ZONE, kept.name.encode(), kept.wrapped)
    return ZoneKey(Algorithm(kept.algorithm), value)


def master_of(name: str) -> str:
    """A key's name -> the name of its acquirer's master key."""
    return f"{name.rpartition('.')[0]}.{MASTER}"


class SoftwareKeys:
    """A KeyPort. keep: stores a key that an acquirer has sent, and returns when that is durable."""

    def __init__(self, ring: KeyRing, kept: Iterable[Zone], keep: Callable[[Zone], None]) -> None:
        self._ring = ring
        self._keep = keep
        self._keys = {one.name: (one.usage, unwrapped(ring, one)) for one in kept}

    def __repr__(self) -> str:
        return f"SoftwareKeys({len(self._keys)})"

    def has(self, key: str) -> bool:
        """See the port."""
        return key in self._keys

    def translate_pin(self, pin: SealedPin, key: str) -> bytes:
        """See the port."""
        target = self._key(key, PIN_USES)
        tree = self._ring.tree(pin.ksn[:4])
        if tree is None or len(pin.ksn) != dukpt.KSN_LENGTH:
            raise KeyFault("key-unknown")
        source = ZoneKey(Algorithm.AES, tree.working_key(pin.ksn, dukpt.Usage.PIN))
        clear = zone.open_pin(source, pin.block, pin.pan)
        try:
            return zone.seal_pin(target, clear, pin.pan, self._ring.random_bytes(zone.FILL_LENGTH))
        finally:
            clear[:] = bytes(len(clear))

    def mac(self, key: str, message: bytes) -> bytes:
        """See the port."""
        return zone.mac(self._key(key, MAC_USES), message)

    def load(self, key: str, block: str) -> str:
        """See the port. The old key is gone when this returns."""
        got = keyblock.unwrap(self._key(master_of(key), frozenset({MASTER_USAGE})).value, block)
        kept = wrapped(self._ring, key, got.usage.value, got.key)
        self._keep(kept)
        self._keys[key] = (kept.usage, got.key)
        return kept.kcv

    def _key(self, name: str, uses: frozenset[str]) -> ZoneKey:
        usage, key = self._keys.get(name, ("", None))
        if key is None or usage not in uses:
            raise KeyFault("key-unknown")
        return key
