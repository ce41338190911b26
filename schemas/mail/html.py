"""HTML to plain text: tags out, block ends and <br> to line ends, entities resolved; in linear time."""

from __future__ import annotations

import html
import re
from typing import Final

_LINE_ENDS: Final = frozenset(
    [
        "br",
        "p",
        "div",
        "tr",
        "li",
        "ul",
        "ol",
        "dl",
        "dt",
        "dd",
        "table",
        "blockquote",
        "pre",
        "hr",
        "h1",
        "h2",
    ]
)
_QUOTE: Final = "blockquote"
_STRUCK: Final = frozenset({"s", "strike", "del", "/s", "/strike", "/del"})
_HIDDEN: Final = ("line-through", "display:none", "display: none", "visibility:hidden", "font-size:0px")
_CUTS: Final = (
    *("gmail_quote", "divrplyfwdmsg", "appendonsend", "yahoo_quoted", "protonmail_quote", "zmail_extra"),
    *("editor-reference-message", "olk_src_body_section"),
)
"""Of such a name, mail programs put a box around the mail that is answered."""

QUOTED: Final = "\n>\n"
"""In the place of a quotation that was left out."""

OLDER: Final = "\n----- Original Message -----\n"
STRUCK: Final = "~~"
"""On both sides of what is struck out, and before what nobody sees: then nobody takes it for an answer."""

STRUCK_OUT: Final = f"{STRUCK}struck out{STRUCK}"
"""Behind plain text that does not show what is struck out beside it."""

_LINES_COUNT: Final = ("<pre", "white-space")
_TO_SPACE: Final = dict.fromkeys((9, 10, 13), " ")
_ATTRIBUTES_MAX: Final = 1_000
_SKIPPED: Final = frozenset({"style", "script", "head", "title"})
_OPENING: Final = re.compile(r"<(?=[/!?]|[^\W\d_])")
"""Where a tag may begin; any other "<" is a sign in the text, and there may be a million of them."""

_ASCII_LOWER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def strip(markup: str) -> str:
    """Text of `markup`. Linear, whatever is open or unclosed."""
    return _text(markup, quotes=True)


def unquoted(markup: str) -> str:
    """What a person wrote: for what stands in <blockquote>, however many are open or unclosed, QUOTED; OLDER
    where a mail program says that an older mail begins; STRUCK around what is struck out or hidden."""
    lines_count = any(one in markup.translate(_ASCII_LOWER) for one in _LINES_COUNT)
    return _text(markup if lines_count else markup.translate(_TO_SPACE), quotes=False)


def _text(markup: str, *, quotes: bool) -> str:
    lower = markup.translate(_ASCII_LOWER)  # not str.lower, which may change the length
    out: list[str] = []
    at = depth = 0
    while (found := _OPENING.search(lower, at)) is not None:
        opening = found.start()
        if quotes or not depth:
            out.append(markup[at:opening])
        name, at = _tag(lower, opening)
        before, depth = depth, _depth(name, depth)
        out.append(_end(name))
        if not quotes:
            tag = lower[opening : min(at, opening + _ATTRIBUTES_MAX)]
            out.append(QUOTED if depth > before == 0 else "" if depth else _said_by(name, tag))
    if quotes or not depth:
        out.append(markup[at:])
    return html.unescape("".join(out))


def _end(name: str) -> str:
    """What stands for a tag: a line end, nothing; "<" for what is none."""
    if not name:
        return "<"
    return "\n" if name.lstrip("/") in _LINE_ENDS else ""


def _said_by(name: str, tag: str) -> str:
    """What a tag says about whose words follow."""
    if name in _STRUCK:
        return STRUCK
    if not name or "=" not in tag:
        return ""
    if any(one in tag for one in _HIDDEN):
        return STRUCK
    return OLDER if name == "div" and any(one in tag for one in _CUTS) else ""


def _depth(name: str, before: int) -> int:
    """How many quotations are open after this tag."""
    if name == _QUOTE:
        return before + 1
    return max(before - 1, 0) if name == f"/{_QUOTE}" else before


def _tag(lower: str, opening: int) -> tuple[str, int]:
    """(name, offset after it) of what starts with "<"; name "" if it is only a sign in the text."""
    if lower.startswith("<!--", opening):
        return "!", _after(lower, "-->", opening + 4)
    if not (
        lower[opening + 1 : opening + 2].isalpha() or lower[opening + 1 : opening + 2] in ("/", "!", "?")
    ):
        return "", opening + 1
    end = _after(lower, ">", opening + 1)
    name = (lower[opening + 1 : min(end, opening + 20)].rstrip(">").split() or ["!"])[0]
    name = name if name.startswith("/") else name.rstrip("/")
    if name in _SKIPPED:
        closing = lower.find(f"</{name}", end)
        return name, len(lower) if closing < 0 else closing
    return name, end


def _after(text: str, mark: str, at: int) -> int:
    found = text.find(mark, at)
    return len(text) if found < 0 else found + len(mark)
