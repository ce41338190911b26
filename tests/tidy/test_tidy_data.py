"""Templates and vectors: none is dead, none is missing, and each says what it is."""

from __future__ import annotations

import ast
import re

import pytest
from tidy_tree import ROOT, relative, sources

TEMPLATES = ROOT / "templates"
LANGUAGES = sorted(path.name for path in TEMPLATES.iterdir() if path.is_dir() and path.name != "__pycache__")
PARTS = ("subject", "txt")
WIRES = sorted(path for path in (ROOT / "schemas").iterdir() if path.is_dir() and path.name != "__pycache__")
VECTORS = sorted(
    p for wire in WIRES for p in (wire / "vectors").rglob("*") if p.is_file() and p.suffix != ".py"
)
VECTORS = [path for path in VECTORS if path.suffix != ".pyc"]


def letters() -> set[str]:
    """The kinds of letter, read from the enum."""
    tree = ast.parse((ROOT / "mail_gateway/domain/outcome.py").read_text("utf-8"))
    kinds = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "Letter")
    return {ast.literal_eval(line.value) for line in kinds.body if isinstance(line, ast.Assign)}


def templates(language: str) -> set[str]:
    return {path.name for path in (TEMPLATES / language).glob("*.j2")}


def used_by_others(language: str) -> set[str]:
    """Templates that another one includes, imports or extends."""
    texts = (
        path.read_text("utf-8") for path in (*TEMPLATES.glob("*.j2"), *(TEMPLATES / language).glob("*.j2"))
    )
    named = re.compile(r"""{%-?\s*(?:include|import|from|extends)\s+["']([^"']+)["']""")
    return {name.rpartition("/")[2] for text in texts for name in named.findall(text)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_letter_has_its_templates(language: str) -> None:
    wanted = {f"{kind}.{part}.j2" for kind in letters() for part in PARTS}
    assert wanted <= templates(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_template_is_dead(language: str) -> None:
    letter_files = {name for name in templates(language) if name.partition(".")[0] in letters()}
    assert not templates(language) - letter_files - used_by_others(language)


def test_every_language_has_the_same_templates() -> None:
    assert {"en", "ja"} <= set(LANGUAGES)
    assert len({frozenset(templates(language)) for language in LANGUAGES}) == 1


@pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.name)
def test_a_wire_has_a_specification_and_vectors(wire) -> None:
    assert (wire / "SPEC.md").is_file()
    assert any(path.is_relative_to(wire) for path in VECTORS)


@pytest.mark.parametrize("path", VECTORS, ids=relative)
def test_a_vector_says_what_is_expected_and_why(path) -> None:
    text = path.read_bytes().decode("utf-8", "replace")
    assert re.search(r"^#? ?expect: \S", text, re.MULTILINE), "no line `expect: slug-or-ok`"
    assert re.search(r"^#? ?comment: \S", text, re.MULTILINE), "no line `comment: why`"


@pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.name)
def test_a_wires_vectors_are_read_by_a_test(wire) -> None:
    readers = [f for f in sources() if f.path.startswith("tests/") and not f.path.startswith("tests/tidy/")]
    reader = re.compile(rf"""schemas[./]{wire.name}[./]vectors\b""")
    assert any(reader.search(file.text) for file in readers), f"no test reads schemas/{wire.name}/vectors"
