"""Pads: a sealed card is kept in two halves. When one of them is gone, nobody can read the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, insert

from mail_gateway.store.sheet import Line, Step
from mail_gateway.store.tables import pads

if TYPE_CHECKING:
    from mail_gateway.store.sheet import Sheet

_PUT: Final = Line(Step.PAD, insert(pads))
_SHRED: Final = Line(Step.SHRED, delete(pads).where(pads.c.payment == bindparam("its_payment")))


def masked(content: bytes, pad: bytes) -> bytes:
    """content XOR pad, the one from the other. Raises ValueError unless they are of one length."""
    if len(content) != len(pad):
        raise ValueError("a pad is as long as what it masks")
    return (int.from_bytes(content) ^ int.from_bytes(pad)).to_bytes(len(pad))


def put(sheet: Sheet, payment_id: int, pad: bytes) -> None:
    """Unit of work: keep the pad of a new payment."""
    sheet.add(_PUT, {"payment": payment_id, "pad": pad})


def shred(sheet: Sheet, payment_id: int) -> None:
    """Unit of work: the pad goes, and with it what it masked."""
    sheet.add(_SHRED, {"its_payment": payment_id})
