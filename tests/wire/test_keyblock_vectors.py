"""Every vector of the key block behaves as its file says, for the reader and for psec."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pytest

import schemas.keyblock
from card_reader_fw.crypto import aes, tr31
from schemas.errors import WireError
from schemas.keyblock import layout
from schemas.keyblock.vectors import generate

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from psec import tr31 as oracle

FOLDER = Path(schemas.keyblock.__file__).parent / "vectors"
FILES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.glob("*/*.txt"))


def read(name: str) -> tuple[dict[str, str], str]:
    """A vector -> its headers, its block."""
    head, _, block = (FOLDER / name).read_bytes().decode().partition("\n\n")
    return dict(line.split(": ", 1) for line in head.split("\n")), block.removesuffix("\n")


@pytest.mark.parametrize("name", FILES)
def test_the_reader_takes_exactly_the_good_ones(name: str) -> None:
    headers, block = read(name)
    protection = bytes.fromhex(headers["protection"])
    if headers["expect"] == "ok":
        key = tr31.unwrap(aes.own, aes.own_decrypt, protection, layout.parse(block))
        assert key.hex().upper() == headers["key"]
    else:
        with pytest.raises(WireError) as caught:
            tr31.unwrap(aes.own, aes.own_decrypt, protection, layout.parse(block))
        assert caught.value.slug == headers["expect"]


@pytest.mark.parametrize("name", [name for name in FILES if "mac" in name or "ok" in name])
def test_an_independent_implementation_agrees(name: str) -> None:
    headers, block = read(name)
    protection = bytes.fromhex(headers["protection"])
    if headers["expect"] == "ok":
        assert oracle.unwrap(protection, block)[1].hex().upper() == headers["key"]
    else:
        with pytest.raises(oracle.KeyBlockError):
            oracle.unwrap(protection, block)


def test_the_generator_writes_exactly_these_files() -> None:
    written = {name: text.encode() for name, text in generate.files()}
    assert written == {name: (FOLDER / name).read_bytes() for name in FILES}


def test_every_slug_has_a_vector_and_stands_in_the_paper() -> None:
    paper = set(re.findall(r"`(keyblock-[a-z]+)`", (FOLDER.parent / "SPEC.md").read_text("utf-8")))
    assert paper == {read(name)[0]["expect"] for name in FILES} - {"ok"}
