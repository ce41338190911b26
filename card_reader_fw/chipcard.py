"""The chip slot, driven one step a poll: card in, card out, and the dialogue of `emv.flow` in between."""

from card_reader_fw.emv import flow, values
from card_reader_fw.emv.errors import ChipError, SlotError
from schemas.envelope import payload

KINDS = {payload.SALE: values.SALE, payload.VOID: values.VOID, payload.REFUND: values.REFUND}


class ChipSlot:
    """slot: the board's port, or None. No method waits for more than one command of the card."""

    def __init__(self, slot):
        self._slot = slot
        self._inserted = False
        self._dialogue = None
        self._step = None  # what the dialogue wants next: verb, value

    @property
    def reading(self):
        """Is there a step to do now?"""
        return self._step is not None and self._step[0] == "apdu"

    def look(self):
        """-> "inserted" or "removed" when that has just happened, else None."""
        if self._slot is None or self._slot.present() == self._inserted:
            return None
        self._inserted = not self._inserted
        return "inserted" if self._inserted else "removed"

    def start(self, terminal, sale):
        """Power on and begin (Terminal and Sale of `emv.values`) -> the terminal's event, or None."""
        self._dialogue = flow.transact(terminal, sale)
        try:
            self._slot.on()
        except SlotError as error:
            return self._throw(error)
        return self._go(None)

    def turn(self):
        """One command and its answer -> the terminal's event ("choose", "chip-read", "chip-failed"), or None.

        With "chip-read" comes the ChipCard, whose data the caller wipes.
        """
        try:
            answer = self._slot.send(self._step[1])
        except SlotError as error:
            return self._throw(error)
        return self._go(answer)

    def choose(self, place):
        """The merchant chose an application -> the terminal's event, or None."""
        return self._go(place)

    def stop(self):
        """Cancelled: what the dialogue holds of the card is wiped, the power goes off."""
        if self._dialogue is not None:
            self._dialogue.close()
            self._end()

    def _go(self, answer):
        return self._advance(lambda: self._dialogue.send(answer))

    def _throw(self, error):
        return self._advance(lambda: self._dialogue.throw(error))

    def _advance(self, step):
        try:
            self._step = step()
        except StopIteration as done:
            self._end()
            return "chip-read", done.value
        except ChipError as error:
            self._end()
            return "chip-failed", (error.slug, error.may_fall_back)
        return self._step if self._step[0] == "choose" else None

    def _end(self):
        self._dialogue = self._step = None
        self._slot.off()


def sale_of(order, now_s, random, *, number, pin):
    """What the chip is told of an order. number: of this sale; pin: was one keyed."""
    sale = values.Sale(KINDS[order.kind], order.amount_minor, now_s, number, random(4))
    sale.pin = pin
    return sale


def terminal_of(serial, *, pin_on):
    """What the chip is told of the reader. serial: a number."""
    return values.Terminal(b"%08d" % (serial % 100000000), pin_on)
