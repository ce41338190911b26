"""Which slot a desk reader has, from a word: a PC/SC reader, or a test card that is already in."""

from __future__ import annotations

from card_reader_fw.board.desk.chip.card import Card
from card_reader_fw.board.desk.chip.cards import CARDS
from card_reader_fw.board.desk.chip.faults import FAULTS
from card_reader_fw.board.desk.chip.pcsc import PcscSlot
from card_reader_fw.board.desk.chip.slot import CardSlot
from card_reader_fw.board.desk.reader_error import ReaderError


def slot_of(word: str) -> CardSlot | PcscSlot:
    """pcsc, pcsc:READER, card:NAME or card:NAME:FAULT -> slot port.

    Raises ReaderError slot-format, card-unknown, fault-unknown, pcsc-missing, pcsc-service, pcsc-reader.
    """
    kind, _, rest = word.partition(":")
    if kind == "pcsc":
        return PcscSlot(rest)
    if kind != "card" or not rest:
        raise ReaderError("slot-format")
    name, _, fault = rest.partition(":")
    return CardSlot(card_of(name, fault))


def card_of(name: str, fault: str = "") -> Card:
    """Names of a test card and of its fault, "" = none. Raises ReaderError card-unknown, fault-unknown."""
    if name not in CARDS:
        raise ReaderError("card-unknown")
    if fault and fault not in FAULTS:
        raise ReaderError("fault-unknown")
    return Card(CARDS[name], FAULTS.get(fault))
