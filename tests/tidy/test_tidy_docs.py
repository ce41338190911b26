"""The documents are true of the code: flow, payment's table, commands, glossary, decisions, links."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pictures
import pytest
import slugs
import typer.main
from drawings import DRAWINGS, ON_CHIP, Drawing, on_chip
from tidy_tree import ROOT, source

from hagaki.cli import app
from mail_gateway.domain.order import CODE_LETTERS

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = ROOT / "docs"
FILE_VERB = re.compile(r"`([\w/]+\.py):([\w.]+)`")
ERROR_ROW = re.compile(r"^\| `([a-z0-9.-]+)` \|", re.MULTILINE)
COMMAND_ROW = re.compile(r"^\| `hagaki ([a-z -]+)` \|", re.MULTILINE)
CODE = re.compile(r"(?:\bcode |コード |\"code\":\")([A-Z]{5})\b")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def read(page: Path) -> str:
    return page.read_text("utf-8")


def names(path: str) -> set[str]:
    """Functions and classes of a file, by dotted name."""
    file = source(path, read(ROOT / path))
    classes = {node.name for node in file.nodes if type(node).__name__ == "ClassDef"}
    return {function.name for function in file.functions} | classes


@pytest.mark.parametrize(("path", "verb"), FILE_VERB.findall(read(DOCS / "flow.md")))
def test_every_station_of_the_flow_exists(path: str, verb: str) -> None:
    assert (ROOT / path).is_file(), f"docs/flow.md names {path}, which is not there"
    assert verb in names(path), f"docs/flow.md names {path}:{verb}, which is not there"


def test_the_flow_has_twelve_stations() -> None:
    assert re.findall(r"^\| (\d+) \|", read(DOCS / "flow.md"), re.MULTILINE) == [str(n) for n in range(1, 13)]


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda drawing: drawing.page.stem)
def test_tables_are_drawn_from_the_code(drawing: Drawing) -> None:
    assert read(drawing.page) == drawing.redrawn(), "run `make docs`"


def test_the_picture_of_the_question_is_of_the_letter_as_it_is() -> None:
    assert pictures.marked(pictures.QUESTION) == pictures.mark(pictures.letter()), "run `make pictures`"


def test_the_page_with_a_reader_loads_what_goes_on_the_chip() -> None:
    assert read(ON_CHIP) == on_chip(), "run `make docs`"


def commands(group: object, prefix: str = "") -> Iterator[str]:
    inner = getattr(group, "commands", None)
    if inner is None:
        yield prefix.strip()
        return
    if getattr(group, "invoke_without_command", False):
        yield prefix.strip()
    for name, command in inner.items():
        yield from commands(command, f"{prefix} {name}")


def test_every_command_is_listed() -> None:
    listed = COMMAND_ROW.findall(read(DOCS / "cli.md"))
    assert sorted(listed) == sorted(commands(typer.main.get_command(app)))


def test_every_error_has_one_entry_in_the_glossary() -> None:
    entries = ERROR_ROW.findall(read(DOCS / "glossary.md"))
    missing = [f"{place}: {slug}" for slug, place in slugs.said().items() if slug not in entries]
    assert not missing, "\n".join(["not in docs/glossary.md:", *sorted(missing)])
    assert len(entries) == len(set(entries)), "an error has two entries in docs/glossary.md"


def test_the_glossary_explains_only_errors_that_the_code_says() -> None:
    known = slugs.constants() | {slug for text in slugs.constants() for slug in text.split()}
    entries = ERROR_ROW.findall(read(DOCS / "glossary.md"))
    dead = [entry for entry in entries if not {entry, entry.removeprefix("alarm.")} & known]
    assert not dead, f"docs/glossary.md explains what no code says: {dead}"


def test_words_have_one_meaning_each() -> None:
    words = re.findall(r"^\*\*([^*]+)\*\*", read(DOCS / "glossary.md"), re.MULTILINE)
    assert len(words) > 20
    assert len(words) == len(set(words))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    broken = [target for target in LINK.findall(read(page)) if not (page.parent / target).exists()]
    assert not broken


def test_a_code_in_the_documents_is_one_that_an_order_can_have() -> None:
    codes = [code for page in PAGES for code in CODE.findall(read(page))]
    assert codes
    assert not [code for code in codes if not set(code) <= set(CODE_LETTERS)]


def test_decisions_are_numbered_and_listed() -> None:
    pages = sorted(path.name for path in (DOCS / "adr").glob("*.md"))
    assert [name[:4] for name in pages] == [f"{n:04d}" for n in range(1, len(pages) + 1)]
    listed = re.findall(r"adr/(\d{4}[^)]*\.md)", read(DOCS / "architecture.md"))
    assert listed == pages


@pytest.mark.parametrize("page", sorted((DOCS / "adr").glob("*.md")), ids=lambda page: page.name)
def test_a_decision_says_context_decision_consequences(page: Path) -> None:
    assert re.findall(r"^\*\*(\w+)\.\*\*", read(page), re.MULTILINE) == [
        "Context",
        "Decision",
        "Consequences",
    ]
