"""Checks a transcript on any machine: nothing but the file, and perhaps the customer's key, is asked."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from mail_gateway.domain import saying
from mail_gateway.domain.money import shown
from mail_gateway.domain.order import ORDER_TRANSITIONS, OrderKind, OrderState
from mail_gateway.domain.payment import Trade
from schemas.deal import layout, ocra
from schemas.errors import WireError
from schemas.mail.read import Mail, read_mail
from schemas.mail.said import said_in_both
from schemas.mail.subjects import is_no_answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mail_gateway.domain.transcript import Transcript
    from mail_gateway.envelope.customers import CustomerSecret

    Entry = Mapping[str, Any]

_ASKING: Final = ("question", "question-reminder", "question-again")
_AHEAD_MIN: Final = 2
_WINDOW_MIN_MAX: Final = 1440


class Finding(StrEnum):
    """What a check found."""

    PASS = "pass"
    FAIL = "fail"
    OPEN = "not-checkable"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report."""

    name: str
    finding: Finding
    text: str


def check(found: Transcript, secret: CustomerSecret | None) -> list[Check]:
    """Every check of a transcript whose chain holds. secret: the customer's own, None: not at hand."""
    try:
        checks = [_deal(found), _events(found), _bytes(found), _question(found), *_answers(found)]
        return [*checks, _ocra(found, secret), _money(found)]
    except (WireError, ValueError, TypeError, LookupError, AttributeError):  # somebody wrote it by hand
        return [_bad("form", "it is not written as a transcript is")]


def _good(name: str, text: str) -> Check:
    return Check(name, Finding.PASS, text)


def _bad(name: str, text: str) -> Check:
    return Check(name, Finding.FAIL, text)


def _open(name: str, text: str) -> Check:
    return Check(name, Finding.OPEN, text)


def _deal(found: Transcript) -> Check:
    """The deal's bytes are a deal, the question is theirs, and the order is the one that the deal says."""
    deal = _decoded(found)
    if deal is None:
        return _bad("deal", "its bytes are no deal")
    if layout.question(bytes.fromhex(found.head["deal"])) != found.head["question"]:
        return _bad("deal", "the question is not the hash of the deal's bytes")
    own = (deal.shop, deal.deal_id, deal.currency, deal.total_minor, deal.time_s)
    names = ("shop", "deal_id", "currency", "total_minor")
    if own != (*(found.head[name] for name in names), found.head["placed_ms"] // 1000):
        return _bad("deal", "the order is another than the deal's bytes say")
    return _good("deal", f"{_counted(deal.lines, 'line')}, question {found.head['question'][:16]}...")


def _decoded(found: Transcript) -> Any:
    try:
        return layout.decode(bytes.fromhex(found.head["deal"]))
    except (WireError, ValueError):
        return None


def _events(found: Transcript) -> Check:
    """The events lead from placed to where the order stands, each by an arrow of the table."""
    state = OrderState.PLACED
    for event in found.of("event"):
        after = ORDER_TRANSITIONS.get(state, {}).get(OrderKind(event["kind"]))
        if event["before"] != state or after is None or event["after"] != after:
            return _bad("events", f"{event['kind']} does not follow from {state}")
        state = after
    if state != found.head["state"]:
        return _bad("events", f"they lead to {state}, and the order is {found.head['state']}")
    return _good("events", f"{_counted(found.of('event'), 'event')}, and it is {state}")


def _bytes(found: Transcript) -> Check:
    """Every letter and mail has the bytes that its hash says."""
    held = 0
    for entry in (*found.of("letter"), *found.of("mail")):
        raw = _raw(entry)
        if raw is not None and hashlib.sha256(raw).hexdigest() != entry["sha256"]:
            return _bad("bytes", f"{_name(entry)} has other bytes than its hash says")
        held += raw is not None
    return _good("bytes", f"{held} letters and mails have the bytes that their hashes say")


def _raw(entry: Entry) -> bytes | None:
    """None: they are withheld or were wiped."""
    try:
        return base64.b64decode(entry["raw"], validate=True) if "raw" in entry else None
    except (binascii.Error, TypeError):
        return b""


def _name(entry: Entry) -> str:
    return f"mail {entry['id']}" if entry["what"] == "mail" else f"letter {entry['kind']} {entry['version']}"


def _question(found: Transcript) -> Check:
    """Each letter that asked said all that the deal says, and the code."""
    asking = [entry for entry in found.of("letter") if entry["kind"] in _ASKING]
    deal = _decoded(found)
    if not asking or deal is None:
        return _open("question", "nobody was asked" if deal else "there is no deal to compare with")
    for entry in asking:
        mail = read_mail(_raw(entry) or b"")
        texts = mail.texts if isinstance(mail, Mail) else ()
        squeezed = _squeezed("".join(texts))
        missing = [word for word in _words(found, deal) if not any(map(squeezed.__contains__, word))]
        if missing:
            return _bad("question", f"{_name(entry)} does not say {missing[0][0]}")
    carried = f"carried shop, {_counted(deal.lines, 'line')}, total and code"
    return _good("question", f"{_counted(asking, 'letter')} {carried}")


def _counted(things: Sequence[Any], name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"


def _words(found: Transcript, deal: Any) -> Iterator[tuple[str, ...]]:
    """What a letter has to say, each in one of these forms."""
    amounts = [deal.total_minor]
    for name, model, unit_minor, _ in deal.lines:
        yield (_squeezed(name),)
        yield (_squeezed(model),)
        amounts.append(unit_minor)
    for amount in amounts:
        yield tuple(_squeezed(shown(amount, deal.currency, language)) for language in ("ja", "en"))
    yield (_squeezed(deal.shop),)
    yield (_squeezed(deal.deal_id),)
    yield (found.head["code"],)


def _squeezed(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _answers(found: Transcript) -> Iterator[Check]:
    """What decided the order is read again, from the answer's own bytes."""
    decided = [event for event in found.of("event") if event["kind"] in (OrderKind.YES, OrderKind.NO)]
    for event in decided:
        entries = [entry for entry in found.of("mail") if entry["id"] == event["facts"].get("mail")]
        if not entries:
            yield _open("answer", "it was given on the page: there are no bytes of a mail")
            continue
        yield _answer(found, event, entries[0])
        yield _sender(entries[0])
    if not decided:
        yield _open("answer", "no answer decided this order")


def _answer(found: Transcript, event: Entry, entry: Entry) -> Check:
    raw = _raw(entry)
    if raw is None:
        return _open(
            "answer", f"the bytes of {_name(entry)} are not in the file ({entry.get('withheld', 'wiped')})"
        )
    mail = read_mail(raw)
    if not isinstance(mail, Mail):
        return _bad("answer", f"{_name(entry)} cannot be read")
    before = [one for one in found.of("letter") if one["at_ms"] <= entry["at_ms"]]
    lines = said_in_both(mail.body, mail.beside, list(_texts(before)), found.head["domains"])
    names = (found.head["customer_name"], found.head["shop"])
    passed_on = is_no_answer(mail.subject)
    read = saying.read(lines, found.head["code"], names=names, passed_on=passed_on)
    how = str(event["facts"].get("how", "")).split()
    agrees = read.yes or read.code or bool(read.ocra)
    expected = {
        OrderKind.YES: agrees and not read.no and not read.wrong_code,
        OrderKind.NO: read.no and not agrees,
    }
    same = expected[OrderKind(event["kind"])] and ("code" not in how or read.code)
    if not same or ("ocra" in how and read.ocra != event["facts"].get("ocra")):
        return _bad("answer", f"{_name(entry)} does not say {event['kind']}")
    return _good("answer", f"{_name(entry)} says {event['kind']} ({' '.join(how)})")


def _texts(letters: Sequence[Entry]) -> Iterator[str]:
    for entry in letters:
        mail = read_mail(_raw(entry) or b"")
        yield from mail.texts if isinstance(mail, Mail) else ()


class _Recorded:
    """The DNS as far as the transcript has it: the keys that a signature held under."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._found = dict(line.split(" ", 1) for line in lines)

    async def ask(self, name: str, kind: str) -> tuple[str, ...]:
        """The one record of that name; kind: TXT."""
        found = self._found.get(name)
        return () if found is None or kind != "TXT" else (found,)


def _sender(entry: Entry) -> Check:
    """The DKIM signatures hold under the keys that were published then; nothing else can be asked again."""
    from mail_gateway.proof import signatures  # its library is needed here only
    from mail_gateway.proof.evidence import evidence_of

    how, *keys = entry["proof"].split("\n")
    raw = _raw(entry)
    if not keys or raw is None:
        return _open("sender", f"no signature was recorded with its key: {how or 'nothing is known'}")
    evidence = evidence_of(raw, "", entry["at_ms"] // 1000)
    signed = asyncio.run(signatures.signed(evidence, _Recorded(keys)))
    named = [word.removeprefix("dkim=") for word in how.split() if word.startswith("dkim=")]
    if not signed.domains or named != [",".join(signed.domains)]:
        return _bad("sender", f"the signatures do not hold under their keys: {how}")
    return _good("sender", f"signed by {', '.join(signed.domains)}; the rest as recorded: {how}")


def _ocra(found: Transcript, secret: CustomerSecret | None) -> Check:
    """The eight digits come from the customer's key and password, this deal, and the minutes before them."""
    computed = [event for event in found.of("event") if "ocra" in event["facts"]]
    if not computed:
        return _open("ocra", "the answer was not computed")
    if secret is None:
        return _open("ocra", "the customer's key and password are needed: --key FILE")
    minute = _came_ms(found, computed[0]) // 60_000
    window = min(found.head["ocra_window_min"], _WINDOW_MIN_MAX)
    minutes = range(minute - window - _AHEAD_MIN, minute + _AHEAD_MIN + 1)
    given = (found.head["question"], computed[0]["facts"]["ocra"], minutes)
    if ocra.matches(secret.key, secret.password_hash, *given) is None:
        return _bad("ocra", "these digits do not come from this key, this password and this deal")
    return _good("ocra", "the digits come from this key, this password and this deal")


def _came_ms(found: Transcript, event: Entry) -> int:
    """When the answer came that decided it: a mail may have waited. Unix ms."""
    came = [int(entry["at_ms"]) for entry in found.of("mail") if entry["id"] == event["facts"].get("mail")]
    return came[0] if came else int(event["at_ms"])


def _money(found: Transcript) -> Check:
    """Of an order that is charged, the acquirer said yes to its total, less what was given back."""
    head, approved = found.head, ("approved", "settled")
    if head["state"] not in (OrderState.CAPTURED, OrderState.HANDED_OVER, OrderState.RETURNED):
        return _open("money", f"the order is {head['state']}")
    paid = [one for one in found.of("payment") if one["state"] in approved and not one["hold"]]
    kept_minor = sum(-one["amount_minor"] if _is_back(one) else one["amount_minor"] for one in paid)
    left_minor = head["total_minor"] - head["returned_minor"]
    if kept_minor != left_minor:
        return _bad("money", f"payments that were approved make {kept_minor}, the order says {left_minor}")
    if left_minor < head["total_minor"]:
        return _good("money", f"{head['returned_minor']} of the total are given back, or were never charged")
    return _good("money", "the total was approved")


def _is_back(entry: Entry) -> bool:
    return Trade(entry["kind"]).is_return
