"""One payment as a line of a merchant's lists: not charged, given back or cancelled, it says which."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from test_desk_takings import SOLD
from test_outbox_compose import KEYS, SETTINGS

from mail_gateway.domain.payment import ENDED, OPEN_AT_ACQUIRER, State, Trade
from mail_gateway.domain.takings import Sale
from mail_gateway.outbox.compose import Compose
from mail_gateway.outbox.takings import sale_words

TOKYO = ZoneInfo("Asia/Tokyo")
WRITER = Compose(SETTINGS, KEYS)
WORDS = {
    "en": {
        "charge": "(not charged)",
        "back": "(not given back)",
        "stands": "not cancelled (the sale stands)",
        "undone": "cancelled (the sale is not charged)",
        "cancel": "cancel of JPY",
        "return": "return of JPY",
        "way": "wait for its result",
        "doubt": "unknown",
        "hands": "do not hand over",
        "other": "give it back another way",
    },
    "ja": {
        "charge": "(請求していません)",
        "back": "(返金していません)",
        "stands": "取消できません(売上はそのままです)",
        "undone": "取消済み(売上は請求していません)",
        "cancel": "取消依頼1",
        "return": "返金1",
        "way": "結果をお待ちください",
        "doubt": "不明",
        "hands": "渡さない",
        "other": "ほかの方法で返金しない",
    },
}
NO = ENDED - {State.APPROVED, State.SETTLED, State.CAPTURED, State.UNPAID}
"""Ends in which nothing was moved."""
ON_ITS_WAY = set(State) - ENDED - OPEN_AT_ACQUIRER - {State.MORE_WANTED} | {State.CAPTURED, State.DISPATCHED}
EVERY = [(language, state) for language in WORDS for state in State]


def line(sale: Sale, language: str) -> str:
    words = sale_words(sale, language, TOKYO)
    return WRITER.render(f"{language}/_line.txt.j2", {"sale": words}).rstrip("\n")


@pytest.mark.parametrize(("language", "state"), EVERY)
def test_every_state_of_a_sale_has_its_words(language: str, state: State) -> None:
    said, words = line(replace(SOLD, state=state), language), WORDS[language]
    assert (words["charge"] in said) is (
        state in NO - {State.DECLINED} or (state, language) == (State.UNPAID, "en")
    )
    assert (words["way"] in said) is (state in ON_ITS_WAY)
    assert (words["hands"] in said) is (state in OPEN_AT_ACQUIRER - {State.DISPATCHED})
    assert "\n" not in said


@pytest.mark.parametrize("kind", [Trade.VOID, Trade.REFUND])
@pytest.mark.parametrize(("language", "state"), EVERY)
def test_a_return_that_failed_says_nothing_of_a_charge(language: str, state: State, kind: Trade) -> None:
    said, words = line(replace(SOLD, kind=kind, state=state), language), WORDS[language]
    assert words["return"] in said
    assert words["charge"] not in said, "the sale was"
    assert (words["back"] in said) is (state in NO)
    assert (
        (words["doubt"] in said)
        is (words["other"] in said)
        is (state in OPEN_AT_ACQUIRER - {State.DISPATCHED})
    )


@pytest.mark.parametrize(("language", "state"), EVERY)
def test_a_cancel_says_whether_its_sale_stands(language: str, state: State) -> None:
    said, words = line(replace(SOLD, kind=Trade.CANCEL, state=state), language), WORDS[language]
    assert words["cancel"] in said and words["return"] not in said
    assert (words["stands"] in said) is (state in NO - {State.CANCELLED} | {State.UNPAID})
    assert (words["undone"] in said) is (state is State.CANCELLED)
    assert (words["doubt"] in said) is (state in OPEN_AT_ACQUIRER - {State.DISPATCHED})
    assert words["charge"] not in said and words["back"] not in said


@pytest.mark.parametrize("kind", Trade)
@pytest.mark.parametrize(
    ("language", "word"), [("en", "a person is looking at it"), ("ja", "担当者が確認中")]
)
def test_what_is_set_apart_says_so(language: str, word: str, kind: Trade) -> None:
    for state in (State.RECEIVED, State.READY, State.MORE_WANTED):
        assert line(replace(SOLD, kind=kind, state=state, shunted=1), language).endswith(word)
