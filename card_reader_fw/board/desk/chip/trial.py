"""One chip sale with nothing around it: what the firmware makes of the card in a slot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from card_reader_fw.emv import flow, values
from card_reader_fw.emv.errors import SlotError

SERIAL = b"00000001"


def sale(amount_minor: int, now_s: int, random: Callable[[int], bytes], *, pin: bool = False) -> values.Sale:
    """A sale as a reader would tell it to the chip."""
    order = values.Sale(values.SALE, amount_minor, now_s, 1, random(4))
    order.pin = pin
    return order


def trial(slot: Any, order: values.Sale, choose: Callable[[list[str]], int] = lambda _: 0) -> flow.ChipCard:
    """Slot port, sale, and who chooses among labels -> what the chip gave. Raises ChipError chip-*."""
    dialogue = flow.transact(values.Terminal(SERIAL, order.pin), order)
    try:
        slot.on()
        verb, value = next(dialogue)
        while True:
            verb, value = _turn(dialogue, slot, value) if verb == "apdu" else dialogue.send(choose(value))
    except StopIteration as done:
        return done.value
    finally:
        dialogue.close()
        slot.off()


def _turn(dialogue: Any, slot: Any, apdu: bytes) -> tuple[str, Any]:
    try:
        response = slot.send(apdu)
    except SlotError as error:
        return dialogue.throw(error)
    return dialogue.send(response)
