"""Sealed sales in any number: the firmware's own key and sealing code over a fast cipher, no keypad."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from Crypto.Cipher import AES

from card_reader_fw.crypto import dukpt
from card_reader_fw.seal import derive, seal
from handset.courier import sale_mail
from schemas.envelope import armour, payload

TRACK2 = "4111111111111111=27122010000012345678"
SLIP_MAX = 99_999
"""A sale's place in the pool is its slip: by it the generator knows a request again."""


def cipher(key: bytes) -> Callable[[bytes], bytes]:
    """The firmware's cipher port over the C library."""
    return AES.new(key, AES.MODE_ECB).encrypt


class Reader:
    """A reader that only seals: one mail for each call, each under the next key."""

    def __init__(self, key_id: bytes, initial_key: bytes, sender: str, recipient: str) -> None:
        self._keys = dukpt.load(cipher, key_id, initial_key)
        self._route = (sender, recipient)

    def mail(self, slip: int, time_s: int) -> bytes:
        """A complete mail with a sale of 1,200 yen that the host approves."""
        self._keys, ksn, key = dukpt.advance(cipher, self._keys)
        sale = payload.Sale(
            kind=payload.SALE,
            amount_minor=1200,
            currency=392,
            reader_time_s=time_s,
            entry_mode=payload.STRIPE,
            track2=bytearray(TRACK2.encode()),  # sealing wipes it
            condition=10,
            slip=slip,
        )
        block = armour.block(armour.SALE, seal(cipher, derive(cipher, ksn, key)[0], ksn, sale))
        return sale_mail(block, *self._route)


def write_pool(path: Path, readers: Sequence[Reader], count: int, time_s: int) -> None:
    """`count` mails, the readers taking turns, as load.c reads them: length in four bytes, then the mail."""
    if count > SLIP_MAX:
        raise ValueError(f"a pool holds at most {SLIP_MAX} sales")
    with path.open("wb") as pool:
        for place in range(count):
            mail = on_the_wire(readers[place % len(readers)].mail(place + 1, time_s))
            pool.write(len(mail).to_bytes(4, "big") + mail)


def on_the_wire(mail: bytes) -> bytes:
    """A mail with its dots doubled and the last dot behind it (RFC 5321 section 4.5.2)."""
    lines = mail.removesuffix(b"\r\n").split(b"\r\n")
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines) + b"\r\n.\r\n"
