"""What `hagaki deal show` prints: the order, then what happened, with mails as their readers see them."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from hagaki import machine
from hagaki.readable import has_amount, plain, readable
from mail_gateway.domain.money import shown
from schemas.deal import layout
from schemas.errors import WireError
from schemas.mail.read import Mail, read_mail

if TYPE_CHECKING:
    from mail_gateway.domain.transcript import Transcript

_NAME: Final = 16
_TITLES: Final = {
    "event": "{kind}: {before} -> {after}",
    "letter": "letter {version}, {kind}, to {recipient}",
    "mail": "mail {id}, from {sender}",
    "payment": "payment {id}, {kind}",
    "return": "return {return_id}, {state}",
}
"""An entry's first line; what stands in it is not said again below."""


def lines(found: Transcript, zone: str) -> Iterator[str]:
    """A transcript -> lines for a person. zone: IANA name, of the times."""
    yield from _named(found.head, zone)
    yield from _goods(found.head["deal"])
    for entry in found.entries:
        yield ""
        yield from _entry(entry, found.head["currency"], zone)
    yield ""
    yield f"{'chain':<{_NAME}} {found.chain}"
    if any("raw" in entry for entry in found.entries):
        yield "The bytes of letters and mails, and what `hagaki deal verify` checks: --out FILE."


def _entry(entry: Mapping[str, Any], currency: int, zone: str) -> Iterator[str]:
    what = str(entry["what"])
    title = _TITLES.get(what, what)
    rest = {name: value for name, value in entry.items() if name not in ("what", "at_ms", "raw")}
    said = [name for name in rest if f"{{{name}}}" in title]
    yield f"-- {machine.time_text(entry['at_ms'], zone)}  {plain(title.format_map(entry))}"
    left = {name: value for name, value in rest.items() if name not in said and value not in ("", None, {})}
    yield from _named({"currency": currency, **left} if has_amount(left) else left, zone, "   ")
    if "raw" in entry:
        yield from (f"   | {plain(line)}" for line in _read(what, base64.b64decode(entry["raw"])))


def _goods(deal: str) -> Iterator[str]:
    """The lines that the customer agrees to, from the deal's own bytes in hex."""
    try:
        decoded = layout.decode(bytes.fromhex(deal))
    except WireError:
        return
    for number, line in enumerate(goods(decoded)):
        yield f"{'' if number else 'goods':<{_NAME}} {plain(line)}"


def goods(deal: layout.Deal) -> list[str]:
    """The lines of a deal: what it is, the price of one, and how many."""
    return [
        f"{name} {model}".rstrip() + f"  {shown(unit_minor, deal.currency, 'en')} x {quantity}"
        for name, model, unit_minor, quantity in deal.lines
    ]


def _named(row: Mapping[str, Any], zone: str, margin: str = "") -> Iterator[str]:
    for name, text in readable(row, zone).items():
        yield f"{margin}{name:<{_NAME}} {text}".rstrip()


def _read(what: str, raw: bytes) -> Iterator[str]:
    """A mail as its reader sees it. Of a customer's, also what its HTML says otherwise than its text."""
    mail = read_mail(raw)
    if not isinstance(mail, Mail):
        yield from raw.decode("utf-8", "replace").splitlines()
        return
    head = {"From": mail.from_address, "Date": mail.date, "Subject": mail.subject}
    yield from (f"{name}: {value}" for name, value in head.items() if value)
    shown: set[str] = set()
    for text in mail.texts[:1] if what == "letter" else mail.texts:
        if (squeezed := "".join(text.split())) not in shown:
            shown.add(squeezed)
            yield ""
            yield from text.strip("\n").splitlines()
