"""Values -> messages, each as the profile lays it out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from functools import lru_cache
from typing import Final

from acquirer_sdk.values import (
    Advice,
    AuthoriseRequest,
    CaptureRequest,
    CardData,
    Original,
    ReturnKind,
    ReturnRequest,
    Totals,
)
from cafis_adapter import added, chip, conditions
from cafis_adapter.codec import Message, MessageError
from cafis_adapter.layout import Kind, Layout
from cafis_adapter.private import Private
from cafis_adapter.profile import Profile

_ECHOED: Final = frozenset({7, 11, 32, 33, 70})
"""Elements of an 0800 that its answer repeats."""

_RETURNS: Final = {ReturnKind.VOID: Kind.VOID, ReturnKind.REFUND: Kind.REFUND}


SALE_MTI: Final = "0100"
RETURN_MTI: Final = "0200"


class Network(StrEnum):
    """DE70 of an 0800."""

    SIGN_ON = "001"
    SIGN_OFF = "002"
    KEYS = "101"
    ECHO = "301"


def kind_of(request: AuthoriseRequest) -> Kind:
    """Which kind of request the values ask for. No amount is a card check."""
    if isinstance(request, ReturnRequest):
        return _RETURNS[request.kind]
    if isinstance(request, CaptureRequest):
        return Kind.COMPLETION
    if request.hold:
        return Kind.HOLD
    return Kind.AUTHORISATION if request.amount_minor else Kind.CARD_CHECK


def authorisation(
    profile: Profile, acquirer_id: str, request: AuthoriseRequest, company: str = ""
) -> Message:
    """A sale, hold, capture, return or card check -> the request, every time in it from the values.

    company: the company code of a card that the profile's table does not know. A PIN does not stand in it.
    Raises MessageError for what its private elements cannot hold, KeyError for a kind the profile lacks.
    """
    layout = profile.layouts[kind_of(request)]
    fields = _common(profile, acquirer_id, request)
    fields |= _card(profile, request.card)
    said = _said(profile, request, company)
    original = original_of(request)
    if original is not None:
        fields[38] = original.approval_number
        fields[90] = _original(profile, acquirer_id, request, original)
        said |= _meant(profile, original)
    return _message(layout, fields, said)


def original_of(request: AuthoriseRequest) -> Original | None:
    """The sale that a return gives back, or that a capture takes."""
    return request.original if isinstance(request, ReturnRequest | CaptureRequest) else None


def reversal(profile: Profile, acquirer_id: str, request: AuthoriseRequest) -> Message:
    """A request that has not been sent -> the reversal that undoes it, with its date and its DE90."""
    undone, layout = profile.layouts[kind_of(request)], profile.layouts[Kind.REVERSAL]
    fields = _common(profile, acquirer_id, request)
    if layout.has_card:
        fields |= _card(profile, request.card)
    fields[3] = undone.constants.get(3, "")
    fields[90] = _elements(undone.mti, request.stan, fields[7], acquirer_id)
    return _message(layout, fields, {})


def advice(profile: Profile, acquirer_id: str, told: Advice) -> Message:
    """What was added to a sale -> the message that says so. Raises MessageError for what it cannot hold."""
    original = told.original
    utc, time, day = _times(told.time_s, profile.local_utc_offset_minutes)
    fields = {
        4: f"{original.amount_minor:012d}",
        7: utc,
        11: f"{told.stan:06d}",
        12: time,
        13: day,
        32: acquirer_id,
        37: told.reference,
        38: original.approval_number,
        41: told.terminal_id,
        42: told.merchant_id,
        49: f"{told.currency:03d}",
        90: _elements(
            profile.layouts[Kind.AUTHORISATION].mti, original.stan, _utc(original.time_s), acquirer_id
        ),
    }
    return _message(
        profile.layouts[Kind.ADVICE], fields, added.values(told.items) | _meant(profile, original)
    )


def inquiry(profile: Profile, reversed_by: Message, stan: int, time_s: int) -> Message:
    """The reversal of a request -> the question what became of it; stan, time_s: the question's own."""
    kept = {number: value for number, value in reversed_by.fields.items() if number != 39}
    fields = {**kept, 7: _utc(time_s), 11: f"{stan:06d}"}
    return _message(profile.layouts[Kind.INQUIRY], fields, {})


def totals(profile: Profile, acquirer_id: str, ours: Totals, stan: int, time_s: int) -> Message:
    """One day's totals -> the question whether they agree."""
    net = ours.sales_minor - ours.returns_minor
    fields = {
        7: _utc(time_s),
        11: f"{stan:06d}",
        15: f"{date.fromisoformat(ours.day):%m%d}",
        32: acquirer_id,
        49: f"{ours.currency:03d}",
        74: f"{ours.returns:010d}",
        76: f"{ours.sales:010d}",
        86: f"{ours.returns_minor:016d}",
        88: f"{ours.sales_minor:016d}",
        97: f"{'C' if net < 0 else 'D'}{abs(net):016d}",
    }
    return _message(profile.layouts[Kind.TOTALS], fields, {})


def _original(profile: Profile, acquirer_id: str, request: AuthoriseRequest, original: Original) -> str:
    """DE90 of the sale or capture that a return means, or of the hold that a capture means."""
    meant = Kind.HOLD if isinstance(request, CaptureRequest) else Kind.AUTHORISATION
    if isinstance(request, ReturnRequest) and request.of_capture:
        meant = Kind.COMPLETION
    return _elements(profile.layouts[meant].mti, original.stan, _utc(original.time_s), acquirer_id)


def _elements(mti: str, stan: int, utc: str, acquirer_id: str) -> str:
    """DE90: which message is meant."""
    return f"{mti}{stan:06d}{utc}{acquirer_id.zfill(11)}{'0' * 11}"


def repeated(message: Message) -> Message:
    """0420 -> 0421: the same advice, sent again (the origin digit says so)."""
    return message.with_fields({}, mti=message.mti[:3] + "1")


def network(
    profile: Profile, code: Network, stan: int, time_s: int, said: Mapping[str, str] | None = None
) -> Message:
    """Sign-on, sign-off, keys or echo. time_s: unix seconds UTC. said: for its private elements."""
    fields = {7: _utc(time_s), 11: f"{stan:06d}", 70: code.value}
    return _message(profile.layouts[Kind.NETWORK], fields, said or {})


def network_answer(asked: Message, code: str = "00") -> Message:
    """The 0810 to an 0800: what names the request and no more, so that it fits however long that was."""
    named = {number: value for number, value in asked.fields.items() if number in _ECHOED}
    return Message("0810", {**named, 39: code})


def keys_answer(profile: Profile, asked: Message, code: str, check: str) -> Message:
    """The 0810 to an 0800/101 that brought a key; check: its check value, or an empty text."""
    answer = network_answer(asked, code)
    inside = profile.layouts[Kind.NETWORK].private
    return Message(answer.mti, {**answer.fields, **_written(inside, {"key_check": check})})


def _message(layout: Layout, fields: Mapping[int, str], said: Mapping[str, str]) -> Message:
    every = {**fields, **layout.constants}
    if layout.private:
        every |= _written(layout.private, {**said, **layout.said})
    return Message(layout.mti, {number: every[number] for number in layout.fields if every.get(number)})


def _written(inside: tuple[tuple[int, Private], ...], said: Mapping[str, str]) -> dict[int, str]:
    written = {}
    for number, private in inside:
        try:
            text = private.write(said)
        except ValueError as error:
            raise MessageError("field-type", f"DE{number}.{error.args[0]}") from None
        if text:
            written[number] = text
    return written


def _common(profile: Profile, acquirer_id: str, request: AuthoriseRequest) -> dict[int, str]:
    utc, time, day = _times(request.time_s, profile.local_utc_offset_minutes)
    return {
        4: f"{request.amount_minor:012d}",
        7: utc,
        11: f"{request.stan:06d}",
        12: time,
        13: day,
        32: acquirer_id,
        37: request.reference,
        41: request.terminal_id,
        42: request.merchant_id,
        49: f"{request.currency:03d}",
    }


def _said(profile: Profile, request: AuthoriseRequest, company: str) -> dict[str, str]:
    """What stands in private elements of a request."""
    said = conditions.details(request)
    said["slip"] = str(request.slip)
    said["product"] = request.product_code
    said["referral"] = request.referral_number
    if request.tax_minor:
        said["tax"] = str(request.tax_minor)
    said["company"] = company_of(profile, request.card.pan) or company
    return said


def _meant(profile: Profile, original: Original) -> dict[str, str]:
    _, _, day = _times(original.time_s, profile.local_utc_offset_minutes)
    return {"original_reference": original.reference, "original_date": day}


def company_of(profile: Profile, pan: str) -> str:
    """A card number -> the company code of the longest beginning that fits, or an empty text."""
    for beginning, code in profile.companies.items():
        if pan.startswith(beginning):
            return code
    return ""


def _utc(time_s: int) -> str:
    return _times(time_s, 0)[0]


@lru_cache(16)
def _times(time_s: int, offset_minutes: int) -> tuple[str, str, str]:
    """-> DE7 (UTC), DE12, DE13 (local). A sale needs them three times, its neighbours often the same."""
    here = datetime.fromtimestamp(time_s, timezone(timedelta(minutes=offset_minutes)))
    return f"{here.astimezone(UTC):%m%d%H%M%S}", f"{here:%H%M%S}", f"{here:%m%d}"


def _card(profile: Profile, card: CardData) -> dict[int, str]:
    """A keyed card has number and expiry only; what was read has its whole track."""
    striped = "=" in card.track2 and len(card.track2) > len(card.pan) + 1 + len(card.expiry)
    sequence = chip.value(card.emv, chip.SEQUENCE) if card.emv else b""
    return {
        2: card.pan,
        14: "" if striped else card.expiry,
        22: profile.entry_modes.get(card.entry_mode, ""),
        23: f"{sequence.hex():0>3}" if sequence else "",
        35: card.track2 if striped else "",
        45: card.jis2,
        55: card.emv.hex().upper(),
    }
