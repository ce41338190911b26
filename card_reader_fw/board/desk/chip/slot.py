"""The board's slot with a test card in it, inside one process: no wires, no blocks."""

from __future__ import annotations

from card_reader_fw.board.desk.chip.card import Card
from card_reader_fw.board.desk.chip.faults import Removed
from card_reader_fw.emv.errors import FINAL, TECHNICAL, SlotError


class CardSlot:
    """The slot port of the reader. card: a test card that is in it, None = empty."""

    def __init__(self, card: Card | None = None):
        self.card = card

    def present(self) -> bool:
        """Is a card in it."""
        return self.card is not None

    def on(self) -> bytes:
        """Power on -> ATR. Raises SlotError chip-mute, chip-removed."""
        answer = self._card().reset()
        if not answer:
            raise SlotError("chip-mute", TECHNICAL)
        return answer

    def send(self, apdu: bytes) -> bytearray:
        """Command -> data and status word. Raises SlotError chip-io, chip-removed."""
        try:
            response = self._card().send(bytes(apdu))
        except Removed:
            self.card = None
            raise SlotError("chip-removed", FINAL) from None
        if not response:
            raise SlotError("chip-io", TECHNICAL)
        return bytearray(response)

    def off(self) -> None:
        """Power off."""

    def _card(self) -> Card:
        if self.card is None:
            raise SlotError("chip-removed", FINAL)
        return self.card
