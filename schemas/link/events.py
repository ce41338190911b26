"""What the two sides tell each other: one class per message, and its text in the frame's body."""

from schemas.errors import WireError
from schemas.link import text

VERDICTS = ("genuine", "not-genuine", "unknown-sale")
OPENERS = ("transport", "update", "none")
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
CODE_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789-"
HEX = "0123456789ABCDEF"
CAPITALS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CODE_MAX, FIRMWARE_MAX, ARMOUR_MAX, BLOCK = 16, 32, 1200, 144
LOADED, REFUSED = "loaded", "refused"


class Event:
    """Something a session tells its caller."""

    __slots__ = ()

    def __eq__(self, other):
        if type(other) is not type(self):
            return False
        return all([getattr(self, name) == getattr(other, name) for name in self.__slots__])

    def __repr__(self):
        return type(self).__name__


class LinkUp(Event):
    """Both sides are there. Whatever was under way before is not: the reader says hello again."""

    __slots__ = ()


class LinkLost(Event):
    """The other side fell silent or out of step. Nothing is under way; calls go out until it is back."""

    __slots__ = ()


class Hello(Event):
    """serial: of the reader, uint32 (derivation ID of its keys). firmware: its version, 1..32 characters."""

    __slots__ = ("firmware", "serial")

    def __init__(self, serial, firmware):
        self.serial = serial
        self.firmware = firmware


class Permission(Event):
    """The reader may transfer. unix_s: the phone's clock, seconds UTC, uint32."""

    __slots__ = ("unix_s",)

    def __init__(self, unix_s):
        self.unix_s = unix_s


class _Text(Event):
    __slots__ = ("text",)

    def __init__(self, text):
        self.text = text

    def __eq__(self, other):
        return type(other) is type(self) and self.text == other.text


class SaleArrived(_Text):
    """text: ``armour.to_text`` of a sealed sale."""

    __slots__ = ()


class ResultArrived(_Text):
    """text: ``armour.to_text`` of a sealed result."""

    __slots__ = ()


class ShowText(_Text):
    """text for the LCD: ASCII, half-width kana, yen sign, LF between lines."""

    __slots__ = ()


class Stored(Event):
    """The sale is on the phone's stable storage."""

    __slots__ = ()


class _Code(Event):
    __slots__ = ("code",)

    def __init__(self, code):
        self.code = code

    def __eq__(self, other):
        return type(other) is type(self) and self.code == other.code


class SendAgain(_Code):
    """The sale could not be kept. code: why, 1..16 of a-z, 0-9, hyphen."""

    __slots__ = ()


class Verdict(_Code):
    """What the reader thinks of a result. code: one of VERDICTS."""

    __slots__ = ()


class KeysAsked(Event):
    """Somebody with the phone's end of the line wants to know what keys the reader has."""

    __slots__ = ()


class KeysTold(Event):
    """What keys the reader has. key_id: 16 hex capitals; counter: of its next sale, uint32, 0 = none left;
    opens: one of OPENERS, what the next key block has to be wrapped under."""

    __slots__ = ("counter", "key_id", "opens")

    def __init__(self, key_id, counter, opens):
        self.key_id = key_id
        self.counter = counter
        self.opens = opens


class KeyArrived(_Text):
    """text: a key block of `schemas.keyblock`, 144 digits and capitals."""

    __slots__ = ()


class KeyAnswered(Event):
    """The key block is loaded and durable, value: its check value, 6 hex capitals. Or REFUSED, value: why."""

    __slots__ = ("done", "value")

    def __init__(self, done, value):
        self.done = done
        self.value = value


def encode(event):
    """A message -> the body of its frame. Raises WireError: link-body, link-text."""
    return _CODECS[type(event)][0](event)


def decode(event_type, body):
    """The body of a frame -> the message of that class. Raises WireError: link-body, link-text."""
    try:
        event = _CODECS[event_type][1](body)
    except ValueError:
        event = None
    if event is None or encode(event) != body:
        raise WireError("link-body", event_type.__name__)
    return event


def _need(true, event, field):
    if not true:
        raise WireError("link-body", "%s.%s" % (type(event).__name__, field))


def _made_of(value, letters, longest):
    return type(value) is str and 1 <= len(value) <= longest and all([letter in letters for letter in value])


def _uint32(value):
    return type(value) is int and 0 <= value <= 0xFFFFFFFF


def _hello(event):
    _need(_uint32(event.serial), event, "serial")
    _need(_made_of(event.firmware, text.PRINTABLE, FIRMWARE_MAX), event, "firmware")
    return "%08X %s" % (event.serial, event.firmware)


def _permission(event):
    _need(_uint32(event.unix_s), event, "unix_s")
    return str(event.unix_s)


def _armoured(event):
    _need(_made_of(event.text, BASE32, ARMOUR_MAX), event, "text")
    return event.text


def _code(event):
    _need(_made_of(event.code, CODE_LETTERS, CODE_MAX), event, "code")
    return event.code


def _verdict(event):
    _need(event.code in VERDICTS, event, "code")
    return event.code


def _keys_told(event):
    _need(_hex(event.key_id, 16), event, "key_id")
    _need(_uint32(event.counter), event, "counter")
    _need(event.opens in OPENERS, event, "opens")
    return "%s %08X %s" % (event.key_id, event.counter, event.opens)


def _key(event):
    _need(_made_of(event.text, CAPITALS, BLOCK) and len(event.text) == BLOCK, event, "text")
    return event.text


def _key_answered(event):
    code = event.done == REFUSED and _made_of(event.value, CODE_LETTERS, CODE_MAX)
    _need(code or (event.done == LOADED and _hex(event.value, 6)), event, "value")
    return event.done + " " + event.value


def _hex(value, length):
    return _made_of(value, HEX, length) and len(value) == length


_CODECS = {
    Hello: (_hello, lambda body: Hello(int(body[:8], 16), body[9:])),
    Permission: (_permission, lambda body: Permission(int(body))),
    SaleArrived: (_armoured, SaleArrived),
    Stored: (lambda _: "", lambda _: Stored()),
    SendAgain: (_code, SendAgain),
    ResultArrived: (_armoured, ResultArrived),
    ShowText: (lambda event: text.escape(event.text), lambda body: ShowText(text.unescape(body))),
    Verdict: (_verdict, Verdict),
    KeysAsked: (lambda _: "", lambda _: KeysAsked()),
    KeysTold: (_keys_told, lambda body: KeysTold(body[:16], int(body[17:25], 16), body[26:])),
    KeyArrived: (_key, KeyArrived),
    KeyAnswered: (_key_answered, lambda body: KeyAnswered(body.partition(" ")[0], body.partition(" ")[2])),
}
