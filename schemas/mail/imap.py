"""What an IMAP server's response says (RFC 3501, RFC 9051): numbers, lists, one mail. No connection here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from schemas.mail.sign_in import without

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SAID_MAX: Final = 200

_UID: Final = re.compile(rb"\bUID (\d+)")
_SIZE: Final = re.compile(rb"\bRFC822\.SIZE (\d+)")


def quoted(text: str) -> str:
    """A value as a quoted string of a command (RFC 3501 section 9); controls are refused by who sends it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def said(lines: Sequence[bytes], user: str, secret: str) -> str:
    """The server's last words, for a person. What they repeat of the sign-in is taken out before the text is
    cut, so that no part of it is left."""
    last = bytes(lines[-1]).decode("utf-8", "replace") if lines else ""
    text = "".join(filter(str.isprintable, last))
    return without(text.replace(quoted(secret)[1:-1], ""), user, secret)[:SAID_MAX]


def challenges(command: Any) -> int:
    """How often the server has asked back in a sign-in by token that is under way. That is why it refuses the
    token; an empty line gets its no (RFC 7628 section 3.2.3).

    command: the one that aioimaplib waits for; None: none.
    """
    if command is None or command.name != "AUTHENTICATE":
        return 0
    return sum(bytes(line).startswith(b"+") for line in command.response.lines)


def number(name: str, lines: Iterable[bytes]) -> int | None:
    """The number behind a word such as UIDVALIDITY in the answer to SELECT; None: the server does not say."""
    found = re.search(rb"\b" + name.encode() + rb" (\d+)", b"\n".join(lines))
    return int(found.group(1)) if found else None


def found_uids(lines: Sequence[bytes]) -> list[int]:
    """The UIDs that UID SEARCH found, rising. The last line is the server's remark: may hold numbers."""
    return sorted({int(word) for line in lines[:-1] for word in line.split() if word.isdigit()})


def sizes(lines: Iterable[bytes]) -> dict[int, int]:
    """UID -> size in bytes, of the mails that UID FETCH (RFC822.SIZE) still found."""
    pairs = ((_UID.search(line), _SIZE.search(line)) for line in lines)
    return {int(uid.group(1)): int(size.group(1)) for uid, size in pairs if uid and size}


def content(lines: Iterable[bytes]) -> bytes | None:
    """The bytes of the one mail that UID FETCH (BODY.PEEK[]) gave; None: it gave none. A literal stands among
    the lines as a bytearray."""
    return next((bytes(line) for line in lines if isinstance(line, bytearray)), None)
