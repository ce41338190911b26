"""The reader: board, terminal, vault and link put together. `poll` does what is due and returns.

Board ports: `head.read()` -> what each head heard of one swipe (list of lists of flux intervals) or None;
`keypad.read()` -> a key or None; `lcd.show(line1, line2, state)`; `serial.read()` -> bytes,
`serial.write(bytes)`; `clock()` -> milliseconds since power-on, never going back; `flash` (see `journal` and
`shelf`); `random(count)` -> bytes; `cipher` (see `crypto.aes`; None = the firmware's own); `tell(verb,
**facts)`, the test bench's view. Each of these may be None: `slot` for chips: `present()`, `on()`,
`send(apdu)` -> response, `off()`; `beeper.beep(code of beeps)`; `typist.type(text)`, a USB keyboard;
`picture.show(text)`, a QR code, "" clears it.
"""

from card_reader_fw import answer, beeps, keyload, terminal, vault
from card_reader_fw.chipcard import ChipSlot, sale_of, terminal_of
from card_reader_fw.crypto import aes
from card_reader_fw.display import Display
from card_reader_fw.hand import Hand
from card_reader_fw.journal import Journal, JournalError
from card_reader_fw.rooms.state import PICTURE, TYPE
from card_reader_fw.till import Till
from card_reader_fw.track import card
from card_reader_fw.track.f2f import StripeError
from schemas.envelope import armour, outcome
from schemas.errors import WireError
from schemas.link import events, session

FIRMWARE = "hagaki 0.1"
HELD_MAX_MS = 120_000
"""So long a card that was read waits for the next key; then it is forgotten."""
CANCEL_ASKED = "cancel-asked"
"""What the bench is told instead of an outcome that may not be said yet."""


class Reader:
    """One reader, from power-on. state: terminal.State; showing: (key, parameters) last shown."""

    def __init__(self, board):
        self._board = board
        self._cipher = board.cipher or aes.cipher
        self._vault = vault.load(Journal(board.flash))
        self._hand = Hand()
        self._till = Till(self._cipher, self._vault, self._hand, board.random)
        self._chip = ChipSlot(board.slot)
        self._display = Display(board, self._vault)
        self._link = session.Session(session.READER)
        self._unix_at_0 = 0  # unix seconds at clock() == 0; 0 = no phone has told the time
        self._touched_ms = board.clock()
        self.state, actions = terminal.start(**self._equipment())
        self._do(actions)

    @property
    def deadline_ms(self):
        """When `poll` must be called again even if nothing happens, on the board's clock; None = never."""
        due = [self._link.deadline_ms]
        if self._chip.reading:
            due.append(self._board.clock())
        if self.state.held:
            due.append(self._touched_ms + HELD_MAX_MS)
        due = [one for one in due if one is not None]
        return min(due) if due else None

    @property
    def reading(self):
        """Is a chip being read, so that `poll` has something to do at once?"""
        return self._chip.reading

    @property
    def showing(self):
        """(key, parameters) of the text of `words` that was shown last."""
        return self._display.showing

    def poll(self):
        """Take one key, one swipe, one step of the chip and what the line holds; write what the line wants.

        Never blocks.
        """
        now_ms = self._board.clock()
        for event in self._link.receive(self._board.serial.read(), now_ms):
            self._on_link(event)
        self._poll_card(now_ms)
        self._poll_keypad(now_ms)
        for event in self._link.tick(now_ms):  # starts the clock of what was just said
            self._on_link(event)
        out = self._link.outgoing()
        if out:
            self._board.serial.write(out)

    def _equipment(self):
        board = self._board
        ways = [way for way, port in ((TYPE, board.typist), (PICTURE, board.picture)) if port is not None]
        return {
            "keyless": self._vault.keyless(),
            "pin_on": self._vault.pin_on,
            "has_slot": board.slot is not None,
            "ways": tuple(ways),
        }

    # ---- what happens

    def _poll_card(self, now_ms):
        happened = self._chip.look()
        if happened:
            self._touched_ms = now_ms
            self._step(happened, None)
        elif self._chip.reading:
            self._touched_ms = now_ms
            self._on_chip(self._chip.turn())
        stripes = self._board.head.read()
        if stripes is not None:
            self._touched_ms = now_ms
            self._swiped(stripes)

    def _swiped(self, stripes):
        try:
            swiped = card.read(stripes)
        except StripeError as error:
            self._step("bad-card", error.slug)
            return
        if self.state.held:  # one card at a time: what is in hand stays
            swiped.wipe()
            return
        self._hand.take_stripe(swiped)
        self._step("card", swiped.has_chip())
        if not self.state.held:  # nobody wanted it
            self._hand.wipe()

    def _on_chip(self, event):
        if event is None:
            return
        if event[0] == "chip-read":
            self._hand.take_chip(event[1])
        self._step(event[0], event[1] if event[0] != "chip-read" else None)

    def _poll_keypad(self, now_ms):
        key = self._board.keypad.read()
        if key is not None:
            self._touched_ms = now_ms
            self._display.beep(beeps.KEY)
            self._step("digit" if key in "0123456789" else key, key)
        elif self.state.held and now_ms - self._touched_ms >= HELD_MAX_MS:
            self._step("time-out", None)

    def _on_link(self, event):
        handler = ON_LINK.get(type(event))
        if handler:
            handler(self, event)

    def _link_up(self, _):
        self._step("link-lost", None)  # what was under way is not any more
        self._link.hello(self._serial(), FIRMWARE)

    def _serial(self):
        return int.from_bytes(self._vault.keys.key_id[4:], "big")

    def _link_lost(self, _):
        self._step("link-lost", None)

    def _permission(self, event):
        self._unix_at_0 = event.unix_s - self._board.clock() // 1000
        self._step("permission", None)

    def _stored(self, _):
        self._board.tell("reader.sent")
        self._step("stored", None)

    def _send_again(self, event):
        self._step("again", event.code)

    def _show_text(self, event):
        self._display.phone(event.text, self.state)

    def _keys_asked(self, _):
        keys = self._vault.keys
        self._link.keys_told(keys.key_id.hex().upper(), keys.counter, keyload.opens_with(keys))

    def _key_arrived(self, event):
        done, value = keyload.take(self._cipher, self._vault, event.text)
        self._link.key_answered(done, value)
        self._board.tell("reader.keys", done=done, value=value)
        if done == keyload.LOADED:
            self._step("keys", None)

    def _result_arrived(self, event):
        verdict, sale = self._check(event.text)
        self._link.verdict(verdict)
        if sale:
            self._outcome(sale)
        else:
            self._board.tell("reader.result", outcome="", version=0, genuine=int(verdict == answer.GENUINE))

    def _check(self, text):
        """Armour text of a result -> verdict, sale to show."""
        try:
            kind, body = armour.from_text(text)
        except WireError:
            return answer.NOT_GENUINE, None
        if kind != armour.RESULT:
            return answer.NOT_GENUINE, None
        try:
            return answer.open_result(self._cipher, self._vault, body)
        except JournalError as error:
            self._step("fault", error.slug)
            return answer.UNKNOWN_SALE, None

    def _outcome(self, sale):
        view = self._vault.view(sale)
        said = CANCEL_ASKED if view.is_waiting() else outcome.NAMES[view.outcome]
        self._board.tell("reader.result", outcome=said, version=view.version, genuine=1)
        self._step("outcome", view)
        original = self._vault.stands_again(sale)
        if original:
            self._step("outcome", self._vault.view(original))

    # ---- what the terminal wants

    def _step(self, kind, value):
        self.state, actions = terminal.step(self.state, (kind, value))
        self._do(actions)

    def _do(self, actions):
        for action in actions:
            try:
                DO[action[0]](self, *action[1:])
            except (JournalError, WireError) as error:
                self._step("fault", error.slug)
            except OSError:  # a keyboard or picture that does not work; the sale is kept
                self._step("fault", "io")

    def _do_show(self, key, *parameters):
        self._display.show(key, parameters, self.state)

    def _do_forget(self):
        self._chip.stop()
        self._hand.wipe()

    def _do_pin_key(self, typed):
        self._hand.key(typed)

    def _do_pin_wipe(self):
        self._hand.wipe_pin()

    def _do_read_chip(self, order):
        told = terminal_of(self._serial(), pin_on=self._vault.pin_on)
        pin, number = self._hand.pin_length > 0, self._vault.following
        sale = sale_of(order, self._now_s(), self._board.random, number=number, pin=pin)
        self._on_chip(self._chip.start(told, sale))

    def _do_chosen(self, place):
        self._on_chip(self._chip.choose(place))

    def _do_seal(self, order):
        sale = self._till.sell(order, self._now_s())
        if sale is None:
            self._step("no-keys", None)
            return
        characters = len(self._armoured(sale.ksn))
        self._board.tell("reader.sealed", ksn=sale.ksn.hex(), slip=sale.slip, characters=characters)
        self._step("sealed", (sale.ksn, sale.slip))

    def _armoured(self, ksn):
        """Armour text of a kept sale: the same each time it is sent. Raises JournalError."""
        sealed = self._vault.sealed(ksn)
        if sealed is None:
            raise JournalError("no such sale")
        return armour.to_text(armour.SALE, sealed)

    def _now_s(self):
        return self._unix_at_0 + self._board.clock() // 1000 if self._unix_at_0 else 0

    def _do_send(self, ksn):
        self._link.sale(self._armoured(ksn))

    def _do_type(self, ksn):
        self._board.typist.type(armour.block(*armour.from_text(self._armoured(ksn))))

    def _do_picture(self, ksn):
        self._board.picture.show(self._armoured(ksn))

    def _do_picture_off(self):
        if self._board.picture is not None:
            self._board.picture.show("")

    def _do_drop(self, ksn):
        self._vault.drop(ksn)

    def _do_new_slip(self):
        if self._vault.again:
            self._vault.new_slip()

    def _do_language(self):
        self._vault.change_language()

    def _do_list_sales(self):
        self._step("sales", [self._vault.view(sale) for sale in reversed(self._vault.sales)])

    def _do_look(self, ksn):
        sale = self._vault.find(ksn)
        self._step("looked", self._vault.view(sale) if sale else None)

    def _do_list_codes(self):
        sales = [sale for sale in reversed(self._vault.sales) if sale.takes_code()]
        self._step("codes", [(sale.ksn, sale.slip) for sale in sales])

    def _do_try_code(self, ksn, digits):
        sale = answer.meant(self._cipher, self._vault, ksn, digits)
        verdict, shown = answer.try_code(self._cipher, self._vault, sale, digits)
        if shown:
            self._outcome(shown)
        elif verdict == answer.GENUINE:
            self._step("seen-code", None)
        else:
            self._board.tell("reader.result", outcome="", version=0, genuine=0)
            self._step("wrong-code", sale.tries_left())


ON_LINK = {
    events.LinkUp: Reader._link_up,
    events.LinkLost: Reader._link_lost,
    events.Permission: Reader._permission,
    events.Stored: Reader._stored,
    events.SendAgain: Reader._send_again,
    events.ResultArrived: Reader._result_arrived,
    events.ShowText: Reader._show_text,
    events.KeysAsked: Reader._keys_asked,
    events.KeyArrived: Reader._key_arrived,
}

DO = {
    "show": Reader._do_show,
    "forget": Reader._do_forget,
    "pin-key": Reader._do_pin_key,
    "pin-wipe": Reader._do_pin_wipe,
    "read-chip": Reader._do_read_chip,
    "chosen": Reader._do_chosen,
    "seal": Reader._do_seal,
    "send": Reader._do_send,
    "type": Reader._do_type,
    "picture": Reader._do_picture,
    "picture-off": Reader._do_picture_off,
    "drop": Reader._do_drop,
    "new-slip": Reader._do_new_slip,
    "language": Reader._do_language,
    "list-sales": Reader._do_list_sales,
    "look": Reader._do_look,
    "list-codes": Reader._do_list_codes,
    "try-code": Reader._do_try_code,
}
