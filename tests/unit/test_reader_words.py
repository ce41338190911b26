"""Every text fits the display, in both languages, with the longest values it can carry."""

import pytest

from card_reader_fw import beeps, words
from card_reader_fw.open_sale import OpenSale, View
from schemas.envelope import outcome

LONGEST = {
    "idle-open": (10,),
    "idle-chip-open": (10,),
    "card-void": (99999,),
    "card-refund": (99999,),
    "pin": ("*" * 12,),
    "choose": (9, "a very long label of an application"),
    "chip-bad": ("chip-application-blocked",),
    "handed": (99999,),
    "undo": (99999,),
    "cancel-asked": (99999,),
    "given-back": (99999, "a reason of many"),
    "not-cancelled": (99999, "a reason of many"),
    "sale": (99999, "V", 99_999_999, "x" * 20),
    "refund": (99_999_999, "99999999"),
    "too-much": (99_999_999,),
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


def view(number, *, reentry=0, note="", kind=1, amount_minor=1200, left=0):
    sale = OpenSale(bytes(12), amount_minor, 12, reentry)
    sale.outcome, sale.version, sale.note, sale.kind = number, 1, note, kind
    return View(sale, left)


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


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("number", [0, *outcome.NAMES])
@pytest.mark.parametrize("left", [0, 1, 99_999_999])
def test_each_of_the_last_sales_fits_and_has_its_words(language, number, left):
    for kind in (1, 2, 3):
        seen = view(number, kind=kind, amount_minor=99_999_999, left=left)
        first, second = words.lines_of(language, "sales", (seen,))
        assert len(first) == 16
        assert 0 < len(second) <= 16


def test_the_list_says_what_is_left_and_what_is_not_yet_paid():
    assert words.sale("en", view(0)) == ("00012       1200", "NOT YET PAID")
    assert words.sale("en", view(outcome.APPROVED, left=1200))[1] == "APPROVED      C1"
    assert words.sale("en", view(outcome.APPROVED, left=500))[1] == "LEFT         500"
    assert words.sale("en", view(outcome.APPROVED, left=0))[1] == "ALL BACK"
    assert words.sale("en", view(outcome.APPROVED, kind=2)) == ("00012V      1200", "APPROVED      C1")


def test_beeps_are_for_texts_that_there_are():
    assert set(beeps.TEXTS) <= set(words.ENGLISH)
    assert set(beeps.TEXTS.values()) <= set(beeps.CODES)


def test_only_a_yes_sounds_like_one():
    good = [number for number in outcome.NAMES if beeps.of("result", (view(number),)) == beeps.OK]
    assert good == [outcome.APPROVED]
