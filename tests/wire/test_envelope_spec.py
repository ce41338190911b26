"""The papers and the code say the same: fields, outcomes, slugs, the conversation."""

from __future__ import annotations

import re
from pathlib import Path

import schemas.envelope
import schemas.link
from schemas.envelope import armour, cose, derivation, outcome, payload
from schemas.link import frames, session, table

ENVELOPE = Path(schemas.envelope.__file__).parent
LINK = Path(schemas.link.__file__).parent
ENVELOPE_PAPER = (ENVELOPE / "SPEC.md").read_text("utf-8")
LINK_PAPER = (LINK / "SPEC.md").read_text("utf-8")
ALPHABETS = {
    None: "",
    payload.STRIPE_LETTERS: "stripe",
    payload.DIGITS: "digits",
    payload.PRINTABLE: "printable",
    payload.LCD_LETTERS: "LCD",
}


def rows(paper: str, head: str) -> list[list[str]]:
    """The cells of the table under a head line, in plain text."""
    lines = paper[paper.index(head) :].split("\n")[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[: lines.index("")]]
    return [[cell.strip("`") for cell in row] for row in cells]


def said_in(folder: Path) -> set[str]:
    source = "".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    return set(re.findall(r'(?:WireError|[dD]amaged)\("([a-z0-9-]+)"', source))


def test_the_fields_of_the_payloads() -> None:
    for title, record in (("### Sale\n\n", payload.Sale), ("### Result\n\n", payload.Result)):
        found = rows(ENVELOPE_PAPER, title + "| key | field")[2:]
        for row, (key, name, kind, low, high, letters) in zip(found, record.FIELDS, strict=True):
            assert row[:5] == [str(key), name, kind.__name__, f"{low}..{high}", ALPHABETS[letters]]
            assert row[5].startswith("required") == (f"{record.PATH}.{name}" in payload.MUST)


def test_the_outcomes() -> None:
    found = rows(ENVELOPE_PAPER, "| outcome | name |")
    assert {int(row[0]): row[1] for row in found} == outcome.NAMES


def test_the_usages() -> None:
    found = {int(row[0], 16) for row in rows(ENVELOPE_PAPER, "| usage | parent")}
    assert found == {value for name, value in vars(derivation).items() if name.isupper() and name[0] != "_"}


def test_the_labels_and_limits() -> None:
    for label in (cose.AAD_SALE, cose.AAD_RESULT):
        assert f"`{label.decode()}`" in ENVELOPE_PAPER
    assert f"1..{armour.BODY_MAX} bytes" in ENVELOPE_PAPER
    assert len(armour.to_text(armour.SALE, bytes(armour.BODY_MAX))) == armour.TEXT_MAX == frames.BODY_MAX


def test_every_slug_stands_in_the_paper_and_no_other() -> None:
    for folder, paper in ((ENVELOPE, ENVELOPE_PAPER), (LINK, LINK_PAPER)):
        named = set(re.findall(r"`((?:armour|cbor|cose|payload|derivation|frame|link)-[a-z0-9-]+)`", paper))
        assert named == said_in(folder)


def test_the_conversation_is_the_table() -> None:
    assert [tuple(row) for row in rows(LINK_PAPER, "| lane | state | frame | next |")] == list(table.TABLE)


def test_the_figure_is_the_table() -> None:
    drawn = set()
    for line in re.findall(r"^(?:sale|result|keys) +silent --.*$", LINK_PAPER, re.MULTILINE):
        lane, _, rest = line.partition(" ")
        path = rest.split("   ")
        main = re.split(r" --(.+?)--> ", next(part for part in path if "-->" in part).strip())
        for i in range(0, len(main) - 2, 2):
            drawn |= {(lane, main[i], frame, main[i + 2]) for frame in main[i + 1].split(" or ")}
        for frame, states in re.findall(r"([A-Z]) in (.+): stays", path[-1]):
            drawn |= {(lane, state, frame, state) for state in states.split(", ")}
    assert drawn == set(table.TABLE)


def test_the_messages() -> None:
    found = {row[0]: (row[2], row[1]) for row in rows(LINK_PAPER, "| type | message |")}
    assert found == {frame: (role, event.__name__) for frame, (role, event) in table.MESSAGES.items()}


def test_the_times_are_long_enough_for_the_line() -> None:
    longest_ms = frames.FRAME_MAX * 1000 // session.BYTES_PER_S
    assert session.BYTES_PER_S * 10 == 9600
    assert longest_ms < session.ACK_WAIT_MS
    assert f"{session.ACK_WAIT_MS:,} ms" in LINK_PAPER
    assert f"of {frames.FRAME_MAX} bytes takes 1.26 s" in LINK_PAPER
