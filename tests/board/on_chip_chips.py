"""Runs under MicroPython and CPython: recorded dialogues of cards with the firmware's chip part.

A dialogue is {"atr": hex, "pin": bool, "answers": [..]}; an answer is a response in hex, an index, or None
for a slot that fails. They are masked, so that no card number stands in what is given.
"""

import binascii

from card_reader_fw.emv import atr, flow, values
from card_reader_fw.emv.errors import TECHNICAL, ChipError, SlotError

MASK = 0x5A
NOW_S = 1800000000


def unmasked(text):
    """Hex as it is given -> bytearray."""
    data = bytearray(binascii.unhexlify(text))
    for at in range(len(data)):
        data[at] ^= MASK
    return data


def play(dialogue):
    """-> all commands and questions, and how it ended."""
    sale = values.Sale(values.SALE, 1980, NOW_S, 1, b"\xa0\xa1\xa2\xa3")
    sale.pin = dialogue["pin"]
    running = flow.transact(values.Terminal(b"00000001", sale.pin), sale)
    said = []
    try:
        said.append(atr.parse(unmasked(dialogue["atr"])).protocol)
        step = next(running)
        for answer in dialogue["answers"]:
            said.append(step[1] if step[0] == "choose" else binascii.hexlify(step[1]).decode())
            if answer is None:
                step = running.throw(SlotError("chip-io", TECHNICAL))
            else:
                step = running.send(answer if type(answer) is int else unmasked(answer))
        said.append("not at its end")
    except StopIteration as done:
        said.append(
            [binascii.hexlify(done.value.emv).decode(), bytes(done.value.track2).decode(), done.value.how]
        )
    except ChipError as error:
        said.append([error.slug, error.may_fall_back])
    running.close()
    return said


def report(given):
    return [play(dialogue) for dialogue in given]
