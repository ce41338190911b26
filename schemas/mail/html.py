"""HTML to plain text: tags out, block ends and <br> to line ends, entities resolved; in linear time."""

from __future__ import annotations

import html
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
_SKIPPED: Final = frozenset({"style", "script", "head", "title"})
_ASCII_LOWER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def strip(markup: str) -> str:
    """Text of `markup`. Linear, whatever is open or unclosed."""
    return _text(markup, quotes=True)


def unquoted(markup: str) -> str:
    """The same without what stands in <blockquote>, however many are open or unclosed."""
    return _text(markup, quotes=False)


def _text(markup: str, *, quotes: bool) -> str:
    lower = markup.translate(_ASCII_LOWER)  # not str.lower, which may change the length
    out: list[str] = []
    at = depth = 0
    while (opening := markup.find("<", at)) >= 0:
        if quotes or not depth:
            out.append(markup[at:opening])
        name, at = _tag(lower, opening)
        depth = _depth(name, depth)
        if not name:
            out.append("<")
        elif name.lstrip("/") in _LINE_ENDS:
            out.append("\n")
    if quotes or not depth:
        out.append(markup[at:])
    return html.unescape("".join(out))


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
