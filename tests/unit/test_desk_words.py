"""Reading what a merchant asks for: a whole line is a known word, or it is nothing."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from mail_gateway.domain.desk import NO_AMOUNT, WORDS, Command, Details, Verb, first, only

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


def read(text: str) -> Command | None:
    """As an answer's lines come: NFKC, stripped, none empty."""
    lines = (unicodedata.normalize("NFKC", line).strip() for line in text.split("\n"))
    return first([line for line in lines if line])


@pytest.mark.parametrize(
    ("text", "verb", "number"),
    [
        ("list", Verb.LIST, ""),
        ("ＬＩＳＴ！", Verb.LIST, ""),
        ("一覧。", Verb.LIST, ""),
        ("Today", Verb.TODAY, ""),
        ("本日", Verb.TODAY, ""),
        ("again 1234", Verb.AGAIN, "1234"),
        ("Again: #1234.", Verb.AGAIN, "1234"),
        ("再送１２３４", Verb.AGAIN, "1234"),
        ("再送　Ｎｏ．１２３４", Verb.AGAIN, "1234"),
        ("再送 №12", Verb.AGAIN, "12"),
        ("again", Verb.AGAIN, ""),
        ("領収書：000000001234", Verb.RECEIPT, "000000001234"),
        ("receipt H12", Verb.RECEIPT, "12"),
        ("ﾍﾙﾌﾟ", Verb.HELP, ""),
        ("？", Verb.HELP, ""),
        ("help!?", Verb.HELP, ""),
    ],
)
def test_a_command_is_read_in_any_width_and_case(text: str, verb: Verb, number: str) -> None:
    assert read(text) == Command(verb, number)


@pytest.mark.parametrize(
    "text",
    [
        *("", "OK", "list all", "the list", "一覧をください", "today 5", "list 3", "help 1"),
        *("again 1234567890123", "again 12 34", "again 1.5", "again -1", "again １２三", "再送 ①②③④a"),
        *("l i s t", "lіst", "list\ntoday", "list\nagain 4", "receipt 1\nreceipt 2", "1234", "again ٣"),
    ],
)
def test_what_is_not_quite_a_command_is_none(text: str) -> None:
    assert read(text) is None


def test_below_a_receipt_stands_what_it_is_to_say() -> None:
    text = "領収書 12\n宛名：株式会社　山田\n但し: お食事代\n８％：１，０８０円\n--\n山の店\nTEL: 0263"
    assert read(text) == Command(Verb.RECEIPT, "12", Details("株式会社 山田", "お食事代", 1080))
    text = "Receipt 12\nTo: Yama Trading\nfor: lunch: two\n8%: ¥540\nto: Other"
    assert read(text) == Command(Verb.RECEIPT, "12", Details("Yama Trading", "lunch: two", 540))
    assert read("again 12\nto: Yama") == Command(Verb.AGAIN, "12")


@pytest.mark.parametrize("amount", ["half", "1,2,3", "5.40", "-1", "9" * 13, "1e3", "10 20"])
def test_an_amount_that_nobody_can_read_is_no_amount_of_any_sale(amount: str) -> None:
    command = read(f"receipt 12\n8%: {amount}")
    assert command is not None
    assert command.details.reduced_minor == NO_AMOUNT


def test_very_long_details_are_cut() -> None:
    command = read(f"receipt 1\nto: {'山' * 400}")
    assert command is not None
    assert len(command.details.recipient) == 60


def test_a_command_may_stand_among_other_words_if_it_stands_alone() -> None:
    assert only(["お世話になります。", "一覧", "山の店"]) == Command(Verb.LIST)
    assert only(["Hello", "receipt 3", "to: Yama", "Bye"]) == Command(Verb.RECEIPT, "3", Details("Yama"))
    assert only(["list", "x", "today"]) is None
    assert only(["hello"] * 1000 + ["list"]) is None


@pytest.mark.parametrize(
    "path", sorted(TEMPLATES.glob("*/*.j2")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_no_line_of_a_letter_is_a_command(path: Path) -> None:
    """Else who writes that word below our letter has written a line of ours, which does not count."""
    for line in path.read_text("utf-8").splitlines():
        assert read(line.strip("・- ").split("(")[0] if "(" not in line else line) is None, line


def test_every_word_is_known_as_it_comes_in() -> None:
    assert all(unicodedata.normalize("NFKC", word).casefold() == word for word in WORDS)
