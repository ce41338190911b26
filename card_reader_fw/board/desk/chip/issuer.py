"""The test cards' issuer: is a cryptogram the one that its card makes for these data?"""

from __future__ import annotations

from card_reader_fw.board.desk.chip.cards import CARDS, MASTER_KEY
from card_reader_fw.board.desk.chip.cryptogram import card_key, cryptogram
from card_reader_fw.emv import tlv
from card_reader_fw.emv.errors import ChipError

SIGNED = (0x9F02, 0x9F03, 0x9F1A, 0x95, 0x5F2A, 0x9A, 0x9C, 0x9F37, 0x82, 0x9F36)
"""In this order; then issuer application data, as the cryptogram's version has it."""
APPLICATIONS = {one.pan: one for card in CARDS.values() for one in card.applications}


def agrees(pan: str, emv: bytes) -> bool:
    """Card number and DE55 -> is its cryptogram good? Of a card that is no test card: yes, nobody knows."""
    application = APPLICATIONS.get(pan)
    if application is None:
        return True
    try:
        found = {tag: emv[start:end] for tag, start, end in tlv.walk(emv, 0, len(emv))}
        signed = b"".join(found[tag] for tag in SIGNED)
        issuer_data, given, counter = found[0x9F10], found[0x9F26], int.from_bytes(found[0x9F36], "big")
        sequence = found[0x5F34].hex()
    except (ChipError, KeyError):
        return False
    key = card_key(MASTER_KEY, pan, sequence)
    return cryptogram(key, application.version, counter, signed, issuer_data) == given
