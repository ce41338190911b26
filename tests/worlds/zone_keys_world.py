"""A key port for tests: zone keys in a dict, PINs that a reader with one known key has sealed."""

from __future__ import annotations

from acquirer_sdk import keyblock, zone
from acquirer_sdk.keyport import KeyFault, SealedPin
from acquirer_sdk.zone import Algorithm, ZoneKey

READER = ZoneKey(Algorithm.AES, bytes(range(16)))
"""Under it every reader of a test seals its PINs."""


def sealed(pin: bytes, pan: str) -> SealedPin:
    """A PIN as a reader sends it."""
    return SealedPin(zone.seal_pin(READER, pin, pan, bytes(8)), bytes(12), pan)


class ZoneKeys:
    """keys: by their whole name. fault: the slug with which it fails, where it has to."""

    def __init__(self, **keys: ZoneKey) -> None:
        self.keys = {name.replace("_", "."): key for name, key in keys.items()}
        self.fault = ""
        self.translated = 0

    def translate_pin(self, pin: SealedPin, key: str) -> bytes:
        self.translated += 1
        target = self._key(key)
        return zone.seal_pin(target, zone.open_pin(READER, pin.block, pin.pan), pin.pan, bytes(8))

    def mac(self, key: str, message: bytes) -> bytes:
        return zone.mac(self._key(key), message)

    def load(self, key: str, block: str) -> str:
        master = self._key(f"{key.rpartition('.')[0]}.master")
        self.keys[key] = keyblock.unwrap(master.value, block).key
        return zone.kcv(self.keys[key])

    def has(self, key: str) -> bool:
        return key in self.keys

    def _key(self, name: str) -> ZoneKey:
        if self.fault or name not in self.keys:
            raise KeyFault(self.fault or "key-unknown")
        return self.keys[name]
