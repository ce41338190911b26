"""The reader: board, terminal, vault and link put together. `poll` does what is due and returns.

Board ports: `head.read()` -> what each head heard of one swipe (list of lists of flux intervals) or None;
`keypad.read()` -> a key or None;
`lcd.show(line1, line2, state)`; `serial.read()` -> bytes, `serial.write(bytes)`; `clock()` -> milliseconds
since power-on, never going back; `flash` (see `journal`); `cipher` (see `crypto.aes`; None = the firmware's
own); `tell(verb, **facts)`, the test bench's view.
"""

from card_reader_fw import answer, terminal, vault, words
from card_reader_fw.crypto import aes
from card_reader_fw.journal import Journal, JournalError
from card_reader_fw.open_sale import REENTRIES_MAX, View
from card_reader_fw.seal import derive, seal
from card_reader_fw.track import card
from card_reader_fw.track.f2f import StripeError
from schemas.envelope import armour, outcome, payload
from schemas.errors import WireError
from schemas.link import events, session

FIRMWARE = "hagaki 0.1"


class Reader:
    """One reader, from power-on. state: terminal.State; showing: (key, parameters) last shown."""

    def __init__(self, board):
        self._board = board
        self._cipher = board.cipher or aes.cipher
        self._vault = vault.load(Journal(board.flash))
        self._link = session.Session(session.READER)
        self._sealed = ""  # armour text of the sale in hand
        self._unix_at_0 = 0  # unix seconds at clock() == 0; 0 = no phone has told the time
        keyless = self._vault is None or self._vault.keys.counter == 0
        self.state, actions = terminal.start(keyless)
        self._do(actions)

    @property
    def deadline_ms(self):
        """When `poll` must be called again even if nothing happens, on the board's clock; None = never."""
        return self._link.deadline_ms

    def poll(self):
        """Take one key, one swipe and what the line holds; write what the line wants. Never blocks."""
        now_ms = self._board.clock()
        for event in self._link.receive(self._board.serial.read(), now_ms):
            self._on_link(event)
        self._poll_head()
        self._poll_keypad()
        for event in self._link.tick(now_ms):  # starts the clock of what was just said
            self._on_link(event)
        out = self._link.outgoing()
        if out:
            self._board.serial.write(out)

    # ---- what happens

    def _poll_head(self):
        stripes = self._board.head.read()
        if stripes is None:
            return
        try:
            self._step("card", card.read(stripes))
        except StripeError as error:
            self._step("bad-card", error.slug)

    def _poll_keypad(self):
        key = self._board.keypad.read()
        if key is not None:
            self._step("digit" if key in "0123456789" else key, key)

    def _on_link(self, event):
        handler = ON_LINK.get(type(event))
        if handler:
            handler(self, event)

    def _link_up(self, _):
        self._step("link-lost", None)  # what was under way is not any more
        serial = int.from_bytes(self._vault.keys.key_id[4:], "big") if self._vault else 0
        self._link.hello(serial, FIRMWARE)

    def _link_lost(self, _):
        self._step("link-lost", None)

    def _permission(self, event):
        self._unix_at_0 = event.unix_s - self._board.clock() // 1000
        self._step("permission", None)

    def _stored(self, _):
        self._sealed = ""
        self._board.tell("reader.sent")
        self._step("stored", None)

    def _send_again(self, event):
        self._step("again", event.code)

    def _show_text(self, event):
        first, _, second = event.text.partition("\n")
        self._show("phone", (first, second.replace("\n", " ")))

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
        if kind != armour.RESULT or self._vault is None:
            return answer.NOT_GENUINE, None
        try:
            return answer.open_result(self._cipher, self._vault, body)
        except JournalError as error:
            self._step("fault", error.slug)
            return answer.UNKNOWN_SALE, None

    def _outcome(self, sale):
        view = View(sale)
        self._board.tell(
            "reader.result", outcome=outcome.NAMES[view.outcome], version=view.version, genuine=1
        )
        self._step("outcome", view)

    # ---- what the terminal wants

    def _step(self, kind, value):
        self.state, actions = terminal.step(self.state, (kind, value))
        self._do(actions)

    def _do(self, actions):
        for action in actions:
            try:
                DO[action[0]](self, *action[1:])
            except JournalError as error:
                self._step("fault", error.slug)

    def _show(self, key, parameters):
        language = self._vault.language if self._vault else "en"
        if key == "result":
            first, second = words.result(language, parameters[0])
        else:
            first, second = words.lines(language, key, *parameters)
        self._board.lcd.show(first, second, self.state.name)

    def _do_show(self, key, *parameters):
        self.showing = (key, parameters)
        if key == terminal.IDLE:
            key, parameters = self._idle()
        self._show(key, parameters)

    def _idle(self):
        waiting = len([sale for sale in self._vault.sales if sale.awaited()])
        if self._vault.reentry:
            return "idle-again", (self._vault.slip, self._vault.reentry, REENTRIES_MAX)
        return ("idle-open", (waiting,)) if waiting else ("idle", ())

    def _do_seal(self, order):
        taken = self._vault.next_key(self._cipher)
        if taken is None:
            self._step("no-keys", None)
            return
        ksn, key = taken
        slip, reentry = self._vault.slip, self._vault.reentry
        seal_key, result_key, code_key = derive(self._cipher, ksn, key)
        self._vault.keep(ksn, order.amount_minor, result_key, code_key)
        sealed = seal(self._cipher, seal_key, ksn, self._sale(order, slip, reentry))
        self._sealed = armour.to_text(armour.SALE, sealed)
        self._board.tell("reader.sealed", ksn=ksn.hex(), slip=slip, characters=len(self._sealed))
        self._step("sealed", (ksn, slip))

    def _sale(self, order, slip, reentry):
        sale = payload.Sale(kind=payload.SALE, amount_minor=order.amount_minor, currency=answer.CURRENCY)
        sale.reader_time_s = self._now_s()
        sale.entry_mode = payload.STRIPE_JIS2 if order.card.jis2 else payload.STRIPE
        sale.track2 = order.card.track2.text if order.card.track2 else bytearray()
        sale.jis2 = order.card.jis2
        sale.condition, sale.condition_count = order.condition, order.count
        sale.slip, sale.reentry = slip, reentry
        return sale

    def _now_s(self):
        return self._unix_at_0 + self._board.clock() // 1000 if self._unix_at_0 else 0

    def _do_send(self):
        self._link.sale(self._sealed)

    def _do_drop(self, ksn):
        self._sealed = ""
        self._vault.drop(ksn)

    def _do_new_slip(self):
        if self._vault.reentry:
            self._vault.new_slip()

    def _do_list_codes(self):
        sales = [sale for sale in reversed(self._vault.sales) if sale.takes_code()] if self._vault else []
        self._step("codes", [(sale.ksn, sale.slip) for sale in sales])

    def _do_try_code(self, ksn, digits):
        sale = self._vault.find(ksn)
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
}

DO = {
    "show": Reader._do_show,
    "seal": Reader._do_seal,
    "send": Reader._do_send,
    "drop": Reader._do_drop,
    "new-slip": Reader._do_new_slip,
    "list-codes": Reader._do_list_codes,
    "try-code": Reader._do_try_code,
}
