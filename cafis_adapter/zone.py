"""Key exchange: the host brings a key for PINs or for MACs (0800/101), wrapped; the key port loads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from acquirer_sdk.keyport import KeyFault, KeyPort
from acquirer_sdk.port import Tell
from cafis_adapter import build
from cafis_adapter.build import Network
from cafis_adapter.codec import Message
from cafis_adapter.profile import Profile

USES: Final = ("pin", "mac")
REFUSED: Final = "96"


def brings_key(said: Mapping[str, str], asked: Message) -> bool:
    """Is this 0800 one that brings a key?"""
    return asked[70] == Network.KEYS and bool(said.get("key_block"))


class Zone:
    """Answers what the host asks of its own. name: before the dot of the keys."""

    def __init__(self, profile: Profile, keys: KeyPort, tell: Tell, name: str) -> None:
        self._profile = profile
        self._keys = keys
        self._tell = tell
        self._name = name

    def answer(self, asked: Message) -> Message:
        """An 0800 -> its 0810; where it brought a key, with the check value of what was loaded."""
        said = self._profile.said(asked.fields)
        if not brings_key(said, asked):
            return build.network_answer(asked)
        use = said.get("key_use", "")
        if use not in USES:
            self._tell("alarm.key-refused", slug="key-use")
            return build.keys_answer(self._profile, asked, REFUSED, "")
        name = f"{self._name}.{use}"
        try:
            check = self._keys.load(name, said["key_block"])
        except KeyFault as fault:
            self._tell("alarm.key-refused", key=name, slug=fault.slug)
            return build.keys_answer(self._profile, asked, REFUSED, "")
        self._tell("line.key-loaded", key=name, check=check)
        return build.keys_answer(self._profile, asked, "00", check)
