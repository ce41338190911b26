"""Takes the picture of the question in the documents from the real letter; `make pictures` does it anew."""

from __future__ import annotations

import hashlib
import html
import io
import shutil
from pathlib import Path
from typing import Final

from order_letters import html_of, news
from order_letters import read as mail_of
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from mail_gateway.domain.outcome import Letter

QUESTION: Final = Path(__file__).resolve().parents[2] / "docs/question.png"
TAKEN_OF: Final = "letter"
"""Under this name stands in the picture which letter it was taken of."""

WIDTH: Final = 430
SCALE: Final = 2
COLOURS: Final = 128
_PHONE: Final = """<!doctype html><meta charset="utf-8"><style>
#sheet {{ padding: 12px; background: #fff; font: 15px/1.5 "BIZ UDPGothic", "Noto Sans CJK JP", sans-serif }}
#phone {{ border: 1px solid #cfd3d6; border-radius: 18px; overflow: hidden; background: #fff }}
header {{ padding: 14px 16px; border-bottom: 1px solid #cfd3d6; background: #f7f8f9; color: #1c2126 }}
header b {{ display: block; word-break: keep-all; margin-bottom: 6px; font-size: 16px; line-height: 1.4 }}
header span {{ display: block; font-size: 13px; color: #545e68 }}
</style><div id="sheet"><div id="phone">
<header><b>{subject}</b><span>Hagaki &lt;sale@pay.example&gt;</span></header>{letter}</div></div>
"""


def letter() -> str:
    """The HTML of the question as the tests and the documents have it."""
    return html_of(news(Letter.QUESTION))


def mark(text: str) -> str:
    """What stands in a picture of that letter."""
    return hashlib.sha256(text.encode()).hexdigest()


def marked(picture: Path) -> str:
    """Which letter the picture was taken of."""
    with Image.open(picture) as found:
        return str(found.info.get(TAKEN_OF, ""))


def take() -> bytes:
    """The letter in a phone's mail program -> a PNG. Needs Chromium and fonts-morisawa-bizud-gothic."""
    from playwright.sync_api import sync_playwright  # who only reads a picture needs no browser

    subject = html.escape(mail_of(news(Letter.QUESTION)).subject)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 800}, device_scale_factor=SCALE)
        page.set_content(_PHONE.format(subject=subject, letter=letter()))
        taken = page.screenshot(full_page=True)
        browser.close()
    return taken


def write(taken: bytes, picture: Path) -> None:
    """The PNG in few colours, with which letter it is of."""
    info, out = PngInfo(), io.BytesIO()
    info.add_text(TAKEN_OF, mark(letter()))
    with Image.open(io.BytesIO(taken)) as whole:
        whole.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(
            out, "PNG", pnginfo=info, optimize=True
        )
    picture.write_bytes(out.getvalue())


if __name__ == "__main__":
    write(take(), QUESTION)
