"""One page of PDF: text, lines and boxes at points from its upper left corner. Same page, same bytes."""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from reportlab.lib.colors import HexColor
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas

from mail_gateway.settings import FONT_PLACES

if TYPE_CHECKING:
    from collections.abc import Callable

NOT_EMBEDDED: Final = "HeiseiKakuGo-W5"
"""Without any of them the one that readers of PDF bring along for Japanese (Adobe-Japan1)."""

_SMALLEST: Final = 6
Align = Literal["left", "centre", "right"]


class Style(NamedTuple):
    """How a line of text looks. size: points. colour: 0xRRGGBB."""

    size: int = 9
    align: Align = "left"
    bold: bool = False
    colour: int = 0x222222


class Faces(NamedTuple):
    """Names of two registered fonts."""

    regular: str
    bold: str


def faces(read: Callable[[str], bytes | None], wanted: str = "") -> Faces:
    """The fonts to write with. read: a file's bytes, None if there is none. wanted: a TrueType file, or empty
    for those of Debian."""
    for regular, bold in ((wanted, wanted),) if wanted else FONT_PLACES:
        found = _embedded(read, regular), _embedded(read, bold)
        if all(found):
            return Faces(*found)
    pdfmetrics.registerFont(UnicodeCIDFont(NOT_EMBEDDED))
    return Faces(NOT_EMBEDDED, NOT_EMBEDDED)


def _embedded(read: Callable[[str], bytes | None], path: str) -> str:
    """Its name once it is registered; empty if there is no such font."""
    data = read(path)
    if data is None:
        return ""
    name = hashlib.sha256(data).hexdigest()
    if name not in pdfmetrics.getRegisteredFontNames():
        try:
            pdfmetrics.registerFont(TTFont(name, BytesIO(data)))
        except TTFError:
            return ""
    return name


class Page:
    """width, height: points. title, subject: of the document. Colours: 0xRRGGBB."""

    def __init__(self, size: tuple[int, int], fonts: Faces, title: str) -> None:
        self._height = size[1]
        self._fonts = fonts
        self._bytes = BytesIO()
        self._canvas = Canvas(self._bytes, pagesize=size, invariant=1)  # no time, no random document number
        self._canvas.setTitle(title)
        self._canvas.setCreator("Hagaki")

    def text(self, place: tuple[int, int], text: str, room: int, style: Style) -> int:
        """One line on its base line at place, made smaller and at last cut to fit into room; -> its width."""
        font = self._fonts.bold if style.bold else self._fonts.regular
        size, text = _fitted(text, font, style.size, room)
        self._canvas.setFont(font, size)
        self._canvas.setFillColor(HexColor(style.colour))
        draw = {
            "left": self._canvas.drawString,
            "centre": self._canvas.drawCentredString,
            "right": self._canvas.drawRightString,
        }[style.align]
        draw(place[0], self._height - place[1], text)
        return int(pdfmetrics.stringWidth(text, font, size))

    def line(self, start: tuple[int, int], length: int, colour: int = 0xB8BFC9) -> None:
        """A thin level line."""
        self._canvas.setStrokeColor(HexColor(colour))
        self._canvas.setLineWidth(0.6)
        level = self._height - start[1]
        self._canvas.line(start[0], level, start[0] + length, level)

    def box(self, corner: tuple[int, int], size: tuple[int, int], colour: int) -> None:
        """A filled box."""
        self._canvas.setFillColor(HexColor(colour))
        self._canvas.rect(corner[0], self._height - corner[1] - size[1], *size, stroke=0, fill=1)

    def finish(self) -> bytes:
        """The document."""
        self._canvas.showPage()
        self._canvas.save()
        return self._bytes.getvalue()


def _fitted(text: str, font: str, size: int, room: int) -> tuple[int, str]:
    while size > _SMALLEST and pdfmetrics.stringWidth(text, font, size) > room:
        size -= 1
    kept = text
    while kept and pdfmetrics.stringWidth(kept, font, size) > room:
        text = text[:-1]
        kept = text + "…"
    return size, kept
