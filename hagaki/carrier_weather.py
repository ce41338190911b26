"""Mail weather: what a carrier does to a letter because of the amount in its subject; it sees no more."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from cafis_adapter.host.triggers import Mail, of_amount
from hagaki import carrier_spoil as spoil
from schemas.mail.read import Unreadable, read_mail

SUBJECT: Final = re.compile(r"\[Hagaki\] (?:[^0-9]*?)([0-9][0-9,.]*)円? (?:ref|照会番号) (\S+)")
COPIES: Final = 5
HELD_S: Final = 1
"""So long after the later letter comes the earlier one."""

_ONCE: Final = frozenset(
    {Mail.LOST, Mail.BOUNCED, Mail.CUT, Mail.GREYLISTED, Mail.FORGED, Mail.OUT_OF_OFFICE}
)
"""Befalls the first letter about a sale; what comes after has fine weather."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One mail to one recipient. sender: of the envelope, "" for the null sender. wait_ms: before it goes."""

    sender: str
    recipient: str
    mail: bytes
    wait_ms: int = 0


@dataclass(frozen=True, slots=True)
class Forecast:
    """What lies ahead of one letter. reference: of the sale that it is about."""

    mail: Mail
    reference: str = ""


FINE: Final = Forecast(Mail.GOOD)


class Weather:
    """Remembers which sales have had their weather, until it is restarted. delay_ms: how late is late."""

    def __init__(self, delay_ms: int, random_bytes: Callable[[int], bytes]) -> None:
        self._delay_ms = delay_ms
        self._random_bytes = random_bytes
        self._had: set[str] = set()
        self._held: dict[str, Parcel] = {}

    def over(self, mail: bytes) -> Forecast:
        """A mail -> its weather. Fine for whatever is no letter of ours."""
        found = read_mail(mail)
        about = None if isinstance(found, Unreadable) else SUBJECT.search(found.subject)
        if about is None:
            return FINE
        weather = of_amount(int(about[1].replace(",", "").replace(".", ""))).mail
        if not weather or (weather in _ONCE and about[2] in self._had):
            return FINE
        return Forecast(weather, about[2])

    def befall(self, forecast: Forecast, parcel: Parcel) -> list[Parcel]:
        """A letter in its weather -> what is carried in its place, in that order."""
        self._had.add(forecast.reference)
        if forecast.mail is Mail.OUT_OF_ORDER:
            return list(self._later_first(forecast.reference, parcel))
        return _BEFALLS[forecast.mail](self, parcel)

    def _later_first(self, reference: str, parcel: Parcel) -> Iterator[Parcel]:
        earlier = self._held.pop(reference, None)
        if earlier is None:
            self._held[reference] = parcel
            return
        yield parcel
        yield replace(earlier, wait_ms=HELD_S * 1000)

    def delayed(self, parcel: Parcel) -> list[Parcel]:
        """Late."""
        return [replace(parcel, wait_ms=self._delay_ms)]

    def forged(self, parcel: Parcel) -> list[Parcel]:
        """Behind a letter that says approved, with a seal of nobody's."""
        false = spoil.forged_approval(parcel.mail, self._random_bytes)
        return [replace(parcel, mail=false), replace(parcel, wait_ms=HELD_S * 1000)]


def _changed(change: Callable[[bytes], bytes]) -> Callable[[Weather, Parcel], list[Parcel]]:
    return lambda _, parcel: [replace(parcel, mail=change(parcel.mail))]


def _answered(parcel: Parcel) -> list[Parcel]:
    """Whoever is away has his mailbox say so, to where an answer is wanted."""
    to, note = spoil.out_of_office(parcel.mail, parcel.recipient)
    return [parcel, Parcel(parcel.recipient, to, note)]


def _bounced(parcel: Parcel) -> list[Parcel]:
    """The report goes to the envelope's sender, and has none (RFC 5321 section 4.5.5)."""
    return [Parcel("", parcel.sender, spoil.bounce(parcel.recipient, parcel.sender))]


_BEFALLS: Final[Mapping[Mail, Callable[[Weather, Parcel], list[Parcel]]]] = {
    Mail.LOST: lambda _, __: [],
    Mail.FIVE_TIMES: lambda _, parcel: [parcel] * COPIES,
    Mail.DELAYED: Weather.delayed,
    Mail.FORGED: Weather.forged,
    Mail.OUT_OF_OFFICE: lambda _, parcel: _answered(parcel),
    Mail.BOUNCED: lambda _, parcel: _bounced(parcel),
    Mail.CUT: _changed(spoil.cut),
    Mail.WRAPPED: _changed(spoil.wrapped),
    Mail.HTML: _changed(spoil.as_html),
    Mail.FOOTER: _changed(spoil.with_footer),
    Mail.GREYLISTED: lambda _, parcel: [parcel],  # the door puts it off
}
