"""The one door for a mail: bytes to a typed Mail or Unreadable; whatever is inside, nothing is raised."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message
from typing import TYPE_CHECKING, Final

from schemas.mail import charset, headers, html, own

if TYPE_CHECKING:
    from collections.abc import Iterator

RAW_MAX: Final = 1_048_576
HEADER_BLOCK_MAX: Final = 65_536
HEADER_MAX: Final = 8_192
HEADERS_MAX: Final = 200
PARTS_MAX: Final = 50
DEPTH_MAX: Final = 20
LINES_MAX: Final = 65_536
"""The parser compares every line with every boundary that is open: lines and containers are both limited."""

_TYPED: Final = frozenset({"text/plain", "text/html", "application/octet-stream"})
_BOUNDARY: Final = re.compile(
    rb'boundary\s{0,80}=\s{0,80}(?:"([^"\r\n]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE
)
_BODY_HEADER: Final = re.compile(rb"^content-[a-z-]{1,40}:.*(?:\n[ \t].*)*", re.IGNORECASE | re.MULTILINE)
_CONTAINER: Final = re.compile(rb"^content-type:\s*multipart/", re.IGNORECASE | re.MULTILINE)
_NEXT_HEADER: Final = re.compile(rb"\n(?![ \t])")


@dataclass(frozen=True, slots=True)
class Mail:
    """What we use of a mail. Everything but `texts` is a hint from an unproven sender; absent = "" or ().

    from_address: addr-spec, "" unless there is exactly one From with exactly one address. message_id,
    in_reply_to, references: identifiers without angle brackets. date, auto_submitted: as sent. texts: where
    our block may stand, in order, lines ended by LF: plain text, HTML with the tags taken out, attachments
    that are text. body: what a person who answers wrote, as far as MIME tells: the plain text, or where there
    is none the HTML as html.unquoted gives it; nothing out of mails that are attached. If HTML beside plain
    text strikes something out, html.STRUCK_OUT is the body's last line. beside: what the HTML beside plain
    text says, as html.unquoted gives it; programs that show HTML show this.
    """

    from_address: str
    message_id: str
    subject: str
    date: str
    in_reply_to: str
    references: tuple[str, ...]
    auto_submitted: str
    texts: tuple[str, ...]
    body: str = ""
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A mail that is kept for a person: `slug` says why, `where` the header, part or kind of error."""

    slug: str
    where: str


class _TooMuch(Exception):
    """A cap was passed inside the parsed mail."""

    def __init__(self, slug: str, where: str) -> None:
        super().__init__(slug, where)
        self.unreadable = Unreadable(slug, where)


def read_mail(raw: bytes) -> Mail | Unreadable:
    """Read one mail (RFC 5322, MIME), any line ends. Never raises.

    Slugs: mail-too-big, mail-header-block, mail-header-long, mail-headers-many, mail-lines-many, mail-
    parts-many, mail-too-deep, mail-broken.
    """
    try:
        lines = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        simple = own.taken_apart(lines)
        if simple is not None:
            return _mail(*simple, simple[1][0])
        return _over_limit(lines) or _parsed(lines)
    except _TooMuch as error:
        return error.unreadable
    except Exception as error:  # noqa: BLE001 - the email package raises nearly anything on crafted input
        return Unreadable("mail-broken", type(error).__name__)


def _over_limit(raw: bytes) -> Unreadable | None:
    """The caps that must be checked on bytes, because the parser itself is what they protect."""
    if len(raw) > RAW_MAX:
        return Unreadable("mail-too-big", str(len(raw)))
    block = b"" if raw[:1] == b"\n" else raw.partition(b"\n\n")[0]
    if len(block) > HEADER_BLOCK_MAX:
        return Unreadable("mail-header-block", str(len(block)))
    own = _NEXT_HEADER.split(block)
    if len(own) > HEADERS_MAX:
        return Unreadable("mail-headers-many", str(len(own)))
    longest = max(map(len, own + _BODY_HEADER.findall(raw)))
    if longest > HEADER_MAX:
        return Unreadable("mail-header-long", str(longest))
    if (count := raw.count(b"\n")) > LINES_MAX:
        return Unreadable("mail-lines-many", str(count))
    parts = max(_boundary_lines(raw) - DEPTH_MAX, len(_CONTAINER.findall(raw)))
    return Unreadable("mail-parts-many", str(parts)) if parts > PARTS_MAX else None


def _boundary_lines(raw: bytes) -> int:
    """Lines that open a part under any declared boundary."""
    declared = {b"--" + (quoted or bare) for quoted, bare in _BOUNDARY.findall(raw)}
    return sum(1 for line in raw.split(b"\n") if line[:2] == b"--" and line.rstrip() in declared)


def _parsed(raw: bytes) -> Mail:
    message = message_from_bytes(raw, policy=policy.compat32)
    found: dict[str, list[str]] = {}
    for name, value in message.raw_items():
        found.setdefault(name.lower(), []).append(_unfolded(str(value)))
    return _mail(found, *_texts(message))


def _mail(found: dict[str, list[str]], texts: tuple[str, ...], body: str = "", beside: str = "") -> Mail:
    """found: header values by small name, in order."""

    def first(name: str) -> str:
        return found.get(name, [""])[0]

    senders = found.get("from", [])
    return Mail(
        from_address=headers.single_address(senders[0]) if len(senders) == 1 else "",
        message_id=_first_id(first("message-id")),
        subject=headers.decode_words(first("subject")),
        date=first("date"),
        in_reply_to=_first_id(first("in-reply-to")),
        references=headers.message_ids(first("references")),
        auto_submitted=first("auto-submitted"),
        texts=texts,
        body=body,
        beside=beside,
    )


def _unfolded(value: str) -> str:
    """One line; bytes beyond ASCII, which the parser hides in surrogates, read as UTF-8 or Windows text."""
    line = value.replace("\n", "").strip()
    return charset.decode(line.encode("utf-8", "surrogateescape"), "utf-8")


def _first_id(value: str) -> str:
    return next(iter(headers.message_ids(value)), "")


def _texts(message: Message) -> tuple[tuple[str, ...], str, str]:
    """All texts, the body, and what stands beside it."""
    plain, markups, attached = [], [], []
    for part, is_inside in _leaves(message):
        kind = part.get_content_type()
        if is_inside or _is_attached(part):
            if kind[:5] == "text/" or kind == "application/octet-stream":
                attached.append(html.strip(_text(part)) if kind == "text/html" else _text(part))
        elif kind == "text/html":
            markups.append(_text(part))
        elif kind[:5] == "text/":
            plain.append(_text(part))
        elif kind == "application/octet-stream":
            attached.append(_text(part))
    return (*plain, *map(html.strip, markups), *attached), *_body(plain, markups)


def _is_attached(part: Message) -> bool:
    """A file, by its disposition, or what no person types: a calendar, a card of addresses."""
    disposition = str(part.get("Content-Disposition", "")).lstrip().lower()
    is_file = disposition.startswith("attachment") or "filename" in disposition
    return is_file or part.get_content_type() not in _TYPED


def _body(plain: list[str], markups: list[str]) -> tuple[str, str]:
    written = [text for text in plain if text.strip()]
    unquoted = "\n".join(html.unquoted(markup) for markup in markups)
    if not written:
        return unquoted, ""
    struck = [html.STRUCK_OUT] if html.STRUCK in unquoted else []
    return "\n".join([*written, *struck]), unquoted


def _leaves(message: Message) -> Iterator[tuple[Message, bool]]:
    """Parts that hold content, in the order of the mail, without recursion; whether in a mail attached."""
    waiting: list[tuple[Message, int, bool]] = [(message, 1, False)]
    parts = 0
    while waiting:
        part, depth, is_inside = waiting.pop()
        parts += 1
        if parts > PARTS_MAX:
            raise _TooMuch("mail-parts-many", str(parts))
        if depth > DEPTH_MAX:
            raise _TooMuch("mail-too-deep", str(depth))
        inside = part.get_payload()
        is_inside = is_inside or part.get_content_maintype() == "message"
        if isinstance(inside, list):
            children = [child for child in reversed(inside) if isinstance(child, Message)]
            waiting.extend((child, depth + 1, is_inside) for child in children)
        else:
            yield part, is_inside


def _line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _params(part: Message) -> dict[str, str]:
    """Of its Content-Type, by small name, the first of each. Once: the library reads all of it each time."""
    found: dict[str, str] = {}
    for name, value in part.get_params() or ():
        found.setdefault(name.lower(), value[2] if isinstance(value, tuple) else str(value or ""))
    return found


def _text(part: Message) -> str:
    params = _params(part)
    label, form, delsp = (params.get(name, "") for name in ("charset", "format", "delsp"))
    # without its Content-Type the parser has no charset label to look up in Python's registry
    del part["Content-Type"]
    data = part.get_payload(decode=True)
    text = _line_ends(charset.decode(data if isinstance(data, bytes) else b"", label))
    return charset.unflow(text, delsp=delsp.lower() == "yes") if form.lower() == "flowed" else text
