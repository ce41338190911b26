"""What is on the display and in the ear: the terminal's texts in the reader's language, and their beeps."""

from card_reader_fw import beeps, words
from card_reader_fw.open_sale import REENTRIES_MAX
from schemas.envelope import payload


class Display:
    """showing: (key, parameters) of the text shown last."""

    def __init__(self, board, vault):
        self._lcd = board.lcd
        self._beeper = board.beeper
        self._vault = vault
        self.showing = ("", ())

    def show(self, key, parameters, state):
        """One text of `words`; a beep where its key differs from the one before. state: terminal.State."""
        if key == "result":
            parameters = (self._vault.fresh(parameters[0]),)  # it may have waited to be shown
        if key != self.showing[0]:
            self.beep(beeps.of(key, parameters))
        self.showing = (key, parameters)
        if key == "idle":
            key, parameters = self._idle(state)
        elif key == "sent":
            key = self._sent(state)
        self._lines(key, parameters, state)

    def phone(self, text, state):
        """A text of the phone's: what stands behind its first line feed is the second line."""
        first, _, second = text.partition("\n")
        self._lines("phone", (first, second.replace("\n", " ")), state)

    def beep(self, code):
        """code: one of `beeps`, or None."""
        if code is not None and self._beeper is not None:
            self._beeper.beep(code)

    def _lines(self, key, parameters, state):
        first, second = words.lines_of(self._vault.language, key, parameters)
        self._lcd.show(first, second, state.name)

    def _sent(self, state):
        sale = self._vault.find(state.ksn)
        return "cancel-asked" if sale and self._vault.view(sale).is_waiting() else "sent"

    def _idle(self, state):
        if state.inserted:
            return "remove", ()
        vault = self._vault
        again = vault.find(vault.again)
        if again and again.kind == payload.SALE:
            return "idle-again", (again.slip, again.reentry + 1, REENTRIES_MAX)
        key = "idle-chip" if state.has_slot else "idle"
        if vault.awaited():
            return key + "-open", (vault.awaited(),)
        return ("idle-ending" if vault.keys.near_end() else key), ()
