"""Without a cable: the reader as a USB keyboard, and the QR code on its display, read by another eye."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from needs import need

from card_reader_fw.board.desk.picture import Picture, qr
from card_reader_fw.board.desk.reader_error import ReaderError
from card_reader_fw.board.desk.typist import Typist, typed
from card_reader_fw.keyboard import RELEASED, reports
from schemas.envelope import armour

LONGEST = bytes(range(256)) * 2 + bytes(range(230))  # 742 bytes: all that an armour carries
SAME_ON_JIS = {0x28, 0x2C, *range(0x04, 0x1E), *range(0x1F, 0x25)}


def test_what_is_typed_is_the_block(tmp_path: Path) -> None:
    screen = tmp_path / "typed.txt"
    block = armour.block(armour.SALE, LONGEST)
    Typist(screen).type(block)
    assert armour.find(screen.read_text()) == (armour.SALE, LONGEST)


def test_every_key_is_let_go_and_stands_in_the_same_place_on_both_keyboards() -> None:
    sent = list(reports(armour.block(armour.SALE, LONGEST)))
    assert set(sent[1::2]) == {RELEASED}
    assert {report[2] for report in sent[::2]} <= SAME_ON_JIS
    assert {report[0] for report in sent} == {0}  # no shift: Caps Lock does no harm


def test_other_characters_have_no_key() -> None:
    with pytest.raises(ValueError):
        typed(reports("8"))


@pytest.mark.parametrize("length", [1, 125, 300, 742])
@pytest.mark.parametrize("kind", [".png", ".svg"])
def test_the_code_is_read_back(tmp_path: Path, length: int, kind: str) -> None:
    need("zbarimg: on Debian apt-get install zbar-tools", present=shutil.which("zbarimg") is not None)
    told: dict[str, str] = {}
    picture = Picture(tmp_path / f"sale{kind}", lambda verb, **facts: told.update(facts))
    text = armour.to_text(armour.SALE, LONGEST[:length])
    picture.show(text)
    assert "█" in told["text"] or "▄" in told["text"]
    if kind == ".png":
        done = subprocess.run(
            ["zbarimg", "--raw", "-q", str(tmp_path / "sale.png")], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == text
    picture.show("")
    assert not (tmp_path / f"sale{kind}").exists()


def test_the_code_is_alphanumeric() -> None:
    """5.5 bits a letter instead of 8: a third smaller."""
    assert qr(armour.to_text(armour.SALE, LONGEST[:125])).mode == "alphanumeric"


def test_a_picture_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReaderError) as caught:
        Picture(tmp_path / "sale.gif", lambda verb, **facts: None)
    assert caught.value.slug == "picture-kind"
