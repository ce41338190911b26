"""Values of mail headers: what is safe to write, what is an address, what an encoded-word says."""

from __future__ import annotations

import base64
import binascii
import quopri
import re
import unicodedata
from typing import Final

from schemas.errors import WireError
from schemas.mail.charset import decode

_LOCAL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
_DOMAIN: Final = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
_ADDRESS_MAX: Final = 254
_NAMED: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^"<>@,;:()\\])*<([^<>"]*)>\s*')
_WORD: Final = re.compile(r"=\?([^?\s]{1,40})\?([BbQq])\?([^?\s]*)\?=")
_MESSAGE_ID: Final = re.compile(r"<([!-;=?-~]{1,250})>")
_UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def safe(value: str) -> str:
    """`value` itself if it can stand in a header; WireError "header-unsafe" at the first control or invisible
    character (RFC 5322 section 2.2) or encoded-word, which some mail libraries decode and write out as a
    line."""
    if not value.isprintable():  # "printable" leaves more out than what is unsafe, and asks at once
        for offset, character in enumerate(value):
            if unicodedata.category(character) in _UNSAFE:
                raise WireError("header-unsafe", offset)
    if (word := value.find("=?")) >= 0:
        raise WireError("header-unsafe", word)
    return value


def address(text: str) -> str:
    """`text` itself if it is a plain addr-spec. Dots anywhere in the local part pass: old carriers issued
    a..b@, .a@ and a.@. Comments, routes, quoting, spaces, controls and non-ASCII are WireError "address-
    form"."""
    local, at, domain = text.rpartition("@")
    if not at or len(text) > _ADDRESS_MAX or not _LOCAL.fullmatch(local):
        raise WireError("address-form", "local part")
    if not _DOMAIN.fullmatch(domain) or "=?" in local:
        raise WireError("address-form", "domain" if "=?" not in local else "local part")
    return text


def single_address(value: str) -> str:
    """The one address of a From header, or "": with two, or with anything we and a mail server might read
    differently (CVE-2023-27043), nobody is named."""
    named = _NAMED.fullmatch(value)
    try:
        return address(named.group(1) if named else value.strip())
    except WireError:
        return ""


def message_ids(value: str) -> tuple[str, ...]:
    """The message identifiers of a Message-ID, In-Reply-To or References value, without the angle
    brackets."""
    return tuple(_MESSAGE_ID.findall(value))


def decode_words(value: str) -> str:
    """Encoded-words (RFC 2047) to text; neighbours of one charset are joined as bytes first, since carriers
    cut inside a character. A word that does not decode stays as it is."""
    out: list[str] = []
    held, charset, end = b"", "", -1
    for word in _WORD.finditer(value):
        data = _word_bytes(word)
        between = value[max(end, 0) : word.start()]
        if end >= 0 and not between.strip() and word.group(1).lower() == charset:
            held, end = held + data, word.end()
            continue
        out.append(decode(held, charset) + (between if end < 0 or between.strip() else ""))
        held, charset, end = data, word.group(1).lower(), word.end()
    return "".join(out) + decode(held, charset) + value[max(end, 0) :]


def _word_bytes(word: re.Match[str]) -> bytes:
    text = word.group(3).encode("ascii", "replace")
    if word.group(2) in "Qq":
        return quopri.decodestring(text, header=True)
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        return word.group(0).encode("ascii", "replace")
