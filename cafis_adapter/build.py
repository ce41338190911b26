"""Values -> messages: the authorisation 0100, a return 0200, a reversal 0420, network management 0800."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from functools import lru_cache
from typing import Final

from acquirer_sdk.values import AuthoriseRequest, CardData, ReturnRequest
from cafis_adapter import chip
from cafis_adapter.codec import Message
from cafis_adapter.profile import Profile

_ECHOED: Final = frozenset({7, 11, 32, 33, 70})
"""Elements of an 0800 that its answer repeats."""

SALE_MTI: Final = "0100"
RETURN_MTI: Final = "0200"


class Network(StrEnum):
    """DE70 of an 0800."""

    SIGN_ON = "001"
    SIGN_OFF = "002"
    ECHO = "301"


def authorisation(profile: Profile, acquirer_id: str, request: AuthoriseRequest) -> Message:
    """A sale -> 0100 (ISO 8583:1987), every time in it from the request."""
    return _message(profile, "authorisation", SALE_MTI, _asked(profile, acquirer_id, request))


def giving_back(profile: Profile, acquirer_id: str, request: ReturnRequest) -> Message:
    """A return -> 0200; DE38 and DE90 are those of the sale that it gives back."""
    original, fields = request.original, _asked(profile, acquirer_id, request)
    fields[3] = profile.processing_codes[request.kind]
    fields[38] = original.approval_number
    fields[90] = _elements(SALE_MTI, original.stan, _times(original.time_s, 0)[0], acquirer_id)
    return _message(profile, "return", RETURN_MTI, fields)


def reversal(profile: Profile, acquirer_id: str, request: AuthoriseRequest) -> Message:
    """A request that has not been sent -> the 0420 that undoes it, with its date and its DE90."""
    fields = _common(profile, acquirer_id, request)
    fields |= _card(profile, request.card)
    fields[39] = profile.reversal_reason
    mti = SALE_MTI
    if isinstance(request, ReturnRequest):
        mti, fields[3] = RETURN_MTI, profile.processing_codes[request.kind]
    fields[90] = _elements(mti, request.stan, fields[7], acquirer_id)
    return _message(profile, "reversal", "0420", fields)


def _asked(profile: Profile, acquirer_id: str, request: AuthoriseRequest) -> dict[int, str]:
    paid = f"{request.condition:03d}{request.condition_count:02d}{request.slip}"
    return {**_common(profile, acquirer_id, request), **_card(profile, request.card), 48: paid}


def _elements(mti: str, stan: int, utc: str, acquirer_id: str) -> str:
    """DE90: which message is meant."""
    return f"{mti}{stan:06d}{utc}{acquirer_id.zfill(11)}{'0' * 11}"


def repeated(message: Message) -> Message:
    """0420 -> 0421: the same advice, sent again (the origin digit says so)."""
    return message.with_fields({}, mti=message.mti[:3] + "1")


def network(profile: Profile, code: Network, stan: int, time_s: int) -> Message:
    """Sign-on, sign-off or echo. time_s: unix seconds UTC."""
    fields = {7: f"{datetime.fromtimestamp(time_s, UTC):%m%d%H%M%S}", 11: f"{stan:06d}", 70: code.value}
    return _message(profile, "network", "0800", fields)


def network_answer(asked: Message) -> Message:
    """The 0810 to an 0800: what names the request and no more, so that it fits however long that was."""
    named = {number: value for number, value in asked.fields.items() if number in _ECHOED}
    return Message("0810", {**named, 39: "00"})


def _message(profile: Profile, name: str, mti: str, fields: Mapping[int, str]) -> Message:
    every = {**profile.constants, **fields}
    return Message(mti, {number: every[number] for number in profile.messages[name] if every.get(number)})


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


@lru_cache(16)
def _times(time_s: int, offset_minutes: int) -> tuple[str, str, str]:
    """-> DE7 (UTC), DE12, DE13 (local). A sale needs them three times, its neighbours often the same."""
    here = datetime.fromtimestamp(time_s, timezone(timedelta(minutes=offset_minutes)))
    return f"{here.astimezone(UTC):%m%d%H%M%S}", f"{here:%H%M%S}", f"{here:%m%d}"


def _card(profile: Profile, card: CardData) -> dict[int, str]:
    striped = "=" in card.track2
    sequence = chip.value(card.emv, chip.SEQUENCE)
    return {
        2: card.pan,
        14: "" if striped else card.expiry,
        22: profile.entry_modes.get(card.entry_mode, ""),
        23: f"{sequence.hex():0>3}" if sequence else "",
        35: card.track2 if striped else "",
        45: card.jis2,
        52: "" if card.pin is None else card.pin.block.hex().upper(),
        55: card.emv.hex().upper(),
    }
