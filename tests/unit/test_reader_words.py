"""Every text fits the display, in both languages, with the longest values it can carry."""

import pytest

from card_reader_fw import words
from card_reader_fw.open_sale import OpenSale, View
from schemas.envelope import outcome

LONGEST = {
    "idle-open": (10,),
    "idle-again": (99999, 3, 3),
    "amount": ("99999999",),
    "condition": ("110",),
    "count": ("99",),
    "waiting": (99999,),
    "ready": (99999,),
    "sending": (99999,),
    "send-again": ("a-code-of-sixteen",),
    "sent": (99999,),
    "fault": ("a-very-long-slug-indeed",),
    "phone": ("x" * 40, "y" * 40),
    "code": (99999, "12345678"),
    "code-wrong": (2,),
    "code-locked": (99999,),
}
OUTCOMES = {*outcome.NAMES.values(), "re-enter-last"}


def shown(language, key):
    values = (99999, "1234567" if key == "approved" else "sixteen letters.")
    return words.lines(language, key, *(values if key in OUTCOMES else LONGEST.get(key, ())))


def view(number, *, reentry=0, note=""):
    sale = OpenSale(bytes(12), 1200, 12, reentry)
    sale.outcome, sale.version, sale.note = number, 1, note
    return View(sale)


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("key", words.ENGLISH)
def test_two_lines_of_sixteen(language, key):
    first, second = shown(language, key)
    assert len(first) <= 16, first
    assert len(second) <= 16, second
    assert all(" " <= c <= "~" or "\uff61" <= c <= "\uff9f" for c in first + second)


def test_both_languages_have_the_same_texts():
    assert set(words.ENGLISH) == set(words.JAPANESE)


def test_in_doubt_cannot_be_misread():
    assert words.result("en", view(outcome.IN_DOUBT)) == ("UNKNOWN - DO NOT", "HAND OVER  00012")


def test_approved_shows_number_and_code():
    first, second = words.result("en", view(outcome.APPROVED, note="123456"))
    assert first == "APPROVED      C1"
    assert second.split() == ["00012", "123456"]


def test_declined_shows_the_centres_reason_or_else_the_slip():
    assert words.result("en", view(outcome.DECLINED, note="CALL COMPANY"))[1] == "CALL COMPANY"
    assert words.result("en", view(outcome.DECLINED))[1] == "00012"


def test_the_third_re_entry_was_the_last():
    assert words.result("en", view(outcome.RE_ENTER, reentry=2))[0] == "RE-ENTER CARD C3"
    assert words.result("en", view(outcome.RE_ENTER, reentry=3))[0] == "NO MORE TRIES C3"


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_outcomes_cannot_be_taken_for_one_another(language):
    firsts = {words.result(language, view(number))[0] for number in outcome.NAMES}
    assert len(firsts) == len(outcome.NAMES)


def test_braces_in_the_phones_text_are_only_text():
    assert words.lines("en", "phone", "{0} {x}", "}") == ("{0} {x}", "}")
