"""openapi.json is true: of the adapter's requests, of the simulator's answers, and of what either refuses."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from acquirer_sdk.bench import TRACK2, sample_request
from acquirer_sdk.keyport import NoKeys
from acquirer_sdk.values import (
    Advice,
    Bonus,
    CaptureRequest,
    CardData,
    Item,
    Original,
    ReturnKind,
    ReturnRequest,
    Totals,
)
from json_adapter import build
from json_adapter.asked import PATHS, Operation, read_asked, read_totals
from json_adapter.build import Call, Pins
from json_adapter.problems import TYPE, shipped_problems
from json_adapter.processor.desk import Desk, Reply, Send, problem
from json_adapter.processor.triggers import shipped_triggers
from json_adapter.signature import Key
from json_adapter.wire import WireError, read, write

API: dict[str, Any] = json.loads((files("json_adapter") / "openapi.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator
PINS = Pins(NoKeys(), "json.pin")
ORIGINAL = Original("700000000001", 1, 1200, 1_767_225_600, "123456")


def posted(operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = API["paths"][PATHS[operation]]["post"]
    return found


def schema(content: dict[str, Any], media_type: str) -> jsonschema.Draft202012Validator:
    """The schema that stands there, with all that it refers to."""
    return VALIDATOR({**content[media_type]["schema"], "components": API["components"]})


def asked_schema(operation: Operation) -> jsonschema.Draft202012Validator:
    return schema(posted(operation)["requestBody"]["content"], "application/json")


def answer_schema(operation: Operation, reply: Reply) -> jsonschema.Draft202012Validator:
    if reply.status == 200:
        return schema(posted(operation)["responses"]["200"]["content"], reply.content_type)
    return schema(API["components"]["responses"]["Problem"]["content"], reply.content_type)


def calls() -> Iterator[Call]:
    """Everything that the adapter can say, in its longest form and its shortest."""
    sale = sample_request(1200)
    yield build.asking(Operation.AUTHORISATION, sale, PINS)
    yield build.asking(Operation.CARD_CHECK, sample_request(0), PINS)
    asked = {name: getattr(sale, name) for name in type(sale).__dataclass_fields__}
    full = {
        "condition": 34,
        "condition_count": 12,
        "product_code": "0990",
        "tax_minor": 100,
        "first_month": 7,
        "bonuses": (Bonus(7, 100), Bonus(12, 0)),
        "referral_number": "A12345",
        "hold": True,
        "card": CardData(TRACK2, jis2="a" * 69, emv=b"\x9f\x27\x01\x80", entry_mode=3),
    }
    yield build.asking(Operation.AUTHORISATION, type(sale)(**{**asked, **full}), PINS)
    later = {**asked, "reference": "700000000002", "stan": 2, "original": ORIGINAL}
    for kind in ReturnKind:
        back = ReturnRequest(**later, kind=kind)
        yield build.asking(build.operation_of(back), back, PINS)
    bare = ReturnRequest(**{**later, "card": CardData()}, kind=ReturnKind.REFUND)
    yield build.asking(Operation.REFUND, bare, PINS)
    yield build.asking(Operation.CAPTURE, CaptureRequest(**{**later, "card": CardData()}), PINS)
    for request in (sale, bare):
        yield build.undoing(request)
    yield Call(Operation.INQUIRY, "", build.undoing(sale).body)
    names = ("terminal_id", "merchant_id", "currency", "time_s", "original")
    items = {Item.PRODUCT_CODE: "0990", Item.NOTE: "贈り物", Item.BONUS_MONTHS: "07:100,12:0"}
    told = {name: later[name] for name in names}
    yield build.advising(Advice(reference="700000000003", stan=3, **told, items=items), 1)
    yield build.reconciling(Totals("2026-01-01", 392, 1, 1200, 0, 0))
    yield build.echoing()


def read_by_the_reader(operation: Operation, body: bytes) -> None:
    table = read(body)
    if operation is Operation.RECONCILIATION:
        read_totals(table)
    elif operation is not Operation.ECHO:
        read_asked(operation, table)


def test_it_is_a_description_that_tools_can_read() -> None:
    assert API["openapi"] == "3.1.0"
    assert set(API["paths"]) == set(PATHS.values())
    for one in API["components"]["schemas"].values():
        VALIDATOR.check_schema(one)
    text = json.dumps(API)
    named = {part.split('"')[0] for part in text.split("#/components/")[1:]}
    for name in named:
        kind, _, key = name.partition("/")
        assert key in API["components"][kind], name
    ids = [posted(operation)["operationId"] for operation in PATHS]
    assert ids == [operation.value for operation in PATHS]


def test_every_problem_of_the_table_is_in_it_and_no_other() -> None:
    named = API["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]
    assert named == [TYPE + slug for slug in shipped_problems()]


@pytest.mark.parametrize("operation", list(PATHS))
def test_its_examples_are_good(operation: Operation) -> None:
    content = posted(operation)["requestBody"]["content"]["application/json"]
    asked_schema(operation).validate(content["example"])
    read_by_the_reader(operation, write(content["example"]))
    answer = posted(operation)["responses"]["200"]["content"]["application/json"]
    schema(posted(operation)["responses"]["200"]["content"], "application/json").validate(answer["example"])
    about = API["components"]["responses"]["Problem"]["content"]["application/problem+json"]
    schema(API["components"]["responses"]["Problem"]["content"], "application/problem+json").validate(
        about["example"]
    )


@pytest.mark.parametrize("call", list(calls()), ids=lambda call: call.operation.value)
def test_every_request_of_the_adapter_is_as_it_says(call: Call) -> None:
    asked_schema(call.operation).validate(json.loads(call.body))


@pytest.mark.parametrize("digits", ["", *shipped_triggers()])
def test_every_answer_of_the_simulator_is_as_it_says(digits: str) -> None:
    """But those that are wrong on purpose."""
    desk, amount = Desk(Key("trial", b"x" * 32), 0), int(f"1{digits or '200'}")
    call = build.asking(Operation.AUTHORISATION, sample_request(amount), PINS)
    if digits and shipped_triggers()[digits].wrong:
        return
    assert call.asked is not None
    for move in desk._decided(call.asked, shipped_triggers().get(digits, shipped_triggers()["905"])):
        if isinstance(move, Send):
            answer_schema(Operation.AUTHORISATION, move.reply).validate(json.loads(move.reply.body))


@pytest.mark.parametrize("slug", list(shipped_problems()))
def test_every_problem_is_as_it_says(slug: str) -> None:
    asked = build.asking(Operation.AUTHORISATION, sample_request(1200), PINS).asked
    reply = problem(slug, asked)
    answer_schema(Operation.AUTHORISATION, reply).validate(json.loads(reply.body))


def changed(members: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The same with one member gone, or of another type, length or size; inner ones too."""
    for name, value in members.items():
        yield {key: copy.deepcopy(one) for key, one in members.items() if key != name}
        for other in (
            None,
            True,
            -1,
            0,
            13,
            10**12,
            10**14,
            "",
            "x",
            "0",
            "12345678",
            "é",
            [],
            {},
            [{}],
            [1] * 7,
        ):
            yield {**copy.deepcopy(members), name: other}
        if isinstance(value, dict):
            yield from ({**members, name: inner} for inner in changed(value))
    yield {**members, "unheard_of": {"a": [1]}}


@pytest.mark.parametrize("call", list(calls()), ids=lambda call: call.operation.value)
def test_it_refuses_exactly_what_the_reader_refuses(call: Call) -> None:
    validator = asked_schema(call.operation)
    for members in changed(json.loads(call.body)):
        try:
            read_by_the_reader(call.operation, write(members))
            taken = True
        except WireError:
            taken = False
        assert validator.is_valid(members) == taken, members
