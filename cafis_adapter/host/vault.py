"""The host's zone keys and its customers' one test PIN. Keys for trials only: they stand in its settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from typing import Final

from acquirer_sdk import keyblock, zone
from acquirer_sdk.keyblock import Usage
from acquirer_sdk.keyport import KeyFault, NoKeys
from acquirer_sdk.zone import Algorithm, ZoneKey
from cafis_adapter.build import Network, network
from cafis_adapter.codec import Message
from cafis_adapter.profile import Profile

WRONG_PINS_MAX: Final = 3
_USAGES: Final = {
    ("pin", Algorithm.AES): Usage.PIN,
    ("pin", Algorithm.TDES): Usage.PIN,
    ("mac", Algorithm.AES): Usage.MAC_CMAC,
    ("mac", Algorithm.TDES): Usage.MAC_X919,
}
_STAN_FIRST: Final = 900_001
"""Of the host's own messages about keys."""


def read_key(text: str) -> ZoneKey | None:
    """``aes:HEX`` or ``tdes:HEX``, or an empty text. Raises ValueError."""
    if not text:
        return None
    kind, _, value = text.partition(":")
    try:
        return ZoneKey({"aes": Algorithm.AES, "tdes": Algorithm.TDES}[kind], bytes.fromhex(value))
    except (KeyError, ValueError, KeyFault):
        raise ValueError('must be "aes:" and 32, 48 or 64 hex digits, or "tdes:" and 32 or 48') from None


class Vault(NoKeys):
    """A key port for the host's own side. It makes MACs, looks at PINs, and hands out new keys."""

    def __init__(
        self,
        keys: dict[str, ZoneKey],
        master: ZoneKey | None,
        pin: str,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._keys = keys
        self._master = master
        self._pin = pin
        self._random_bytes = random_bytes
        self._wrong: Counter[str] = Counter()
        self._offered: dict[str, tuple[str, ZoneKey]] = {}

    def has(self, key: str) -> bool:
        """As the key port."""
        return key.rpartition(".")[2] in self._keys

    def mac(self, key: str, message: bytes) -> bytes:
        """As the key port. Raises KeyFault."""
        if not self.has(key):
            raise KeyFault("key-unknown")
        return zone.mac(self._keys[key.rpartition(".")[2]], message)

    def pin_code(self, asked: Message) -> str:
        """DE39 for the PIN of a request: "" good or none, 55 wrong, 75 wrong too often: then it stays so."""
        if not asked[52] or "pin" not in self._keys:
            return ""
        card = sha256(asked[2].encode()).hexdigest()
        if self._wrong[card] >= WRONG_PINS_MAX:
            return "75"
        if self._is_right(bytes.fromhex(asked[52]), asked[2]):
            del self._wrong[card]
            return ""
        self._wrong[card] += 1
        return "75" if self._wrong[card] >= WRONG_PINS_MAX else "55"

    def _is_right(self, block: bytes, pan: str) -> bool:
        try:
            return zone.open_pin(self._keys["pin"], block, pan) == self._pin.encode()
        except KeyFault:
            return False

    def offers(self, profile: Profile, now_ms: int) -> tuple[Message, ...]:
        """An 0800/101 for each zone key there is, with a new one; none without a master key."""
        if self._master is None:
            return ()
        return tuple(self._offer(profile, use, now_ms) for use in self._keys)

    def _offer(self, profile: Profile, use: str, now_ms: int) -> Message:
        assert self._master is not None
        old = self._keys[use]
        new = ZoneKey(old.algorithm, self._random_bytes(len(old.value)))
        block = keyblock.wrap(
            self._master.value, _USAGES[use, old.algorithm], new, self._random_bytes(keyblock.HEAD_LENGTH)
        )
        stan = _STAN_FIRST + len(self._offered)
        self._offered[f"{stan:06d}"] = use, new
        return network(profile, Network.KEYS, stan, now_ms // 1000, {"key_use": use, "key_block": block})

    def taken(self, answer: Message, check: str) -> bool:
        """An 0810 to an offer: the new key holds from now on if the other side has loaded that very one."""
        use, key = self._offered.get(answer[11], ("", None))
        if key is None or answer[39] != "00" or check != zone.kcv(key):
            return False
        self._keys[use] = key
        return True
