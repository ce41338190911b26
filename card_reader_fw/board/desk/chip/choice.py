"""Which slot a desk reader has, from a word: a PC/SC reader, or a test card that is already in."""

from __future__ import annotations

from card_reader_fw.board.desk.chip.card import Card
from card_reader_fw.board.desk.chip.cards import CARDS
from card_reader_fw.board.desk.chip.faults import FAULTS
from card_reader_fw.board.desk.chip.pcsc import PcscSlot
from card_reader_fw.board.desk.chip.slot import CardSlot
from card_reader_fw.board.desk.chip.wire import behind_wire
from card_reader_fw.board.desk.reader_error import ReaderError
from card_reader_fw.emv.uart_slot import UartSlot


def slot_of(word: str) -> CardSlot | UartSlot | PcscSlot:
    """pcsc, pcsc:READER, card:NAME, card:NAME:FAULT; wire:... is card:... with T=0 or T=1 between -> slot.

    Raises ReaderError slot-format, card-unknown, card-fault, pcsc-missing, pcsc-service, pcsc-reader.
    """
    kind, _, rest = word.partition(":")
    if kind == "pcsc":
        return PcscSlot(rest)
    if kind not in ("card", "wire") or not rest:
        raise ReaderError("slot-format")
    name, _, fault = rest.partition(":")
    card = card_of(name, fault)
    return CardSlot(card) if kind == "card" else behind_wire(card)


def wait_for_card(slot: CardSlot | UartSlot | PcscSlot, wait_s: int) -> None:
    """At most so many seconds; a test card is there or never comes."""
    if isinstance(slot, PcscSlot):
        slot.wait(wait_s)


def card_of(name: str, fault: str = "") -> Card:
    """Names of a test card and of its fault, "" = none. Raises ReaderError card-unknown, card-fault."""
    if name not in CARDS:
        raise ReaderError("card-unknown")
    if fault and fault not in FAULTS:
        raise ReaderError("card-fault")
    return Card(CARDS[name], FAULTS.get(fault))
