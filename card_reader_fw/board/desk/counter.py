"""A merchant at the simulated reader: sell, give back, cancel, send again; every key through the firmware."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from card_reader_fw.board.desk import stripe, wav
from card_reader_fw.board.desk.bench import Bench
from card_reader_fw.board.desk.chip.choice import slot_of
from card_reader_fw.board.desk.device import Device
from card_reader_fw.board.desk.reader_error import ReaderError
from card_reader_fw.rooms.order import DEBIT, INSTALMENTS, conditions
from card_reader_fw.rooms.state import AMOUNT, CARD, CHOOSE, PIN, READY, REFUND, REMOVE, SALES, UNDO
from schemas.envelope import armour

if TYPE_CHECKING:
    from collections.abc import Iterator

AMOUNT_MAX = 99_999_999
LISTED_MAX = 10


@dataclass(frozen=True, slots=True)
class Sealed:
    """text: armour block; ksn: 12 bytes; slip; lcd: the two lines at the end."""

    text: str
    ksn: bytes
    slip: int
    lcd: list[str]


@dataclass(frozen=True, slots=True)
class Presented:
    """A customer's card. track2: text between the sentinels; flux, wav: files; slot: a word of
    `chip.choice.slot_of`. Exactly one, or a slot and the stripe that is swiped if the chip fails.

    application: which of the chip's, from 1; pin: what the customer keys where it is asked."""

    track2: str | None = None
    flux: Path | str | None = None
    wav: Path | str | None = None
    slot: str | None = None
    application: int = 1
    pin: str = ""

    def stripe(self) -> list[int]:
        """Flux intervals. Raises ReaderError one-card, stripe-*, flux-format, wav-format."""
        if sum(source is not None for source in (self.track2, self.flux, self.wav)) != 1:
            raise ReaderError("one-card")
        if self.track2 is not None:
            return stripe.intervals_of(self.track2)
        return (
            stripe.read_flux(Path(self.flux)) if self.flux is not None else wav.read_wav(Path(self.wav or ""))
        )


@dataclass(frozen=True, slots=True)
class Price:
    """amount_minor; condition: UnifiedPOS CAT; count: of instalments, for conditions 61 to 63."""

    amount_minor: int
    condition: int = 10
    count: int = 3

    def check(self) -> None:
        """Raises ReaderError amount-range, condition-unknown."""
        if not 1 <= self.amount_minor <= AMOUNT_MAX:
            raise ReaderError("amount-range")
        if self.condition not in conditions(pin_on=True):
            raise ReaderError("condition-unknown")


def sell(device_path: Path | str, price: Price, card: Presented, now_s: int) -> Sealed:
    """A card, amount and condition, transfer. now_s: the phone's clock, unix seconds. Raises ReaderError."""
    price.check()
    with _counter(device_path, card, now_s) as bench:
        if price.condition not in conditions(pin_on=bench.reader.state.pin_on):
            raise ReaderError("pin-off")
        if card.slot is None:
            bench.swipe(card.stripe())
        _expect(bench, AMOUNT)
        bench.keys(*str(price.amount_minor), "ENTER")
        bench.keys(*str(price.condition), "ENTER")
        if price.condition in INSTALMENTS:
            bench.keys(*str(price.count), "ENTER")
        return _sealed(bench, card)


def give_back(
    device_path: Path | str, slip: int, amount_minor: int | None, card: Presented, now_s: int
) -> Sealed:
    """Void the approved sale with that slip (amount None), or refund an amount of it. Raises ReaderError."""
    with _counter(device_path, card, now_s) as bench:
        if bench.reader.state.name == AMOUNT:  # a card in the slot has begun a sale
            bench.keys("CANCEL")
        view = _find(bench, slip, lambda view: bool(view.left))
        if amount_minor is None:
            if view.is_open():  # the same key would ask whether it is to be cancelled
                raise ReaderError("no-void")
            bench.keys("1")
        else:
            bench.keys("2")
            _expect(bench, REFUND)
            bench.keys(*str(amount_minor), "ENTER")
        if card.slot is None:
            _expect(bench, CARD)
            bench.swipe(card.stripe())
        return _sealed(bench, card)


def cancel(device_path: Path | str, slip: int, now_s: int) -> Sealed:
    """Cancel the unanswered sale with that slip: it is never done. Raises ReaderError."""
    with Device.open(device_path) as device:
        bench = Bench(device, now_s)
        _find(bench, slip, lambda view: bool(view.can_be_cancelled()))
        bench.keys("1")
        _expect(bench, UNDO)
        bench.keys("ENTER")
        _expect(bench, READY)
        told = bench.told["reader.sealed"]
        return _transferred(bench, bytes.fromhex(told["ksn"]), told["slip"])


def again(device_path: Path | str, slip: int, now_s: int) -> Sealed:
    """Send the unanswered sale with that slip once more: the same bytes. Raises ReaderError."""
    with Device.open(device_path) as device:
        bench = Bench(device, now_s)
        view = _find(bench, slip, lambda view: view.sendable)
        bench.keys("TRANSFER")
        _expect(bench, READY)
        return _transferred(bench, view.ksn, view.slip)


def sales(device_path: Path | str) -> list[Any]:
    """The last ten sales as `open_sale.View`, newest first. Raises ReaderError."""
    with Device.open(device_path) as device:
        bench = Bench(device, 0)
        bench.keys("ENTER", "2")
        return list(bench.reader.state.sales)


@contextmanager
def _counter(device_path: Path | str, card: Presented, now_s: int) -> Iterator[Bench]:
    slot = slot_of(card.slot) if card.slot is not None else None
    with Device.open(device_path) as device:
        if slot is not None and not slot.present():
            raise ReaderError("slot-empty")
        yield Bench(device, now_s, slot)


def _sealed(bench: Bench, card: Presented) -> Sealed:
    """All is keyed but the PIN: to the end of the transfer."""
    _pin(bench, card)
    if bench.reader.state.name == CHOOSE:
        bench.keys(*str(card.application))
    if bench.reader.state.name == CARD and card.slot is not None:  # the chip failed
        _fall_back(bench, card)
    if bench.reader.state.name == REMOVE:
        bench.remove()
    _expect(bench, READY)
    told = bench.told["reader.sealed"]
    return _transferred(bench, bytes.fromhex(told["ksn"]), told["slip"])


def _fall_back(bench: Bench, card: Presented) -> None:
    bench.remove()
    if card.track2 is None and card.flux is None and card.wav is None:
        raise ReaderError("card-fallback")
    bench.swipe(card.stripe())
    _pin(bench, card)


def _pin(bench: Bench, card: Presented) -> None:
    if bench.reader.state.name != PIN:
        return
    if not card.pin and bench.reader.state.order.condition == DEBIT:
        raise ReaderError("pin-wanted")
    bench.keys(*card.pin, "ENTER")


def _transferred(bench: Bench, ksn: bytes, slip: int) -> Sealed:
    bench.keys("TRANSFER")
    return Sealed(armour.block(*armour.from_text(bench.sale)), ksn, slip, list(bench.lcd))


def _find(bench: Bench, slip: int, wanted: Callable[[Any], bool]) -> Any:
    """Leaf through the last sales to the newest wanted one with that slip, or else to the newest with it."""
    bench.keys("ENTER", "2")
    _expect(bench, SALES)
    listed = [view for view in bench.reader.state.sales if view.slip == slip]
    found = next((view for view in listed if wanted(view)), listed[0] if listed else None)
    if found is None:
        raise ReaderError("slip-unknown")
    while bench.reader.state.sales[0].ksn != found.ksn:
        bench.keys("ENTER")
    return found


def _expect(bench: Bench, state: str) -> None:
    """Raise for what the terminal refused, unless it came this far."""
    if bench.reader.state.name != state:
        key, parameters = bench.reader.showing
        raise ReaderError(parameters[0] if key in ("bad-card", "fault", "chip-bad") else key)
