"""Sealed sales in any number: the firmware's own key and sealing code over a fast cipher, no keypad."""

from __future__ import annotations

from collections.abc import Callable

from Crypto.Cipher import AES

from card_reader_fw.crypto import dukpt
from card_reader_fw.seal import derive, seal
from handset.courier import sale_mail
from schemas.envelope import armour, payload

TRACK2 = "4111111111111111=27122010000012345678"


def cipher(key: bytes) -> Callable[[bytes], bytes]:
    """The firmware's cipher port over the C library."""
    return AES.new(key, AES.MODE_ECB).encrypt


class Reader:
    """A reader that only seals: one mail for each call, each under the next key."""

    def __init__(self, key_id: bytes, initial_key: bytes, sender: str, recipient: str) -> None:
        self._keys = dukpt.load(cipher, key_id, initial_key)
        self._route = (sender, recipient)
        self._slip = 0

    def mail(self, time_s: int) -> bytes:
        """A complete mail with a sale of 1,200 yen that the host approves."""
        self._keys, ksn, key = dukpt.advance(cipher, self._keys)
        self._slip = self._slip % 99999 + 1
        sale = payload.Sale(
            kind=payload.SALE,
            amount_minor=1200,
            currency=392,
            reader_time_s=time_s,
            entry_mode=payload.STRIPE,
            track2=TRACK2,
            condition=10,
            slip=self._slip,
        )
        block = armour.block(armour.SALE, seal(cipher, derive(cipher, ksn, key)[0], ksn, sale))
        return sale_mail(block, *self._route)
