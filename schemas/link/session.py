"""The conversation of reader and phone: bytes in, events out. Stop and wait below, one table above.

Both ends run this file. A caller writes ``outgoing()`` to the line, hands what it reads to ``receive`` and
calls ``tick`` no later than ``deadline_ms``. LinkUp begins a conversation, always with nothing under way.
"""

from schemas.errors import WireError
from schemas.link import events, frames
from schemas.link.events import (
    Hello,
    KeyAnswered,
    KeyArrived,
    KeysAsked,
    KeysTold,
    LinkLost,
    LinkUp,
    Permission,
    ResultArrived,
    SaleArrived,
    SendAgain,
    ShowText,
    Stored,
    Verdict,
)
from schemas.link.table import (
    ACK,
    AGAIN,
    CALL,
    HELLO,
    KEY,
    KEY_ANSWERED,
    KEYS_ASKED,
    KEYS_TOLD,
    LANES,
    MESSAGES,
    NAK,
    PERMISSION,
    PHONE,
    READER,
    RESULT,
    SALE,
    SHOW,
    START,
    STORED,
    VERDICT,
    step,
)

VERSION = "1"

BYTES_PER_S = 960  # 9600 8N1
ACK_WAIT_MS = 2000
"""Beyond the frame's own time on the line. A whole frame the other way may come before the ACK: 1.26 s."""
CALL_MS = 1000
"""Between two calls of one that waits for the other side to be there."""
SENDS_MAX = 5
"""Of one frame; then LinkLost."""
WAITING_MAX = 8
"""Frames in the queue."""


class Session:
    """One end of the line; role is READER or PHONE."""

    def __init__(self, role):
        self.role = role
        self.deadline_ms = None
        self._decoder = frames.Decoder()
        self._now_ms = 0
        self._out = b""
        self._nak_sent = False
        self._start(up=False)
        self._call()

    # ---- what a reader says

    def hello(self, serial, firmware):
        """serial: of the reader, uint32. firmware: its version, printable ASCII."""
        self._say(HELLO, Hello(serial, firmware))

    def sale(self, text):
        """text: ``armour.to_text`` of the sealed sale. Answered by Stored or SendAgain."""
        self._say(SALE, SaleArrived(text))

    def verdict(self, code):
        """code: one of ``events.VERDICTS``; the answer to ResultArrived."""
        self._say(VERDICT, Verdict(code))

    def keys_told(self, key_id, counter, opens):
        """The answer to KeysAsked; see ``events.KeysTold``."""
        self._say(KEYS_TOLD, KeysTold(key_id, counter, opens))

    def key_answered(self, done, value):
        """The answer to KeyArrived: LOADED and the check value, or REFUSED and a code."""
        self._say(KEY_ANSWERED, KeyAnswered(done, value))

    # ---- what a phone says

    def permission(self, unix_s):
        """unix_s: the phone's clock. After Hello, then every 10 minutes."""
        self._say(PERMISSION, Permission(unix_s))

    def stored(self):
        """The sale that arrived is on stable storage."""
        self._say(STORED, Stored())

    def again(self, code):
        """The sale that arrived could not be kept. code: why, for the LCD."""
        self._say(AGAIN, SendAgain(code))

    def result(self, text):
        """text: ``armour.to_text`` of the sealed result. Answered by Verdict."""
        self._say(RESULT, ResultArrived(text))

    def show(self, text):
        """text for the LCD: ASCII, half-width kana, yen sign, LF."""
        self._say(SHOW, ShowText(text))

    # ---- what one says who has keys for a reader, with the phone's role

    def ask_keys(self):
        """What keys has it? Answered by KeysTold. A reader of an earlier firmware is lost by it."""
        self._say(KEYS_ASKED, KeysAsked())

    def key(self, text):
        """text: a key block. Answered by KeyAnswered."""
        self._say(KEY, KeyArrived(text))

    # ---- the line

    def may(self, frame):
        """Whether that frame may be said now."""
        return MESSAGES[frame][0] == self.role and step(self._states, frame) is not None

    def outgoing(self):
        """-> the bytes to write now; they are not given twice."""
        out, self._out = self._out, b""
        return out

    def receive(self, data, now_ms):
        """Bytes from the line and the time -> list of events."""
        self._now_ms = now_ms
        told = []
        for item in self._decoder.feed(data):
            if type(item) is frames.Damaged:
                self._complain()
            else:
                self._nak_sent = False
                self._take(item, told)
        return self.tick(now_ms) or told

    def tick(self, now_ms):
        """The time -> list of events. Starts the clock of a fresh frame, re-sends one that got no ACK."""
        self._now_ms = now_ms
        if self._sent is None:
            return []
        if self._clock_ms is None:
            self._clock_ms = now_ms
        elif now_ms >= self.deadline_ms:
            return self._resend()
        self._set_deadline()
        return []

    # ---- sending

    def _say(self, frame, message):
        """Queues one message. Raises WireError: link-order, link-full, link-body, link-text."""
        if not self.may(frame):
            raise WireError("link-order", frame)
        if len(self._waiting) == WAITING_MAX:
            raise WireError("link-full", frame)
        self._waiting.append((frame, events.encode(message)))
        self._states = step(self._states, frame)
        self._send_next()

    def _send_next(self):
        if self._sent is None and self._waiting:
            frame, body = self._waiting.pop(0)
            self._send(frame, self._seq, body)
            self._seq = self._seq % 9 + 1

    def _send(self, frame, seq, body):
        """Sends one frame that wants an ACK."""
        self._sent = frames.encode(frame, seq, body)
        self._sent_seq = seq
        self._sends = 0
        self._transmit()

    def _transmit(self):
        self._out += self._sent
        self._sends += 1
        self._clock_ms = None
        self.deadline_ms = self._now_ms  # due at once: the next tick starts the clock

    def _set_deadline(self):
        wait_ms = ACK_WAIT_MS if self._up else CALL_MS
        self.deadline_ms = self._clock_ms + wait_ms + len(self._sent) * 1000 // BYTES_PER_S

    def _resend(self):
        if self._up and self._sends >= SENDS_MAX:
            return self._lose()
        self._transmit()
        return self.tick(self._now_ms)

    def _complain(self):
        """One NAK until the next good frame: two ends on a bad line must not NAK each other for ever."""
        if not self._nak_sent:
            self._nak_sent = True
            self._out += frames.encode(NAK, 0, "")

    # ---- receiving

    def _take(self, frame, told):
        if frame.type == CALL:
            self._take_call(frame, told)
        elif frame.type == ACK:
            self._take_ack(frame, told)
        elif frame.type == NAK:
            self._take_nak(told)
        elif self._up:
            self._take_message(frame, told)

    def _take_call(self, frame, told):
        """The other side knows nothing any more, so neither do we."""
        # Our own role or another version is nobody to talk to: without an ACK nothing comes up.
        if frame.body != _call_body(PHONE if self.role == READER else READER):
            return
        self._start(up=True)
        self._out += frames.encode(ACK, frame.seq, "")
        told[:] = [LinkUp()]  # an older event could not be answered any more

    def _take_ack(self, frame, told):
        if self._sent is None or frame.seq != self._sent_seq:
            return
        self._sent = None
        self.deadline_ms = None
        if not self._up:
            self._start(up=True)
            told[:] = [LinkUp()]
        self._send_next()

    def _take_nak(self, told):
        if self._sent is not None:
            told[:] = self._resend() or told

    def _take_message(self, frame, told):
        """In order: acknowledged and told. The one before: acknowledged. All else: out of step, call anew."""
        if frame.seq != self._heard or frame.seq == 0:
            message = self._understood(frame)
            if message is None:
                told[:] = self._lose()
                return
            self._heard = frame.seq
            self._states = step(self._states, frame.type)
            told.append(message)
        self._out += frames.encode(ACK, frame.seq, "")

    def _understood(self, frame):
        """-> the message, or None for what the other side may not say, or not now, or not so."""
        sender, message_type = MESSAGES.get(frame.type, (self.role, None))
        if sender == self.role or frame.seq != self._heard % 9 + 1 or step(self._states, frame.type) is None:
            return None
        try:
            return events.decode(message_type, frame.body)
        except WireError:
            return None

    # ---- beginning

    def _start(self, *, up):
        """Nothing said, nothing heard, nothing under way."""
        self._up = up
        self._states = {lane: START for lane in LANES}
        self._waiting = []
        self._sent = None
        self._sent_seq = self._sends = 0
        self._clock_ms = self.deadline_ms = None
        self._seq = 1
        self._heard = 0

    def _call(self):
        self._send(CALL, 0, _call_body(self.role))

    def _lose(self):
        self._start(up=False)
        self._call()
        return [LinkLost()]


def _call_body(role):
    return VERSION + " " + role
