"""A test card in a virtual PC/SC reader: `pcscd` with the driver of vsmartcard-vpcd, to which we connect.

Each message has its length before it, 2 bytes. From the reader: one byte is 0 power off, 1 power on, 2 reset,
4 "your ATR?"; more is a command. The last two are answered.
"""

from __future__ import annotations

import socket

from card_reader_fw.board.desk.chip.card import Card
from card_reader_fw.board.desk.chip.faults import Removed
from card_reader_fw.board.desk.reader_error import ReaderError

PORT = 35963
CONNECT_S = 5.0
POWER_OFF, POWER_ON, RESET, ATR = 0, 1, 2, 4
MESSAGE_MAX = 512


class Connection:
    """The card's way to the virtual reader; a context manager. Raises ReaderError card-port."""

    def __init__(self, host: str, port: int):
        try:
            self._socket = socket.create_connection((host, port), CONNECT_S)
        except OSError:
            raise ReaderError("card-port") from None
        self._socket.settimeout(None)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def serve(self, card: Card) -> None:
        """Answer until the reader goes away or the card is pulled out."""
        answer = card.reset()
        try:
            while (message := self._receive()) is not None:
                if message in (bytes((POWER_ON,)), bytes((RESET,))):
                    answer = card.reset()
                elif message == bytes((ATR,)):
                    self._send(answer)
                elif len(message) > 1:
                    self._send(card.send(message))
        except (OSError, Removed):
            return

    def _receive(self) -> bytes | None:
        head = self._exactly(2)
        length = int.from_bytes(head, "big")
        return self._exactly(length) if len(head) == 2 and 0 < length <= MESSAGE_MAX else None

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self._socket.recv(count - len(data))
            if not more:
                break
            data += more
        return data

    def _send(self, data: bytes) -> None:
        self._socket.sendall(len(data).to_bytes(2, "big") + data)
