"""What the host does for one message, step by step, without a socket: a message in, moves out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from acquirer_sdk.values import Item
from cafis_adapter.build import Network, network_answer
from cafis_adapter.codec import Message
from cafis_adapter.host import answers
from cafis_adapter.host.accounts import Account
from cafis_adapter.host.answers import APPROVALS, answer, granted_minor
from cafis_adapter.host.issuer import Issuer
from cafis_adapter.host.moves import Cut, Deafen, Half, Move, NewKeys, Raw, Send, Wait
from cafis_adapter.host.triggers import Step, Trigger, Undo, Wrong
from cafis_adapter.profile import StandIn

BYTE_BY_BYTE: Final = 1_000_000
ECHO: Final = Message("0800", {7: "0101000000", 11: "999999", 70: Network.ECHO.value})
SIGN_OFF: Final = Message("0800", {7: "0101000000", 11: "999998", 70: Network.SIGN_OFF.value})

_PLAIN: Final[Mapping[Step, Move]] = {
    Step.LATE: Wait(late=True),
    Step.SLOW: Wait(late=False),
    Step.CUT: Cut(),
    Step.DEAF: Deafen(),
    Step.NEW_KEYS: NewKeys(),
    Step.GARBAGE: Raw(b"\x00\x1a0110 this is no ISO 8583 !"),
    Step.OVERSIZE: Raw(b"\xff\xff0110"),
    Step.EMPTY: Raw(b"\x00\x00"),
    Step.SIGN_OFF: Send((SIGN_OFF,)),
}

_ANSWERS: Final[Mapping[Step, Callable[[Message], Move]]] = {
    Step.ANSWER: lambda said: Send((said,)),
    Step.HALF: Half,
    Step.DRIP: lambda said: Send((said,), BYTE_BY_BYTE),
    Step.SPLIT: lambda said: Send((said,), 2),
    Step.JOINED: lambda said: Send((ECHO, said, ECHO)),
    Step.REFUSE: lambda said: Send((said.with_fields({38: "", 39: "05"}),)),
}


def authorise(
    issuer: Issuer, account: Account, asked: Message, stand_in: StandIn | None = None
) -> Iterator[Move]:
    """A request about money -> moves. Booking happens as the moves are taken, so a Wait before it is a real
    one. account: its own in the books; stand_in: how the profile says that somebody stood in."""
    trigger = account.trigger
    if Step.CHARGE in trigger.does and trigger.code in APPROVALS:
        trigger = issuer.refusal(asked) or trigger
    said = answer(trigger, asked, stand_in)
    for step in trigger.does:
        if step is Step.CHARGE:
            if trigger.code in APPROVALS and not issuer.charge(asked, granted_minor(trigger, asked)):
                said = answer(replace(trigger, code="05"), asked, stand_in)
        elif step in _ANSWERS:
            move = _ANSWERS[step](said)
            yield replace(move, genuine=False) if isinstance(move, Send) and _is_spoiled(trigger) else move
        else:
            yield _PLAIN[step]


def _is_spoiled(trigger: Trigger) -> bool:
    return trigger.wrong is Wrong.MAC


def reverse(issuer: Issuer, advice: Message) -> Iterator[Move]:
    """A 0420 or 0421 -> moves."""
    code = issuer.reverse(advice)
    if code is None:
        return
    yield Send((_acknowledged(advice, code),))
    if issuer.undo(advice) is Undo.THEN_APPROVE:
        yield Send((answer(Trigger("", "approved"), advice),))


def advise(issuer: Issuer, advice: Message, items: dict[Item, str]) -> Iterator[Move]:
    """What was added to a sale -> moves. A sale that there is not, or not any more, takes nothing."""
    code = issuer.add(advice, items)
    if code is not None:
        yield Send((_acknowledged(advice, code),))


def _acknowledged(advice: Message, code: str) -> Message:
    kept = {number: advice.fields[number] for number in (4, 7, 11, 37, 41, 42, 49) if advice[number]}
    return Message(answers.answer_mti(advice.mti), {**kept, 39: code})


def inquire(issuer: Issuer, asked: Message) -> Iterator[Move]:
    """A question what became of a request -> moves. It changes nothing."""
    yield Send((answers.found(asked, issuer.meant(asked)),))


def network(asked: Message) -> Iterator[Move]:
    """An 0800 -> its 0810; who asks for keys gets them behind it."""
    yield Send((network_answer(asked),))
    if asked[70] == Network.KEYS:
        yield NewKeys()
