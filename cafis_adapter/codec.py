"""One ISO 8583 message <-> bytes, by a profile; and its masked transcript."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from cafis_adapter.element import Element
from cafis_adapter.plan import SEPARATOR, plan_of
from cafis_adapter.profile import Profile

_MTI: Final = 4
_HALF: Final = 8
_WHOLE: Final = 16
_LAST: Final = 128

SHOWN: Final = frozenset({3, 4, 7, 11, 12, 13, 15, 22, 25, 32, 37, 38, 39, 41, 42, 49, 70, 90})
"""Elements a transcript may show. Of every other, its length: what is unknown may hold a card number."""


class MessageError(Exception):
    """Bytes that are no message of the profile, or values that cannot be written. Never holds the data."""

    def __init__(self, slug: str, where: str) -> None:
        super().__init__(f"{slug} at {where}")
        self.slug = slug
        self.where = where


class Message:
    """MTI (four digits) and data elements by number. Printed as its masked transcript."""

    __slots__ = ("fields", "mti")

    def __init__(self, mti: str, fields: Mapping[int, str]) -> None:
        self.mti = mti
        self.fields = fields

    def __getitem__(self, number: int) -> str:
        """The element without its padding behind, or an empty text."""
        return self.fields.get(number, "").rstrip(" ")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Message):
            return NotImplemented
        return (self.mti, self.fields) == (other.mti, other.fields)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Message({transcript(self)})"

    def __reduce__(self) -> str:
        raise TypeError("a message is never serialised as an object")

    def with_fields(self, changes: Mapping[int, str], mti: str = "") -> Message:
        """A copy with some elements replaced, an empty text removing one."""
        fields = {**self.fields, **changes}
        return Message(mti or self.mti, {number: value for number, value in fields.items() if value})


def masked_pan(message: Message) -> str:
    """First six and last four digits of DE2 or DE35 (PCI DSS 3.4.1); an empty text where there is no card."""
    pan = message[2] or message[35].partition("=")[0]
    if len(pan) < 12:
        return "*" * len(pan)
    return pan[:6] + "*" * (len(pan) - 10) + pan[-4:]


def transcript(message: Message) -> str:
    """One line for a log or a journal."""
    parts = [message.mti]
    for number in sorted(message.fields):
        if number == 2:
            shown = masked_pan(message)
        elif number in SHOWN:
            shown = message[number]
        else:
            shown = f"({len(message.fields[number])})"
        parts.append(f"{number}={shown}")
    return " ".join(parts)


def pack(profile: Profile, message: Message) -> bytes:
    """A message -> its bytes without the length prefix (ISO 8583:1987 4). Raises MessageError."""
    fields = message.fields
    try:
        plan = plan_of(profile, tuple(sorted(fields)))
        written = [write(fields[number]) for number, write in plan.writers]
    except (KeyError, ValueError):
        raise _fault(profile, fields) from None
    if plan.pattern.fullmatch(SEPARATOR.join(written)) is None:
        raise _fault(profile, fields)
    body = f"{message.mti}{plan.bitmap}{''.join(written)}".encode("latin-1")
    if len(body) > profile.body_max:
        raise MessageError("message-too-long", f"{len(body)}")
    return body


def unpack(profile: Profile, body: bytes) -> Message:
    """Bytes without the length prefix -> a message, every element of the right kind. Raises MessageError."""
    at = _MTI + (_WHOLE if body[_MTI : _MTI + 1] >= b"\x80" else _HALF)
    if len(body) < at:
        raise MessageError("message-undecodable", "bitmap")
    fields = {}
    for number in _numbers(body[_MTI:at]):
        element = profile.elements.get(number)
        if element is None:
            raise MessageError("message-undecodable", "bitmap")
        data, at = _cut(number, element, body, at)
        fields[number] = _value(number, element, data)
    if at != len(body):
        raise MessageError("message-undecodable", "end")
    mti = body[:_MTI]
    if not mti.isdigit():
        raise MessageError("mti-unknown", "MTI")
    return Message(mti.decode("ascii"), fields)


def _fault(profile: Profile, fields: Mapping[int, str]) -> MessageError:
    """Why they cannot be written: what is wrong with the first element that is at fault."""
    for number in sorted(fields):
        slug = _wrong(profile.elements.get(number), fields[number])
        if slug is not None:
            return MessageError(slug, f"DE{number}")
    return MessageError("field-type", "message")


def _wrong(element: Element | None, value: str) -> str | None:
    if element is None:
        return "field-unknown"
    fitted = element.fitted(value)
    if not element.accepts(fitted):
        return "field-type"
    size = len(fitted) // 2 if element.kind == "b" else len(fitted)
    short = size < element.size_max and not element.length_digits
    return "field-length" if short or size > element.size_max else None


def _cut(number: int, element: Element, body: bytes, at: int) -> tuple[bytes, int]:
    """-> the element's own bytes and the offset after them."""
    size = element.size_max
    if element.length_digits:
        told = body[at : at + element.length_digits]
        at += element.length_digits
        size = int(told) if told.isdigit() and len(told) == element.length_digits else -1
    data = body[at : at + max(size, 0)]
    if not 0 <= size <= element.size_max or len(data) != size:
        raise MessageError("message-undecodable", f"DE{number}")
    return data, at + size


def _value(number: int, element: Element, data: bytes) -> str:
    value = data.hex().upper() if element.kind == "b" else data.decode("ascii", "replace")
    if not element.accepts(value):
        raise MessageError("message-undecodable", f"DE{number}")
    return value


@lru_cache(256)
def _numbers(bitmap: bytes) -> tuple[int, ...]:
    """The elements that a bitmap announces; those of one kind of message are nearly always the same."""
    bits = int.from_bytes(bitmap.ljust(_WHOLE, b"\0"), "big")
    return tuple(number for number in range(2, _LAST + 1) if bits >> _LAST - number & 1)
