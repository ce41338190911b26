"""The simulated reader, as the command line uses it: swipe, show a result, type a code, run on a line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from card_reader_fw.board.desk import stripe, wav
from card_reader_fw.board.desk.bench import Bench
from card_reader_fw.board.desk.board import Board, monotonic_ms
from card_reader_fw.board.desk.device import Device
from card_reader_fw.board.desk.line import open_line
from card_reader_fw.board.desk.loop import Loop
from card_reader_fw.board.desk.reader_error import ReaderError
from card_reader_fw.reader import Reader
from card_reader_fw.rooms.order import INSTALMENTS, conditions
from card_reader_fw.rooms.state import AMOUNT, CODE, READY
from schemas.envelope import armour
from schemas.errors import WireError

AMOUNT_MAX = 99_999_999


@dataclass(frozen=True, slots=True)
class Sealed:
    """text: armour block; ksn: 12 bytes; slip; lcd: the two lines at the end."""

    text: str
    ksn: bytes
    slip: int
    lcd: list[str]


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
) -> Sealed:
    """Swipe one card, key amount and condition, transfer: all through the firmware.

    track2: text between the sentinels; flux, wav: files; exactly one of them. count: for instalments
    (61..63). now_s: the phone's clock, unix seconds. Raises ReaderError.
    """
    if not 1 <= amount_minor <= AMOUNT_MAX:
        raise ReaderError("amount-range")
    if condition not in conditions(pin_on=True):
        raise ReaderError("condition-unknown")
    intervals = _intervals(track2, flux, wav)
    with Device.open(device_path) as device:
        bench = Bench(device, now_s)
        bench.swipe(intervals)
        _expect(bench, AMOUNT)
        bench.keys(*str(amount_minor), "ENTER")
        bench.keys(*str(condition), "ENTER")
        if condition in INSTALMENTS:
            bench.keys(*str(count), "ENTER")
        _expect(bench, READY)
        bench.keys("TRANSFER")
        told = bench.told["reader.sealed"]
        text = armour.block(*armour.from_text(bench.sale))
        return Sealed(text, bytes.fromhex(told["ksn"]), told["slip"], list(bench.lcd))


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


def run(
    device_path: Path | str,
    *,
    port: str,
    commands: Iterable[str],
    tell: Callable[..., None],
) -> None:
    """Let the reader run until the command `quit`. port: "pty" makes a pseudo terminal, else a serial device.

    commands: a text stream (may be a terminal or pipe) or lines: swipe TRACK2, flux FILE, wav FILE, key K,
    keys K ..., quit. tell: gets reader.port, .lcd, .sealed, .sent, .result, .command. Raises ReaderError.
    """
    with Device.open(device_path) as device, open_line(port) as line:
        tell("reader.port", path=line.path)
        board = Board(device, line, tell, monotonic_ms)
        Loop(Reader(board), board, line, commands).run()


def _intervals(track2: str | None, flux: Path | str | None, recording: Path | str | None) -> list[int]:
    if sum(source is not None for source in (track2, flux, recording)) != 1:
        raise ReaderError("one-card")
    if track2 is not None:
        return stripe.intervals_of(track2)
    return stripe.read_flux(Path(flux)) if flux is not None else wav.read_wav(Path(recording or ""))


def _expect(bench: Bench, state: str) -> None:
    """Raise for what the terminal refused, unless it came this far."""
    if bench.reader.state.name != state:
        key, parameters = bench.reader.showing
        raise ReaderError(parameters[0] if key in ("bad-card", "fault") else key)


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
