"""Messages as they leave and as they come: the profile's form, and a MAC where the profile wants one."""

from __future__ import annotations

import hmac
from typing import Final

from acquirer_sdk.keyport import KeyFault, KeyPort, SealedPin
from cafis_adapter.codec import Message, pack
from cafis_adapter.profile import Profile

LENGTH: Final = 8
"""Bytes of a MAC, the last ones of a message."""

_PRIMARY, _SECONDARY = 64, 128
_PIN: Final = 52
_NETWORK: Final = "08"
"""The class without a MAC: by it the key for MACs comes."""


class Wire:
    """One line's writing. name: before the dot of its keys; ``cafis`` has ``cafis.pin`` and ``cafis.mac``."""

    def __init__(self, profile: Profile, keys: KeyPort, name: str) -> None:
        self.profile = profile
        self._keys = keys
        self._pin, self._mac = f"{name}.pin", f"{name}.mac"

    def has_mac_key(self) -> bool:
        """Or needs none."""
        return not self.profile.mac or self._keys.has(self._mac)

    def has_pin_key(self) -> bool:
        return self._keys.has(self._pin)

    def with_pin(self, message: Message, pin: SealedPin | None) -> Message:
        """The message with its PIN under the zone key (DE52), for this one sending. Raises KeyFault."""
        if pin is None:
            return message
        block = self._keys.translate_pin(pin, self._pin).hex().upper()
        return Message(message.mti, {**message.fields, _PIN: block})

    def measure(self, message: Message) -> bytes:
        """As `pack`, with zeros for the MAC. Raises MessageError."""
        if not self.profile.mac or message.mti.startswith(_NETWORK):
            return pack(self.profile, message)
        return pack(
            self.profile, Message(message.mti, {**message.fields, self._place(message): "00" * LENGTH})
        )

    def pack(self, message: Message) -> bytes:
        """A message -> its bytes without the length prefix. Raises MessageError, and KeyFault."""
        body = self.measure(message)
        if not self.profile.mac or message.mti.startswith(_NETWORK):
            return body
        return body[:-LENGTH] + self._keys.mac(self._mac, body[:-LENGTH])

    def is_genuine(self, message: Message, body: bytes) -> bool:
        """Does a message that came end in the MAC that it must have?"""
        if not self.profile.mac or message.mti.startswith(_NETWORK):
            return True
        if not message[_SECONDARY] and (body[4] & 0x80 or not message[_PRIMARY]):
            return False
        try:
            return hmac.compare_digest(body[-LENGTH:], self._keys.mac(self._mac, body[:-LENGTH]))
        except KeyFault:
            return False

    def _place(self, message: Message) -> int:
        both = self.profile.secondary_bitmap_always or max(message.fields) > _PRIMARY
        return _SECONDARY if both else _PRIMARY
