"""One ISO 8583 message <-> bytes, by a profile; and its masked transcript."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import iso8583

from cafis_adapter.profile import Profile

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
    """A message -> its bytes without the length prefix. Raises MessageError."""
    document = {"t": message.mti}
    for number, value in message.fields.items():
        element = profile.elements.get(number)
        if element is None:
            raise MessageError("field-unknown", f"DE{number}")
        document[str(number)] = element.fitted(value)
        if not element.accepts(document[str(number)]):
            raise MessageError("field-type", f"DE{number}")
    done = _encoded(profile, document)
    if isinstance(done, str):
        raise MessageError("field-length", done)
    if len(done) > profile.body_max:
        raise MessageError("message-too-long", f"{len(done)}")
    return _with_secondary(done) if profile.secondary_bitmap_always else done


def unpack(profile: Profile, body: bytes) -> Message:
    """Bytes without the length prefix -> a message, every element of the right kind. Raises MessageError."""
    done = _decoded(profile, body)
    if isinstance(done, str):
        raise MessageError("message-undecodable", done)
    document, lengths = done
    mti = document.pop("t")
    if not (mti.isascii() and mti.isdigit()):
        raise MessageError("mti-unknown", "MTI")
    fields = {int(key): value for key, value in document.items() if key.isdigit() and key != "1"}
    for number, value in fields.items():
        if not (profile.elements[number].accepts(value) and (lengths[number] or b"0").isdigit()):
            raise MessageError("field-type", f"DE{number}")
    return Message(mti, fields)


def _with_secondary(body: bytes) -> bytes:
    """Bit 1 set and, where nothing above DE64 is there, an empty second bitmap."""
    if body[4] & 0x80:
        return body
    return body[:4] + bytes([body[4] | 0x80]) + body[5:12] + bytes(8) + body[12:]


def _encoded(profile: Profile, document: dict[str, str]) -> bytes | str:
    """The bytes, or where it failed. The library's exceptions carry the card data: none may leave."""
    try:
        return bytes(iso8583.encode(document, profile.spec)[0])
    except iso8583.EncodeError as error:
        return f"DE{error.field}"


def _decoded(profile: Profile, body: bytes) -> tuple[dict[str, str], dict[int, bytes]] | str:
    """Values and raw lengths by element, or where it failed. See `_encoded` for why nothing is raised."""
    try:
        values, raw = iso8583.decode(body, profile.spec)
    except iso8583.DecodeError as error:
        return f"DE{error.field}"
    except KeyError:
        return "bitmap"
    return dict(values), {int(key): part["len"] for key, part in raw.items() if key.isdigit()}
