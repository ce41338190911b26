"""The key port over a PKCS#11 device: keys are derived and used inside it and never leave it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.exceptions import NoSuchKey, PKCS11Error

from acquirer_sdk import keyblock, zone
from acquirer_sdk.keyport import KeyFault
from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.envelope import dukpt
from mail_gateway.envelope.zones import MAC_USES, PIN_USES, master_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from acquirer_sdk.keyport import SealedPin

PREFIX: Final = "hagaki."
"""Of the labels of our keys in the device."""

KEY_BITS: Final = 128
_USES: Final = (Attribute.DERIVE, Attribute.ENCRYPT, Attribute.DECRYPT, Attribute.SIGN)


def _for(*uses: Attribute) -> dict[Attribute, bool]:
    """A key that stays inside and does these things only; what a device would grant unasked is denied."""
    return {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False, **{one: one in uses for one in _USES}}


_DERIVING: Final = _for(Attribute.DERIVE)
_WORKING: Final = _for(Attribute.ENCRYPT, Attribute.DECRYPT)
_SIGNING: Final = _for(Attribute.SIGN)
_TEMPLATES: Final = {**dict.fromkeys(PIN_USES, _WORKING), **dict.fromkeys(MAC_USES, _SIGNING)}


def open_device(library: str, token: str, pin: str) -> Any:
    """A session with the token of that label. Raises GatewayError key-device."""
    try:
        found = pkcs11.lib(library).get_token(token_label=token)
        return found.open(rw=True, user_pin=pin)
    except (PKCS11Error, RuntimeError, OSError) as error:
        sentence = f"The key device does not open: {type(error).__name__}; see [keys] device, device_token."
        raise GatewayError(sentence, "key-device", Disposition.REFUSE) from None


class DeviceKeys:
    """A KeyPort. AES only. random_bytes: for what fills a PIN block."""

    def __init__(self, session: Any, random_bytes: Callable[[int], bytes]) -> None:
        self._session = session
        self._random_bytes = random_bytes

    def __repr__(self) -> str:
        return "DeviceKeys()"

    def put_bdk(self, bdk_id: bytes, bdk: bytes) -> None:
        """Bring a BDK of 16 bytes into the device, once."""
        self._put(f"bdk.{bdk_id.hex().upper()}", bdk, _DERIVING)

    def put_zone(self, name: str, usage: str, value: bytes) -> None:
        """Bring a zone key of 16 bytes into the device, in the place of the one of its name."""
        self._put(name, value, _TEMPLATES.get(usage, _SIGNING))

    def has(self, key: str) -> bool:
        """See the port."""
        try:
            self._key(key)
        except KeyFault:
            return False
        return True

    def translate_pin(self, pin: SealedPin, key: str) -> bytes:
        """See the port."""
        target, source = self._key(key, "encrypt"), self._pin_key(pin.ksn)
        if len(pin.block) != KEY_BITS // 8:
            raise KeyFault("pin-broken")
        try:
            return self._translated(pin, source, target)
        except PKCS11Error:
            raise KeyFault("key-device") from None

    def mac(self, key: str, message: bytes) -> bytes:
        """See the port."""
        try:
            signed: bytes = self._key(key, "sign").sign(message, mechanism=Mechanism.AES_CMAC)
        except PKCS11Error:
            raise KeyFault("key-device") from None
        return signed[: zone.MAC_LENGTH]

    def load(self, key: str, block: str) -> str:
        """See the port. PKCS#11 cannot take a key block apart: the key is in memory for this call."""
        master = self._key(master_of(key), "sign")
        try:
            got = keyblock.unwrap_with(lambda data: master.sign(data, mechanism=Mechanism.AES_CMAC), block)
        except PKCS11Error:
            raise KeyFault("key-device") from None
        if got.key.algorithm is not zone.Algorithm.AES or len(got.key.value) * 8 != KEY_BITS:
            raise KeyFault("block-refused")
        self.put_zone(key, got.usage.value, got.key.value)
        return zone.kcv(got.key)

    def _translated(self, pin: SealedPin, source: Any, target: Any) -> bytes:
        """ISO 9564-1 format 4 (9.4.2): its encryptions are made in the device, for one key and the other."""
        field = zone.pan_field_4(pin.pan)
        inner = zone.xor(source.decrypt(pin.block, mechanism=Mechanism.AES_ECB), field)
        clear = bytearray(source.decrypt(inner, mechanism=Mechanism.AES_ECB))
        try:
            digits = zone.digits_of(bytes(clear[:8]), "4", "A")
            digits[:] = bytes(len(digits))
            clear[8:] = self._random_bytes(zone.FILL_LENGTH)
            once = target.encrypt(bytes(clear), mechanism=Mechanism.AES_ECB)
            sealed: bytes = target.encrypt(zone.xor(once, field), mechanism=Mechanism.AES_ECB)
            return sealed
        finally:
            clear[:] = bytes(len(clear))

    def _pin_key(self, ksn: bytes) -> Any:
        """AES DUKPT in the device (X9.24-3:2017 6.2): the same steps as `dukpt.Tree`, by handles."""
        if len(ksn) != dukpt.KSN_LENGTH:
            raise KeyFault("key-unknown")
        key = self._key(f"bdk.{ksn[:4].hex().upper()}")
        try:
            key = self._derived(key, dukpt.derivation_data(dukpt.Usage.INITIAL_KEY, ksn[:8]), _DERIVING)
            counter, so_far = int.from_bytes(ksn[8:], "big"), 0
            for bit in reversed(range(32)):
                if counter >> bit & 1:
                    so_far |= 1 << bit
                    ident = ksn[4:8] + so_far.to_bytes(4, "big")
                    step = dukpt.derivation_data(dukpt.Usage.KEY_DERIVATION, ident)
                    key = self._derived(key, step, _DERIVING)
            return self._derived(key, dukpt.derivation_data(dukpt.Usage.PIN, ksn[4:]), _WORKING)
        except PKCS11Error:
            raise KeyFault("key-device") from None

    def _derived(self, parent: Any, data: bytes, template: dict[Any, Any]) -> Any:
        way = Mechanism.AES_ECB_ENCRYPT_DATA
        return parent.derive_key(
            KeyType.AES, KEY_BITS, mechanism=way, mechanism_param=data, template=template
        )

    def _key(self, name: str, use: str = "") -> Any:
        """The key of that name. Raises KeyFault where there is none, or none for this use."""
        try:
            key = self._session.get_key(object_class=ObjectClass.SECRET_KEY, label=PREFIX + name)
        except NoSuchKey:
            raise KeyFault("key-unknown") from None
        except PKCS11Error:
            raise KeyFault("key-device") from None
        if use and not hasattr(key, use):
            raise KeyFault("key-unknown")
        return key

    def _put(self, name: str, value: bytes, template: dict[Any, Any]) -> None:
        if len(value) * 8 != KEY_BITS:
            raise KeyFault("block-refused")
        label = PREFIX + name
        before = list(
            self._session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: label})
        )
        kind = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.KEY_TYPE: KeyType.AES}
        named = {Attribute.LABEL: label, Attribute.TOKEN: True, Attribute.VALUE: value}
        self._session.create_object({**kind, **named, **template})
        for old in before:
            old.destroy()
