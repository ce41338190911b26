"""What stands on a test card: its files, from its profile."""

from __future__ import annotations

from collections.abc import Iterable

from card_reader_fw.board.desk.chip.cards import Application
from card_reader_fw.emv import dol
from card_reader_fw.emv.select import PSE
from card_reader_fw.emv.tlv import encode

AIP = bytes.fromhex("1800")  # holder verification, terminal risk management
# CDOL1 of both cryptogram versions; CDOL2 has the issuer's answer (8A) before it.
GIVEN = bytes.fromhex("9F02069F03069F1A0295055F2A029A039C019F3704")
GIVEN_BYTES = sum(length for _, length in dol.parse(GIVEN))
DIRECTORY_SFI = 1
LOCATOR = bytes.fromhex("0801020010010100")  # file 1, records 1 and 2; file 2, record 1

Records = dict[tuple[int, int], bytes]


def directory_fci() -> bytes:
    """The payment system environment's FCI."""
    inner = encode(0x88, bytes((DIRECTORY_SFI,))) + encode(0x5F2D, b"jaen")
    return encode(0x6F, encode(0x84, PSE) + encode(0xA5, inner))


def directory_records(applications: Iterable[Application]) -> Records:
    """Each application in a record of its own."""
    return {
        (DIRECTORY_SFI, number): encode(0x61, encode(0x4F, one.name) + _label(one))
        for number, one in enumerate(applications, 1)
    }


def application_fci(one: Application) -> bytes:
    """An application's FCI."""
    inner = _label(one) + (encode(0x9F38, bytes.fromhex(one.options)) if one.options else b"")
    return encode(0x6F, encode(0x84, one.name) + encode(0xA5, inner))


def records(one: Application) -> Records:
    """The files that LOCATOR names, without the template around each record."""
    expiry = bytes.fromhex(one.expiry + "31")
    return {
        (1, 1): encode(0x57, one.track2) + encode(0x5F20, b"TEST/CARD"),
        (1, 2): encode(0x8C, GIVEN)
        + encode(0x8D, b"\x8a\x02" + GIVEN)
        + encode(0x8E, bytes.fromhex(one.verification)),
        (2, 1): b"".join(
            (
                encode(0x5A, bytes.fromhex(one.pan)),
                encode(0x5F34, bytes.fromhex(one.sequence)),
                encode(0x5F24, expiry),
                encode(0x5F28, b"\x03\x92"),
                encode(0x9F07, bytes.fromhex(one.usage)),
                encode(0x9F08, one.application_version),
                encode(0x9F0E, bytes.fromhex(one.denial)),
            )
        ),
    }


def issuer_data(one: Application, *, first: bool, online: bool) -> bytes:
    """Issuer application data (9F10): key index, cryptogram version, the card's verification results."""
    results = (0xA0 if online else 0x80) if first else 0x20
    return bytes((0x06, 0x01, one.version, 0x03, results, 0x00, 0x00))


def two_formats(one: Application, parts: Iterable[tuple[int, bytes]]) -> bytes:
    """An answer as this application gives it: values in a row (80), or each with its tag (77)."""
    if one.format2:
        return encode(0x77, b"".join(encode(tag, value) for tag, value in parts))
    return encode(0x80, b"".join(value for _, value in parts))


def _label(one: Application) -> bytes:
    return encode(0x50, one.label.encode("ascii")) + encode(0x87, bytes((one.priority,)))
