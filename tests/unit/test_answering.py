"""What an answer does, over everything that it may say and prove."""

from __future__ import annotations

from itertools import product

import pytest

from mail_gateway.domain.answering import Answer, Nothing, Ocra, Ruling, Verdict, judge
from mail_gateway.domain.confirmation import Confirmation, ConfirmState, Policy

POLICY = Policy(10_000, 100_000)
PROVEN, SILENT, DISOWNED = (True, False), (False, False), (False, True)
MINOR = {"small": 10_000, "middle": 100_000, "large": 100_001}


def asking(state: ConfirmState = ConfirmState.ASKED, wrong: int = 0, unclear: int = 0) -> Confirmation:
    return Confirmation(1, state, 0, 10**6, None, wrong, unclear, False, "", None, None)


def ruled(said: Nothing, stand: tuple[bool, bool], total: str, ocra: Ocra, on: Confirmation) -> Ruling:
    return judge(on, (POLICY, MINOR[total]), Answer(said, 0, "", *stand), ocra)


def every() -> list[tuple[Nothing, tuple[bool, bool], str, Ocra, ConfirmState]]:
    bits = product((False, True), repeat=4)
    saids = [Nothing(*flags, ocra=digits) for flags in bits for digits in ("", "12345678")]
    stands = (PROVEN, SILENT, DISOWNED)
    return [
        one
        for one in product(saids, stands, MINOR, Ocra, ConfirmState)
        if (one[3] is Ocra.NONE) or one[0].ocra
    ]


def test_nothing_confirms_that_does_not_agree_and_prove_enough() -> None:
    confirmed = 0
    for said, stand, total, ocra, state in every():
        ruling = ruled(said, stand, total, ocra, asking(state))
        if ruling.verdict is not Verdict.CONFIRMED:
            continue
        confirmed += 1
        assert state is ConfirmState.ASKED
        assert not said.no and not said.wrong_code and ocra is not Ocra.WRONG
        if ocra is not Ocra.GOOD:
            assert (said.yes or said.code) and stand is not DISOWNED and total != "large"
            assert said.code or (stand is PROVEN and total == "small")
    assert confirmed > 10


def test_only_a_plain_no_refuses_and_it_always_does() -> None:
    for said, stand, total, ocra, state in every():
        is_plain = said.no and not (said.yes or said.code or said.wrong_code or said.ocra)
        assert (ruled(said, stand, total, ocra, asking(state)).verdict is Verdict.REFUSED) is is_plain


@pytest.mark.parametrize(
    ("said", "stand", "total", "ocra", "verdict", "why"),
    [
        (Nothing(yes=True), SILENT, "small", Ocra.NONE, Verdict.ASKED_AGAIN, "code"),
        (Nothing(yes=True), PROVEN, "middle", Ocra.NONE, Verdict.ASKED_AGAIN, "code"),
        (Nothing(yes=True, code=True), PROVEN, "large", Ocra.NONE, Verdict.ASKED_AGAIN, "ocra"),
        (Nothing(), PROVEN, "small", Ocra.NONE, Verdict.ASKED_AGAIN, "unclear"),
        (Nothing(yes=True, no=True), PROVEN, "small", Ocra.NONE, Verdict.ASKED_AGAIN, "unclear"),
        (Nothing(yes=True, wrong_code=True), PROVEN, "small", Ocra.NONE, Verdict.WRONG, "wrong-code"),
        (Nothing(ocra="1"), PROVEN, "small", Ocra.WRONG, Verdict.WRONG, "wrong-ocra"),
        (Nothing(ocra="1"), DISOWNED, "large", Ocra.GOOD, Verdict.CONFIRMED, ""),
        (Nothing(code=True), DISOWNED, "small", Ocra.NONE, Verdict.FOR_A_PERSON, "disowned"),
    ],
)
def test_who_is_asked_again_reads_what_is_missing(
    said: Nothing, stand: tuple[bool, bool], total: str, ocra: Ocra, verdict: Verdict, why: str
) -> None:
    found = ruled(said, stand, total, ocra, asking())
    assert (found.verdict, found.why) == (verdict, why)


def test_the_second_unclear_answer_and_the_third_wrong_one_are_the_last() -> None:
    unclear, wrong = Nothing(), Nothing(wrong_code=True)
    assert ruled(unclear, PROVEN, "small", Ocra.NONE, asking(unclear=1)).verdict is Verdict.FOR_A_PERSON
    assert ruled(wrong, PROVEN, "small", Ocra.NONE, asking(wrong=1)).verdict is Verdict.WRONG
    assert ruled(wrong, PROVEN, "small", Ocra.NONE, asking(wrong=2)).verdict is Verdict.LOCKED
