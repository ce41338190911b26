"""A till's receipt as PDF: a page as wide as a roll of 80 mm and as long as it needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mail_gateway.outbox.pdf import Faces, Page, Style
from till.receipt import Look, Row

_WIDTH: Final = 227
"""Points: 80 mm."""
_EDGE: Final = 14
_ROOM: Final = _WIDTH - 2 * _EDGE
_HEIGHTS: Final = {Look.TITLE: 30, Look.STRONG: 20, Look.RULE: 9}
_HEIGHT: Final = 13
_STYLES: Final = {
    Look.TITLE: Style(16, "centre", bold=True),
    Look.CENTRE: Style(9, "centre"),
    Look.PLAIN: Style(9),
    Look.STRONG: Style(13, bold=True),
    Look.FINE: Style(8, colour=0x6B7480),
}


def paper_of(rows: Sequence[Row], fonts: Faces, title: str) -> bytes:
    """The rows of a receipt -> a PDF of one page. The same rows, the same bytes."""
    length = 2 * _EDGE + sum(_HEIGHTS.get(row.look, _HEIGHT) for row in rows)
    page = Page((_WIDTH, length), fonts, title)
    y = _EDGE
    for row in rows:
        y += _HEIGHTS.get(row.look, _HEIGHT)
        _draw(page, row, y)
    return page.finish()


def _draw(page: Page, row: Row, y: int) -> None:
    if row.look is Look.RULE:
        page.line((_EDGE, y - 1), _ROOM)
        return
    style = _STYLES[row.look]
    if style.align == "centre":
        page.text((_WIDTH // 2, y), row.left, _ROOM, style)
        return
    taken = page.text((_WIDTH - _EDGE, y), row.right, _ROOM * 2 // 3, style._replace(align="right"))
    indent = 8 if row.left.startswith(" ") else 0
    page.text((_EDGE + indent, y), row.left.strip(), _ROOM - taken - indent - 6, style)
