"""The board's slot with a test card in it, inside one process: no wires, no blocks."""

from __future__ import annotations

from card_reader_fw.board.desk.chip.card import Card
from card_reader_fw.emv.errors import FINAL, SlotError

ATR_T0 = bytes.fromhex("3B600000")
ATR_T1 = bytes.fromhex("3BE000008131FE45EB")


class CardSlot:
    """The slot port of the reader. card: a test card that is in it, None = empty."""

    def __init__(self, card: Card | None = None):
        self.card = card

    def present(self) -> bool:
        """Is a card in it."""
        return self.card is not None

    def on(self) -> bytes:
        """Power on -> ATR. Raises SlotError chip-removed."""
        card = self._card()
        card.reset()
        return ATR_T0 if card.profile.t0 else ATR_T1

    def send(self, apdu: bytes) -> bytearray:
        """Command -> data and status word. Raises SlotError chip-removed."""
        return bytearray(self._card().send(bytes(apdu)))

    def off(self) -> None:
        """Power off."""

    def _card(self) -> Card:
        if self.card is None:
            raise SlotError("chip-removed", FINAL)
        return self.card
