"""Bytes from the acquirer's line and from the reader's cable: cut anywhere and spoilt, nothing unforeseen."""

from __future__ import annotations

import random
from typing import Any

from dice import play, spoil

from acquirer_sdk.codes import shipped_codes
from acquirer_sdk.keyport import NoKeys
from acquirer_sdk.values import AuthoriseRequest, CardData, LateAnswer
from cafis_adapter import answers
from cafis_adapter.adapter import create
from cafis_adapter.codec import Message, MessageError, pack, transcript, unpack
from cafis_adapter.framing import frame
from cafis_adapter.line import Answer, Broken, HostAsks, Key, Line, Signal
from cafis_adapter.profile import load_profile
from schemas.envelope import armour
from schemas.link import frames
from schemas.link.session import PHONE, READER, Session

PROFILE = load_profile()
CODES = shipped_codes()
CARD = "4111111111111111"
REQUEST = AuthoriseRequest(
    *("000000000001", 1, 1200, 392, 10, 0, "T0000001", "M00001", 1, 1_790_000_000),
    CardData(f"{CARD}=27122010000012345678"),
)
MTIS = ("0110", "0110", "0110", "0430", "0800", "0810", "0100", "0210", "9999", "0430")


def message(dice: random.Random) -> Message:
    """One that the profile can write, mostly near an answer to REQUEST."""
    fields = {}
    for number in [*dice.sample(sorted(PROFILE.elements), dice.randrange(9)), 4, 11, 37, 39, 41]:
        fields[number] = "".join(dice.choice("0123456789AZ =") for _ in range(dice.randrange(1, 20)))
    near = {4: "000000001200", 11: "000001", 37: "000000000001", 39: "00", 41: "T0000001", 49: "392"}
    near |= {38: "123456", 44: dice.choice(("", "G12", CARD)), 70: dice.choice(("", "001", "002", "301"))}
    fields |= {number: value for number, value in near.items() if dice.random() < 0.8}
    return Message(dice.choice(MTIS), {number: value for number, value in fields.items() if value})


def wire(dice: random.Random) -> bytes:
    """A frame of such a message; a field that cannot be written is left out."""
    made = message(dice)
    while True:
        try:
            return frame(pack(PROFILE, made))
        except MessageError as error:
            number = int("".join(filter(str.isdigit, error.where)) or 0)
            made = Message(made.mti, {n: v for n, v in made.fields.items() if n != number and number})


def heard(data: bytes, cuts: list[int]) -> list[Any]:
    """What a signed-on line with one request under way makes of the bytes, in pieces."""
    line: Line[str] = Line(PROFILE, 64)
    line.up()
    line.signal(Signal.SIGN_ON_ACCEPTED)
    line.expect(Key("0110", "000001", "T0000001", "000000000001"), "waiter")
    told: list[Any] = []
    for begin, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        told.extend(line.receive(data[begin:end]))
        if told and isinstance(told[-1], Broken):
            break
    return told


def test_the_hosts_bytes_mean_the_same_however_they_are_cut() -> None:
    def case(dice: random.Random) -> None:
        data = spoil(dice, b"".join(wire(dice) for _ in range(dice.randrange(4))), 3)
        cuts = sorted(dice.randrange(len(data) + 1) for _ in range(dice.randrange(6)))
        assert heard(data, cuts) == heard(data, []) == heard(data, list(range(1, len(data))))
        for told in heard(data, []):
            must_be_judged(told)

    play(400, case)


def must_be_judged(told: Any) -> None:
    """As the adapter does with each event."""
    if isinstance(told, Broken):
        assert CARD not in f"{told.slug} {told.where}"
        return
    assert CARD not in transcript(told.message)
    assert CARD not in answers.result_code(told.message)
    assert isinstance(answers.late(CODES, told.message, near=False), LateAnswer)
    answers.reversal(CODES, told.message)
    if isinstance(told, Answer):
        outcome = answers.authorisation(CODES, told.message, REQUEST)
        approved = getattr(outcome, "amount_minor", 0)
        assert approved <= REQUEST.amount_minor


def test_random_bytes_are_no_message() -> None:
    def case(dice: random.Random) -> None:
        body = dice.choice((b"", b"0110", b"0800\x82\x20")) + dice.randbytes(dice.randrange(200))
        try:
            found = unpack(PROFILE, body)
        except MessageError:
            return
        assert transcript(found)

    play(3000, case)


def test_the_hosts_own_message_always_gets_an_answer() -> None:
    """One that could not be written would stop the line for good."""
    told: list[str] = []
    adapter = create({}, _Ports(told))

    def case(dice: random.Random) -> None:
        data = dice.choice((spoil(dice, wire(dice), 2), frame(_longest(dice))))
        for event in heard(data, []):
            if isinstance(event, HostAsks):
                answer = adapter._answer_host(event.message)
                assert unpack(PROFILE, answer).mti == "0810"

    play(600, case)


def _longest(dice: random.Random) -> bytes:
    """A message of the host's that is as long as may be, so that an answer with more in it would not fit."""
    fields = {7: "1121030000", 11: "000007", 48: "1" * 999, 55: "AA" * 200, 70: "301"}
    spare = PROFILE.body_max - len(pack(PROFILE, Message("0800", {**fields, 63: "1"}))) + 1
    return pack(PROFILE, Message("0800", {**fields, 63: "1" * (spare - dice.randrange(4))}))


class _Ports:
    """The adapter's outside."""

    keys = NoKeys()

    def __init__(self, told: list[str]) -> None:
        self._told = told

    def now_ms(self) -> int:
        return 1_790_000_000_000

    def random_bytes(self, count: int) -> bytes:
        return bytes(count)

    def tell(self, verb: str, /, **facts: Any) -> None:
        self._told.append(verb)


SPOKEN = tuple("PSKRVHGTAN")


def test_the_cable_brings_anything_and_both_ends_go_on() -> None:
    def case(dice: random.Random) -> None:
        session = Session(dice.choice((READER, PHONE)))
        now_ms = 0
        for _ in range(dice.randrange(12)):
            body = armour.to_text(armour.SALE, dice.randbytes(dice.choice((1, 90)))).encode()
            body = dice.choice((body, b"", b"0", b"genuine", b"1,42,1.0", b"OK", b"~" * 60))
            sent = frames.encode(dice.choice(SPOKEN), dice.randrange(10), body.decode())
            session.receive(spoil(dice, sent, 2), now_ms)
            now_ms += dice.choice((0, 1, 100, 5000, 10**7))
            session.tick(now_ms)
            for item in frames.Decoder().feed(session.outgoing()):
                assert isinstance(item, frames.Frame)

    play(1500, case)
