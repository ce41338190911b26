"""Writes the link's vectors: python -m schemas.link.vectors.generate. The same files every time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from schemas.link import frames
from schemas.link.vectors.notation import line_text
from schemas.link.vectors.scripts import SCRIPTS

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent
FULL = "A" * frames.BODY_MAX
BLOCK = "D0144B1AX00N0200IK141234567890123456PB0C00000000" + "0123456789ABCDEF" * 6

FRAMES_GOOD = (
    ("call", "a phone calls", "E", 0, "1 phone"),
    ("ack", "an empty body", "A", 3, ""),
    ("every-character", "all of printable ASCII", "W", 9, "".join(map(chr, range(0x20, 0x7F)))),
    ("full", "1200 characters", "S", 1, FULL),
)
GOOD = line_text(frames.encode("H", 1, "0000002A 1.0"))
# name, slug, why, what is on the line
FRAMES_BAD = (
    ("cut", "frame-cut", "STX before the end", "<STX>H10000" + GOOD),
    ("cut-in-check", "frame-cut", "STX inside the check sum", GOOD[:-2] + "<STX>"),
    ("type-small", "frame-type", "a small letter", GOOD.replace("H1", "h1")),
    ("type-missing", "frame-type", "ETX at once", "<STX><ETX>0000"),
    ("seq-letter", "frame-seq", "a letter as sequence", GOOD.replace("H1", "HA")),
    ("text-control", "frame-text", "a line feed in the body", GOOD.replace(" ", "<0A>")),
    ("text-high", "frame-text", "a byte above 7E", GOOD.replace(" ", "<80>")),
    ("too-long", "frame-length", "1201 characters", "<STX>S1" + FULL + "A<ETX>0000"),
    ("crc", "frame-crc", "one character changed", GOOD.replace("2A", "2B")),
    ("crc-small", "frame-crc", "the check sum in small letters", GOOD[:-4] + GOOD[-4:].lower()),
    ("crc-cut", "frame-crc", "a line feed inside the check sum", GOOD[:-1] + "<0A>"),
)
BODIES_GOOD = (
    ("hello", "H", "0000002A 1.0", "serial 42, firmware 1.0"),
    ("permission", "P", "1700000000", "the phone's clock"),
    ("sale", "S", "AEAQAAIA", "armour in one line"),
    ("stored", "C", "", "nothing to say"),
    ("again", "G", "disk-full", "a code for the LCD"),
    ("result", "R", "AEBAAAIA", "armour in one line"),
    ("show", "W", "\\xB5\\xDC\\xD8\\n\\x5C1200\\\\", "half-width kana, LF, yen sign, backslash"),
    ("verdict", "V", "genuine", "what the reader thinks"),
    ("keys-asked", "Q", "", "nothing to say"),
    ("keys-told", "T", "123456780000002A 00000001 update", "key ID, next counter, what opens a key block"),
    ("keys-told-none", "T", "000000000000002A 00000000 transport", "a reader that has no keys yet"),
    ("key", "K", BLOCK, "a key block"),
    ("key-loaded", "L", "loaded 08D7B4", "its check value"),
    ("key-refused", "L", "refused keyblock-mac", "why it was not loaded"),
)
BODIES_BAD = (
    ("hello-short", "link-body", "H", "2A 1.0", "serial without its zeros"),
    ("hello-small", "link-body", "H", "0000002a 1.0", "serial in small letters"),
    ("hello-no-firmware", "link-body", "H", "0000002A ", "no firmware"),
    ("permission-text", "link-body", "P", "noon", "not a number"),
    ("permission-zero", "link-body", "P", "01", "a leading zero"),
    ("permission-sign", "link-body", "P", "-1", "before 1970"),
    ("permission-large", "link-body", "P", "4294967296", "33 bits"),
    ("sale-empty", "link-body", "S", "", "no armour"),
    ("sale-small", "link-body", "S", "aeaq", "small letters"),
    ("stored-more", "link-body", "C", "x", "there is nothing to say"),
    ("again-sentence", "link-body", "G", "Disk full", "a code is a-z, 0-9, hyphen"),
    ("verdict-other", "link-body", "V", "maybe", "not one of three"),
    ("keys-asked-more", "link-body", "Q", "x", "there is nothing to say"),
    ("keys-told-small", "link-body", "T", "123456780000002a 00000001 update", "key ID in small letters"),
    ("keys-told-short", "link-body", "T", "1234567800002A 00000001 update", "a key ID of 7 bytes"),
    ("keys-told-counter", "link-body", "T", "123456780000002A 1 update", "counter without its zeros"),
    ("keys-told-other", "link-body", "T", "123456780000002A 00000001 root", "not one of three"),
    ("key-short", "link-body", "K", BLOCK[:-1], "143 characters"),
    ("key-long", "link-body", "K", BLOCK + "0", "145 characters"),
    ("key-small", "link-body", "K", BLOCK.lower(), "small letters"),
    ("key-loaded-short", "link-body", "L", "loaded 08D7", "a check value of two bytes"),
    ("key-loaded-small", "link-body", "L", "loaded 08d7b4", "a check value in small letters"),
    ("key-refused-empty", "link-body", "L", "refused ", "no reason"),
    ("key-answered-other", "link-body", "L", "perhaps 08D7B4", "neither loaded nor refused"),
    ("show-small-hex", "link-text", "W", "\\xb5", "escapes are capitals"),
    ("show-ascii-hex", "link-text", "W", "\\x41", "a letter stands for itself"),
    ("show-unknown", "link-text", "W", "\\t", "no such escape"),
    ("show-end", "link-text", "W", "a\\", "a backslash at the end"),
)


def files() -> Iterator[tuple[str, str]]:
    """-> (path below the folder, content) of every vector. Headers, an empty line, the data."""
    for name, comment, kind, seq, body in FRAMES_GOOD:
        headers = {"type": kind, "seq": seq, "body": body}
        yield _file(f"frame/ok-{name}", "ok", comment, headers, line_text(frames.encode(kind, seq, body)))
    for name, slug, comment, line in FRAMES_BAD:
        yield _file(f"frame/bad-{name}", slug, comment, {}, line)
    for name, kind, body, comment in BODIES_GOOD:
        yield _file(f"body/ok-{name}", "ok", comment, {"type": kind}, body)
    for name, slug, kind, body, comment in BODIES_BAD:
        yield _file(f"body/bad-{name}", slug, comment, {"type": kind}, body)
    for name, expect, comment, role, lines in SCRIPTS:
        yield _file(f"session/{name}", expect, comment, {"role": role}, "\n".join(lines))


def _file(name: str, expect: str, comment: str, headers: dict[str, object], data: str) -> tuple[str, str]:
    lines = [f"expect: {expect}", f"comment: {comment}", *(f"{key}: {headers[key]}" for key in headers)]
    return f"{name}.txt", "\n".join([*lines, "", data]) + "\n"


def main() -> None:
    """Write all, and remove what no case writes any more."""
    content = dict(files())
    for old in FOLDER.glob("*/*.txt"):
        if str(old.relative_to(FOLDER)) not in content:
            old.unlink()
    for name, text in content.items():
        path = FOLDER / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode())


if __name__ == "__main__":
    main()
