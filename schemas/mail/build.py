"""A mail to bytes: CRLF, text, HTML beside it, attachments; the same bytes for the same input."""

from __future__ import annotations

import base64
import hashlib
import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from schemas.errors import WireError
from schemas.mail.headers import safe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Attached = tuple[str, str, bytes]
    """File name, media type, content."""

_LINE_MAX: Final = 78
_HARD_LINE_MAX: Final = 998
_WORD_LINE: Final = _LINE_MAX - len("Subject: ")
_WORD_MAX: Final = 900
"""A longer word in a header cannot be folded within the hard limit beside its name."""

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_FILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}")
_WIDE_NAME: Final = re.compile(r"[^\W_][\w.-]{0,60}")
_MEDIA_TYPE: Final = re.compile(r"[a-z]{1,20}/[a-z0-9][a-z0-9.+-]{0,60}")
_CHARSETS: Final = {"utf-8": "utf-8", "iso-2022-jp": "iso-2022-jp"}


def build_mail(
    headers: Mapping[str, str],
    text: str,
    attachments: Sequence[Attached] = (),
    *,
    charset: str = "utf-8",
    html: str = "",
) -> bytes:
    """Raw mail with CRLF line ends.

    headers: name to value in the order given, without the MIME ones; only Subject may hold more than ASCII.
    text: the body, "\\n" lines. attachments: text among them is UTF-8. charset: of the body, "utf-8" or
    "iso-2022-jp" (what that cannot write becomes "?"). html: the same for who shows HTML, in UTF-8
    (RFC 2046 section 5.1.4: the plainest first). Raises WireError header-unsafe, header-name, mail-charset,
    attachment-name, attachment-type.
    """
    if charset not in _CHARSETS:
        raise WireError("mail-charset", charset)
    lines = [_header(name, value, charset) for name, value in headers.items()]
    lines.append("MIME-Version: 1.0")
    body = _part(f"Content-Type: text/plain; charset={charset}", text.encode(_CHARSETS[charset], "replace"))
    if html:
        styled = _part("Content-Type: text/html; charset=utf-8", html.encode("utf-8", "replace"))
        body = _multipart("alternative", (body, styled))
    if attachments:
        body = _multipart("mixed", (body, *(_attached(*attachment) for attachment in attachments)))
    return _bytes(lines) + body


def _multipart(kind: str, parts: Sequence[bytes]) -> bytes:
    """Parts, each with its headers, as one (RFC 2046 section 5.1)."""
    boundary = "=_" + hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]
    opening = f"--{boundary}\r\n".encode("ascii")
    head = _bytes([f'Content-Type: multipart/{kind}; boundary="{boundary}"', ""])
    return head + b"".join(opening + part + b"\r\n" for part in parts) + opening[:-2] + b"--\r\n"


def _bytes(lines: list[str]) -> bytes:
    return "".join(line + "\r\n" for line in lines).encode("ascii")


def _attached(name: str, media_type: str, content: bytes) -> bytes:
    """Plain ASCII text goes as it is, its line ends as a mail has them; any other content byte for byte."""
    if not _MEDIA_TYPE.fullmatch(media_type):
        raise WireError("attachment-type", media_type)
    if media_type == "text/plain" and content.isascii() and _FILE_NAME.fullmatch(name):
        kind = f'Content-Type: text/plain; charset=us-ascii; name="{name}"'
        return _part(f'{kind}\r\nContent-Disposition: attachment; filename="{name}"', content)
    charset = "; charset=utf-8" if media_type.startswith("text/") else ""
    head = f"Content-Type: {media_type}{charset}\r\nContent-Disposition: attachment;\r\n {_named(name)}"
    return _in_base64(head, content)


def _named(name: str) -> str:
    """The file name as a parameter; in the long form (RFC 2231) only where it is more than ASCII."""
    if _FILE_NAME.fullmatch(name):
        return f'filename="{name}"'
    if not _WIDE_NAME.fullmatch(name):
        raise WireError("attachment-name", name)
    return f"filename*=utf-8''{quote(name, safe='')}"


def _part(head: str, content: bytes) -> bytes:
    """Header lines, blank line, content: as it is if it is 7 bit with short lines, else base64 (RFC 2045
    section 6)."""
    content = b"\r\n".join(content.splitlines()) + b"\r\n"
    plain = content.isascii() and _longest(content) <= _HARD_LINE_MAX
    if not plain or b"\0" in content:
        return _in_base64(head, content)
    return f"{head}\r\nContent-Transfer-Encoding: 7bit\r\n\r\n".encode("ascii") + content


def _in_base64(head: str, content: bytes) -> bytes:
    encoded = base64.encodebytes(content).replace(b"\n", b"\r\n")
    return f"{head}\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode("ascii") + encoded


def _longest(content: bytes) -> int:
    """Of its lines; of a short content its own length will do."""
    return len(content) if len(content) <= _HARD_LINE_MAX else max(map(len, content.split(b"\r\n")))


def _header(name: str, value: str, charset: str) -> str:
    if not _NAME.fullmatch(name):
        raise WireError("header-name", name)
    safe(value)
    if value.isascii() and len(name) + len(value) + 2 <= _LINE_MAX:
        return f"{name}: {value}"
    if value.isascii() and max(map(len, value.split(" "))) <= _WORD_MAX:
        return _folded(name, value.split(" "))
    if name != "Subject":
        raise WireError("header-unsafe", name)
    return _folded(name, _words(value, charset))


def _folded(name: str, words: list[str]) -> str:
    """The header broken at spaces where it would pass 78 columns (RFC 5322 section 2.2.3)."""
    whole = f"{name}: {' '.join(words)}"
    if len(whole) <= _LINE_MAX:
        return whole
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > _LINE_MAX and lines[-1].strip() and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += " " + word
    return "\r\n".join(lines)


def _words(value: str, charset: str) -> list[str]:
    """Encoded-words of at most 75 characters, cut between characters only (RFC 2047 sections 2 and 5)."""
    words, left = [], value
    while left:
        fits = _fitting(left, charset)
        words.append(_word(left[:fits], charset))
        left = left[fits:]
    return words


def _fitting(text: str, charset: str) -> int:
    """So many of its characters fit into one encoded-word: each more makes it longer, or no shorter."""
    places = range(1, len(text) + 1)
    return bisect_right(places, _WORD_LINE, key=lambda count: _word_length(text[:count], charset))


def _word_length(text: str, charset: str) -> int:
    data = text.encode(_CHARSETS[charset], "replace")
    return len(f"=?{charset}?B??=") + (len(data) + 2) // 3 * 4


def _word(text: str, charset: str) -> str:
    data = text.encode(_CHARSETS[charset], "replace")
    return f"=?{charset.upper()}?B?{base64.b64encode(data).decode('ascii')}?="
