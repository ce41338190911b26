"""What may be wrong with a test card, by name: faults and malice, each one change of one answer."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from card_reader_fw.emv.select import PSE
from card_reader_fw.emv.tlv import encode

SELECT, OPTIONS, RECORD, GENERATE = 0xA4, 0xA8, 0xB2, 0xAE
EVERY = 0
OK = b"\x90\x00"
MUTE = "mute"


class Removed(Exception):
    """The card is pulled out before it answers."""


@dataclass(frozen=True, slots=True)
class Fault:
    """says: one sentence; ins: of the commands whose answer is changed; change: (command, response, a number
    that differs from answer to answer) -> response, b"" = silence; may raise Removed."""

    name: str
    says: str
    ins: int
    change: Callable[[bytes, bytes, int], bytes]

    def apply(self, apdu: bytes, response: bytes, number: int) -> bytes:
        """The response as this fault leaves it."""
        concerned = self.ins == EVERY or apdu[1:2] == bytes((self.ins,))
        return self.change(apdu, response, number) if concerned else response


def _status(word: str) -> Callable[[bytes, bytes, int], bytes]:
    return lambda *_: bytes.fromhex(word)


def _application(word: str) -> Callable[[bytes, bytes, int], bytes]:
    """Another answer to SELECT, but not for the directory."""
    return lambda apdu, response, _: response if PSE in apdu else bytes.fromhex(word)


def _body(make: Callable[[bytes], bytes]) -> Callable[[bytes, bytes, int], bytes]:
    """Another body under 9000; other status words stay."""
    return lambda _, response, __: make(response[:-2]) + OK if response.endswith(OK) else response


def _kind(kind: int) -> Callable[[bytes, bytes, int], bytes]:
    """Another kind of cryptogram, in format 1 or 2."""

    def make(body: bytes) -> bytes:
        at = 2 if body[:1] == b"\x80" else 5
        return body[:at] + bytes((kind,)) + body[at + 1 :]

    return _body(make)


def _nameless(body: bytes) -> bytes:
    """57 becomes another tag."""
    return body.replace(b"\x57\x11", b"\x56\x11", 1)


def _again(body: bytes) -> bytes:
    """A record with all its data twice."""
    return encode(0x70, body[2:] * 2) if body[:1] == b"\x70" and len(body) < 120 else body


def _other_card(body: bytes) -> bytes:
    """The last digit but one of tag 5A."""
    at = body.find(b"\x5a\x08")
    return body if at < 0 else body[: at + 9] + bytes((body[at + 9] ^ 0x10,)) + body[at + 10 :]


def _noise(_: bytes, response: bytes, number: int) -> bytes:
    return random.Random(number).randbytes(len(response))


def _removed(*_: object) -> bytes:
    raise Removed


def _removed_late(apdu: bytes, response: bytes, _: int) -> bytes:
    """At the second GENERATE AC, which asks for no more than a refusal."""
    return _removed() if apdu[2] == 0 else response


def _wrong_cryptogram(body: bytes) -> bytes:
    """A bit of the cryptogram, which stands at the same distance from the end in both formats."""
    at = -10 if body[:1] == b"\x80" else -13
    return body[:at] + bytes((body[at] ^ 1,)) + body[at + 1 :]


def _big_list(body: bytes) -> bytes:
    """The card wants 510 bytes for its cryptogram."""
    return body.replace(bytes.fromhex("8C159F02069F0306"), bytes.fromhex("8C159F02FF9F03FF"))


def _long_issuer_data(body: bytes) -> bytes:
    """9F10 of 40 bytes, in format 1."""
    return encode(0x80, body[2:13] + bytes(40))


MANY = encode(0x80, b"\x18\x00" + bytes.fromhex("08011F00" * 30))
BACKWARDS = encode(0x80, b"\x18\x00" + bytes.fromhex("08050100"))
NONE = encode(0x80, b"\x18\x00")

TABLE = (
    (MUTE, "It does not answer when it is powered.", EVERY, _status("")),
    ("silent", "It stops talking at the cryptogram.", GENERATE, _status("")),
    ("removed", "It is pulled out while its records are read.", RECORD, _removed),
    ("removed-late", "It is pulled out after its cryptogram: no harm.", GENERATE, _removed_late),
    ("card-blocked", "Its issuer blocked the card.", SELECT, _status("6A81")),
    ("application-blocked", "Its issuer blocked the application.", SELECT, _application("6283")),
    ("no-application", "It has nothing that the reader knows.", SELECT, _status("6A82")),
    ("unwilling", "Its application will not do it here.", OPTIONS, _status("6985")),
    ("options-fail", "GET PROCESSING OPTIONS breaks.", OPTIONS, _status("6F00")),
    ("cryptogram-fail", "GENERATE AC breaks.", GENERATE, _status("6F00")),
    ("declines", "It refuses (AAC).", GENERATE, _kind(0x00)),
    ("approves", "It says yes offline (TC), which nobody asked.", GENERATE, _kind(0x40)),
    ("wrong-cryptogram", "One bit is wrong: only its issuer sees it.", GENERATE, _body(_wrong_cryptogram)),
    ("no-record", "Its records are missing.", RECORD, _status("6A83")),
    ("no-track2", "It has no track 2 equivalent data.", RECORD, _body(_nameless)),
    ("other-card", "Two of its data objects name different cards.", RECORD, _body(_other_card)),
    ("data-twice", "Its records say things twice.", RECORD, _body(_again)),
    ("cut", "Its data objects end too early.", RECORD, _body(lambda body: body[:-3])),
    ("many-records", "It names 930 records.", OPTIONS, _body(lambda _: MANY)),
    ("records-backwards", "It names records 5 to 1.", OPTIONS, _body(lambda _: BACKWARDS)),
    ("no-records", "It names no record.", OPTIONS, _body(lambda _: NONE)),
    ("big-list", "It wants 510 bytes for one command.", RECORD, _body(_big_list)),
    ("more-for-ever", "It always has one byte more (61xx).", EVERY, _status("006101")),
    ("wrong-length", "It never likes a length (6Cxx).", EVERY, _status("6C10")),
    ("long-answer", "Its answers have 1000 bytes.", EVERY, _status("70" * 1000 + "9000")),
    ("half-status", "It answers one byte.", EVERY, _status("90")),
    ("long-issuer-data", "Its issuer's data has 40 bytes.", GENERATE, _body(_long_issuer_data)),
    ("noise", "It answers noise.", EVERY, _noise),
)
FAULTS = {row[0]: Fault(*row) for row in TABLE}
