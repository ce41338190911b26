"""A PC/SC reader as the board's slot, through `pyscard` (the extra `pcsc`): a real card in a real reader."""

from __future__ import annotations

from typing import Any

from card_reader_fw.board.desk.reader_error import ReaderError
from card_reader_fw.emv.errors import FINAL, TECHNICAL, SlotError

try:
    from smartcard import scard
except ImportError:
    scard = None


REMOVAL_MS = 1500


class PcscSlot:
    """The slot port. name: the beginning of the reader's name; "" takes the first one.

    Raises ReaderError pcsc-missing, pcsc-service, pcsc-reader.
    """

    def __init__(self, name: str = ""):
        if scard is None:
            raise ReaderError("pcsc-missing")
        code, self._context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        if code != scard.SCARD_S_SUCCESS:
            raise ReaderError("pcsc-service")
        fitting = [reader for reader in self._readers() if reader.startswith(name)]
        if not fitting:
            raise ReaderError("pcsc-reader")
        self.name = fitting[0]
        self._card: Any = None
        self._protocol = 0

    def present(self) -> bool:
        """Is a card in it."""
        wanted = [(self.name, scard.SCARD_STATE_UNAWARE)]
        code, states = scard.SCardGetStatusChange(self._context, 0, wanted)
        return code == scard.SCARD_S_SUCCESS and bool(states[0][1] & scard.SCARD_STATE_PRESENT)

    def wait(self, wait_s: int) -> None:
        """Until a card is in, at most so many seconds."""
        wanted = [(self.name, scard.SCARD_STATE_EMPTY)]
        if wait_s and not self.present():
            scard.SCardGetStatusChange(self._context, wait_s * 1000, wanted)

    def on(self) -> bytes:
        """Power on -> ATR. Raises SlotError chip-mute, chip-removed."""
        both = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        opened = scard.SCardConnect(self._context, self.name, scard.SCARD_SHARE_EXCLUSIVE, both)
        code, self._card, self._protocol = opened
        if code == scard.SCARD_S_SUCCESS:
            code, _, _, _, answer = scard.SCardStatus(self._card)
        if code != scard.SCARD_S_SUCCESS:
            self._card = None
            raise self._error("chip-mute")
        return bytes(answer)

    def send(self, apdu: bytes) -> bytearray:
        """Command -> data and status word. Raises SlotError chip-io, chip-removed."""
        if self._card is None:
            raise SlotError("chip-removed", FINAL)
        header = scard.SCARD_PCI_T1
        if self._protocol == scard.SCARD_PROTOCOL_T0:
            header = scard.SCARD_PCI_T0
            apdu = apdu[: 5 + apdu[4]] if len(apdu) > 5 else apdu  # it has no room for both data and Le
        code, response = scard.SCardTransmit(self._card, header, list(apdu))
        if code != scard.SCARD_S_SUCCESS or not response:
            raise self._error("chip-io")
        return bytearray(response)

    def off(self) -> None:
        """Power off."""
        if self._card is not None:
            scard.SCardDisconnect(self._card, scard.SCARD_UNPOWER_CARD)
            self._card = None

    def close(self) -> None:
        """Power off and let the reader go."""
        self.off()
        scard.SCardReleaseContext(self._context)

    def _error(self, slug: str) -> SlotError:
        """Why it failed: the chip, or the card was pulled out, which the service sees a moment later."""
        wanted = [(self.name, scard.SCARD_STATE_UNAWARE)]
        _, states = scard.SCardGetStatusChange(self._context, 0, wanted)
        if states and states[0][1] & scard.SCARD_STATE_PRESENT:
            seen = [(self.name, states[0][1] & ~scard.SCARD_STATE_CHANGED)]
            scard.SCardGetStatusChange(self._context, REMOVAL_MS, seen)
        return SlotError(slug, TECHNICAL) if self.present() else SlotError("chip-removed", FINAL)

    def _readers(self) -> list[str]:
        code, names = scard.SCardListReaders(self._context, [])
        return list(names) if code == scard.SCARD_S_SUCCESS else []
