"""The simulated reader, as the command line uses it: show a result, type a code, run on a line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from card_reader_fw.board.desk import counter
from card_reader_fw.board.desk.bench import Bench
from card_reader_fw.board.desk.board import Board, monotonic_ms
from card_reader_fw.board.desk.chip.choice import slot_of
from card_reader_fw.board.desk.chip.slot import CardSlot
from card_reader_fw.board.desk.device import Device
from card_reader_fw.board.desk.line import open_line
from card_reader_fw.board.desk.loop import Loop
from card_reader_fw.board.desk.picture import Picture
from card_reader_fw.board.desk.reader_error import ReaderError
from card_reader_fw.board.desk.typist import Typist
from card_reader_fw.reader import Reader
from card_reader_fw.rooms.state import CODE
from schemas.envelope import armour
from schemas.errors import WireError


@dataclass(frozen=True, slots=True)
class Shown:
    """genuine: did it come from the centre; outcome: its name, "" if nothing is shown; lcd: both lines."""

    genuine: bool
    outcome: str
    lcd: list[str]


def swipe(  # noqa: PLR0913  one named parameter for each thing a merchant decides
    device_path: Path | str,
    *,
    amount_minor: int,
    condition: int = 10,
    count: int = 3,
    track2: str | None = None,
    flux: Path | str | None = None,
    wav: Path | str | None = None,
    now_s: int,
) -> counter.Sealed:
    """`counter.sell` of one card that is swiped: track2, flux or wav."""
    price, card = counter.Price(amount_minor, condition, count), counter.Presented(track2, flux, wav)
    return counter.sell(device_path, price, card, now_s)


def show_result(device_path: Path | str, armour_text: str) -> Shown:
    """Hand a result (a block with its markers, or a mail's text around it) to the reader.

    Raises ReaderError result-format for a text that holds no whole result.
    """
    try:
        kind, body = armour.find(armour_text, armour.RESULT)
    except WireError:
        raise ReaderError("result-format") from None
    with Device.open(device_path) as device:
        bench = Bench(device, 0)
        bench.show_result(armour.to_text(kind, body))
        return _shown(bench)


def show_code(device_path: Path | str, code: str, slip: int | None = None) -> Shown:
    """Type a check code for the sale with that slip number, or for the newest open one.

    Raises ReaderError code-format, no-open-sale, code-slip.
    """
    if len(code) != 8 or not set(code) <= set("0123456789"):
        raise ReaderError("code-format")
    with Device.open(device_path) as device:
        bench = Bench(device, 0)
        bench.keys("ENTER", "1")
        if bench.reader.state.name != CODE:
            raise ReaderError("no-open-sale")
        _choose(bench, slip)
        bench.keys(*code, "ENTER")
        return _shown(bench)


@dataclass(frozen=True, slots=True)
class Parts:
    """What else hangs on a desk reader. slot: of chips: "" = none, "empty" for a test card that comes later,
    or a word of `chip.choice.slot_of`; typed: the file that its USB keyboard types into; picture: the *.png
    or *.svg of its QR code.
    """

    slot: str = ""
    typed: Path | None = None
    picture: Path | None = None

    def fit(self, board: Board, tell: Callable[..., None]) -> None:
        """Put them on the board. Raises ReaderError."""
        if self.slot:
            board.slot = CardSlot() if self.slot == "empty" else slot_of(self.slot)
        if self.typed:
            board.typist = Typist(self.typed)
        if self.picture:
            board.picture = Picture(self.picture, tell)


BARE = Parts()


def run(
    device_path: Path | str,
    *,
    port: str,
    commands: Iterable[str],
    tell: Callable[..., None],
    parts: Parts = BARE,
) -> None:
    """Let the reader run until the command `quit`. port: "pty" makes a pseudo terminal, else a serial device.

    commands: a text stream (may be a terminal or pipe) or lines: swipe TRACK2, flux FILE, wav FILE, insert
    CARD, remove, key K, keys K ..., quit. tell: gets reader.port, .lcd, .beep, .sealed, .sent, .result,
    .command, .picture. Raises ReaderError.
    """
    with Device.open(device_path) as device, open_line(port) as line:
        tell("reader.port", path=line.path)
        board = Board(device, line, tell, monotonic_ms)
        parts.fit(board, tell)
        Loop(Reader(board), board, line, commands).run()


def _choose(bench: Bench, slip: int | None) -> None:
    slips = [open_slip for _, open_slip in bench.reader.state.codes]
    if slip is not None and slip not in slips:
        raise ReaderError("code-slip")
    while slip is not None and bench.reader.state.codes[0][1] != slip:
        bench.keys("TRANSFER")


def _shown(bench: Bench) -> Shown:
    """A genuine one that is older than what was shown has no outcome."""
    told = bench.told.get("reader.result", {})
    return Shown(bool(told.get("genuine")), told.get("outcome", ""), list(bench.lcd))
