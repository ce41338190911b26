"""What an answer means: the table of problems, and whatever is not clearly an answer is in doubt."""

from __future__ import annotations

from typing import Any

import pytest

from acquirer_sdk.bench import sample_request
from acquirer_sdk.items import is_written
from acquirer_sdk.keyport import NoKeys
from acquirer_sdk.values import (
    AdviceAccepted,
    AdviceOpen,
    AdviceRefused,
    Approved,
    Ask,
    Declined,
    InDoubt,
    NeedsInput,
    NotFound,
    ReversalAccepted,
    ReversalOpen,
)
from json_adapter import answers, build
from json_adapter.answers import Answer
from json_adapter.asked import Asked, Operation
from json_adapter.build import Pins
from json_adapter.problems import TYPE, Meaning, read_problems, shipped_problems
from json_adapter.processor.desk import problem
from json_adapter.wire import write
from mail_gateway.domain.codes import REASONS

JSON, PROBLEM = "application/json", "application/problem+json"
APPROVAL: dict[str, Any] = {
    "result": "approved",
    "reference": "700000000001",
    "stan": 1,
    "terminal_id": "T0000001",
    "amount_minor": 1200,
    "currency": 392,
    "approval_number": "123456",
}


def asked(operation: Operation = Operation.AUTHORISATION) -> Asked:
    found = build.asking(operation, sample_request(1200), Pins(NoKeys(), "json.pin")).asked
    assert found is not None
    return found


def yes(**changes: Any) -> Answer:
    members = {name: value for name, value in {**APPROVAL, **changes}.items() if value is not None}
    return Answer(200, JSON, write(members))


def no(slug: str, **changes: Any) -> Answer:
    reply = problem(slug, asked(), **changes)
    return Answer(reply.status, reply.content_type, reply.body)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (yes(), Approved("123456", 1200)),
        (yes(amount_minor=600), Approved("123456", 600, "10")),
        (yes(unheard_of={"a": 1}), Approved("123456", 1200)),
        (yes(amount_minor=1201), InDoubt("wrong-amount")),
        (yes(amount_minor=0), InDoubt("wrong-amount")),
        (yes(amount_minor="1200"), InDoubt("json-number")),
        (yes(amount_minor=None), InDoubt("json-missing")),
        (yes(amount_minor=True), InDoubt("json-number")),
        (yes(currency=840), InDoubt("wrong-currency")),
        (yes(approval_number=None), InDoubt("no-approval-number")),
        (yes(approval_number=""), InDoubt("json-form")),
        (yes(approval_number="12345678"), InDoubt("json-form")),
        (yes(reference="700000000002"), InDoubt("wrong-request")),
        (yes(stan=2), InDoubt("wrong-request")),
        (yes(terminal_id="T0000002"), InDoubt("wrong-request")),
        (yes(result="declined"), InDoubt("unknown-code")),
        (yes(result="taken"), InDoubt("unknown-code")),
        (Answer(200, PROBLEM, write(APPROVAL)), InDoubt("content-type")),
        (Answer(200, "application/json; charset=utf-8", write(APPROVAL)), InDoubt("content-type")),
        (Answer(201, JSON, write(APPROVAL)), InDoubt("content-type")),
        (Answer(402, JSON, write(APPROVAL)), InDoubt("content-type")),
        (Answer(200, JSON, b""), InDoubt("json-broken")),
        (no("funds-short", status=200), InDoubt("contradiction")),
        (no("funds-short", reference="700000000002"), InDoubt("wrong-request")),
        (no("funds-short", type=TYPE + "something-new"), InDoubt("unknown-code")),
        (no("funds-short", type="about:blank"), InDoubt("unknown-code")),
        (Answer(422, PROBLEM, no("funds-short").body), InDoubt("contradiction")),
        (Answer(402, PROBLEM, write({"type": TYPE + "declined", "status": 402})), InDoubt("json-missing")),
        (no("advice-refused"), InDoubt("unknown-code")),
        (no("never-came"), InDoubt("unknown-code")),
    ],
)
def test_only_a_clear_answer_to_this_very_request_counts(answer: Answer, outcome: object) -> None:
    assert answers.decision(answer, asked()) == outcome


@pytest.mark.parametrize("operation", [Operation.REFUND, Operation.VOID, Operation.CAPTURE])
def test_only_a_sale_may_be_approved_for_less(operation: Operation) -> None:
    from dataclasses import replace

    given = replace(asked(), operation=operation)
    assert answers.decision(yes(amount_minor=600), given) == InDoubt("wrong-amount")
    assert answers.decision(yes(), given) == Approved("123456", 1200)


@pytest.mark.parametrize("slug", list(shipped_problems()))
def test_every_problem_has_its_outcome(slug: str) -> None:
    row, outcome = shipped_problems()[slug], answers.decision(no(slug), asked())
    match row.meaning:
        case Meaning.DECLINED:
            assert outcome == Declined(row.code)
        case Meaning.AGAIN:
            assert outcome == NeedsInput(Ask.AGAIN, row.code)
        case Meaning.MORE:
            assert outcome == NeedsInput(Ask.MORE, row.code, row.items)
        case _:
            assert isinstance(outcome, InDoubt)


def test_every_code_that_a_merchant_may_see_has_words() -> None:
    seen = {
        row.code
        for row in shipped_problems().values()
        if row.meaning in (Meaning.DECLINED, Meaning.AGAIN, Meaning.MORE)
    }
    assert seen <= set(REASONS)


def test_what_is_wanted_can_be_written() -> None:
    written = {"approval-number": "123456", "product-code": "0990", "tax": "100", "bonus-months": "07:100"}
    written |= {"start-month": "07", "division": "61/03"}
    for row in shipped_problems().values():
        assert all(is_written(item, written[item]) for item in row.items)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (yes(result="reversed"), ReversalAccepted("00")),
        (yes(result="never-came"), ReversalAccepted("25")),
        (yes(), ReversalOpen("unknown-code")),
        (yes(result="reversed", stan=9), ReversalOpen("wrong-request")),
        (no("reversal-refused"), ReversalOpen("refused-12")),
        (no("never-came"), ReversalOpen("refused-25")),
        (Answer(503, "text/html", b"<html>"), ReversalOpen("content-type")),
    ],
)
def test_a_reversal_is_open_until_it_is_clearly_acknowledged(answer: Answer, outcome: object) -> None:
    assert answers.reversal(answer, asked()) == outcome


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (yes(result="taken"), AdviceAccepted("00")),
        (no("advice-refused"), AdviceRefused("12")),
        (no("original-unknown"), AdviceRefused("G94")),
        (no("fault"), AdviceOpen("code-96")),
        (yes(), AdviceOpen("unknown-code")),
        (Answer(200, JSON, b"{}"), AdviceOpen("json-missing")),
    ],
)
def test_an_advice_is_open_until_it_is_clearly_taken_or_refused(answer: Answer, outcome: object) -> None:
    assert answers.advice(answer, asked()) == outcome


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (no("never-came"), NotFound()),
        (no("never-came", stan=9), InDoubt("wrong-request")),
        (Answer(404, "text/html", b"not found"), InDoubt("content-type")),
        (no("no-such-path"), InDoubt("code-no-such-path")),
        (yes(), Approved("123456", 1200)),
        (no("reversed"), Declined("05")),
        (no("in-progress"), InDoubt("code-in-progress")),
    ],
)
def test_an_inquiry_is_never_taken_for_not_found_by_mistake(answer: Answer, outcome: object) -> None:
    assert answers.inquiry(answer, asked()) == outcome


def test_a_table_with_a_slug_twice_or_an_unknown_word_is_refused() -> None:
    row = {"slug": "a", "status": 402, "title": "A", "outcome": "declined", "code": "05"}
    assert read_problems([row])["a"].code == "05"
    for rows in ([row, row], [{**row, "outcome": "perhaps"}], [{**row, "items": ["shoe-size"]}]):
        with pytest.raises(ValueError):
            read_problems(rows)
