"""Orders for a person: which there are, the transcript of one, answers unlocked, an order cancelled."""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from mail_gateway.domain import transcript
from mail_gateway.domain.confirmation import ConfirmState
from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.domain.order import ORDER_TRANSITIONS, OrderKind
from mail_gateway.domain.order_return import ReturnState
from mail_gateway.domain.payment import ENDED, TAKEN, State
from mail_gateway.envelope import customers
from mail_gateway.envelope.keys import KeyRing, kcv
from mail_gateway.envelope.root import fetch_root, random_bytes
from mail_gateway.store import customer_answers, deals, orders
from mail_gateway.store.backend import guest
from mail_gateway.store.clock import clock_ms
from mail_gateway.store.order_moves import ORDER_DEAD
from schemas.deal import layout
from schemas.mail.read import Mail, read_mail

if TYPE_CHECKING:
    from mail_gateway.domain.transcript import Transcript
    from mail_gateway.settings import GatewaySettings, KeySettings, OrderSettings, SmarthostSettings
    from mail_gateway.store.backend import Guest
    from mail_gateway.store.orders import Case

_NUMBER: Final = re.compile(r"(?<![0-9A-Za-z])[2-6]\d(?:[\s.-]?\d){11,17}(?![0-9A-Za-z])")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the orders are, and what their transcripts need to know of the gateway."""

    gateway: GatewaySettings
    keys: KeySettings
    smarthost: SmarthostSettings
    orders: OrderSettings


def listed(gateway: GatewaySettings, limit: int, *, is_open: bool) -> list[dict[str, Any]]:
    """The newest orders, at most so many; is_open: only those that are not over."""
    with guest(gateway.database) as conn:
        return deals.listed(conn, limit, is_open=is_open)


def unclear(gateway: GatewaySettings, limit: int) -> list[dict[str, Any]]:
    """Orders whose answers a person has to read, or whose customer is locked out; the longest asked first."""
    with guest(gateway.database) as conn:
        return customer_answers.for_a_person(conn, limit)


def shown(place: Place, order: int) -> Transcript:
    """All of one order. Raises GatewayError: there is none, or a key does not open."""
    with guest(place.gateway.database) as conn:
        case = _case(conn, order)
        rows = deals.happened(conn, order)
    entries = [
        *({"what": "event", **row} for row in rows["events"]),
        *(_entry("letter", row.pop("created_ms"), row) for row in rows["letters"]),
        *(_entry("mail", row.pop("received_ms"), row) for row in rows["mails"]),
        *(_entry("payment", row.pop("received_ms"), row) for row in rows["payments"]),
        *(_entry("return", row.pop("asked_ms"), _as_paid(row, rows["payments"])) for row in rows["returns"]),
    ]
    return transcript.bound(_head(place, case), entries)


def unlock(gateway: GatewaySettings, order: int, by: str, reason: str) -> dict[str, Any]:
    """A customer who was locked out may answer again; by whom and why is kept. Raises GatewayError."""
    with guest(gateway.database, write=True) as conn:
        _case(conn, order)
        if not deals.unlock(conn, order, clock_ms(conn), {"by": by, "reason": reason}):
            raise _refused(f"Answers to order {order} are not locked.", "order-not-locked")
    return {"order": order, "asking": ConfirmState.ASKED.value, "by": by, "reason": reason}


def cancel(gateway: GatewaySettings, order: int) -> dict[str, Any]:
    """An order that the customer has not confirmed shall not be; the gateway does it, and tells customer and
    shop. Raises GatewayError."""
    with guest(gateway.database, write=True) as conn:
        case = _case(conn, order)
        if OrderKind.CANCELLED not in ORDER_TRANSITIONS.get(case.order.state, {}):
            raise _refused(f"Order {order} is {case.order.state}: it cannot be cancelled.", "order-over")
        deals.wish(conn, order, deals.CANCEL, clock_ms(conn))
    return {"order": order, "state": case.order.state.value, "wish": deals.CANCEL}


def _as_paid(row: dict[str, Any], paid: list[dict[str, Any]]) -> dict[str, Any]:
    """A return of an order that died meanwhile tells how its payment ended, or that it has not."""
    state = next((State(one["state"]) for one in paid if one["id"] == row["payment"]), None)
    if row["code"] != ORDER_DEAD or state is None or (state in ENDED and state not in TAKEN):
        return row
    told = ReturnState.DONE if state in TAKEN else ReturnState.OPEN
    return {**row, "state": told.value, "code": ""}


def _head(place: Place, case: Case) -> dict[str, Any]:
    order, parties, asking = case.order, case.parties, case.confirmation
    domains = {place.gateway.domain, place.gateway.reply_domain, place.smarthost.sender_domain} - {""}
    return {
        "order": order.id,
        "shop": parties.seller.name,
        "deal_id": order.deal_id,
        "state": order.state.value,
        "code": order.code,
        "currency": order.currency,
        "total_minor": order.total_minor,
        "tax_minor": order.tax_minor,
        "returned_minor": order.returned_minor,
        "placed_ms": order.placed_ms,
        "until_ms": order.until_ms,
        "made_ms": order.made_ms,
        "settle": order.settle.value,
        "delivery": order.delivery,
        "foreign": order.foreign and asdict(order.foreign),
        "means": parties.means,
        "customer": parties.customer.customer_id,
        "customer_name": parties.customer.name,
        "customer_key": _key_id(place, case),
        "ocra_window_min": place.orders.ocra_window_min,
        "asking": asking and {name: getattr(asking, name) for name in ("state", "how", "wrong", "unclear")},
        "deal": order.deal.hex(),
        "question": layout.question(order.deal),
        "gateway": place.gateway.domain,
        "domains": sorted(domains),
    }


def _key_id(place: Place, case: Case) -> str:
    """The check value of the customer's key, or empty. The key itself is nowhere."""
    customer = case.parties.customer
    if customer.secret is None:
        return ""
    ring = KeyRing(fetch_root(place.keys.root), random_bytes)
    return kcv(customers.unwrap(ring, customer.id, customer.secret).key)


def _entry(what: str, at_ms: int, row: dict[str, Any]) -> dict[str, Any]:
    """A row with its bytes as text. What may hold a card number is named by its hash only."""
    raw = row.pop("raw", None)
    entry = {"what": what, "at_ms": at_ms, **row}
    if raw is None:
        return entry
    entry["sha256"] = hashlib.sha256(raw).hexdigest()
    if what == "mail" and may_hold_a_card(raw):
        return {**entry, "withheld": "card-number"}
    return {**entry, "raw": base64.b64encode(raw).decode()}


def may_hold_a_card(raw: bytes) -> bool:
    """Whether a number in the mail could be that of a card, by its length and its check digit."""
    mail = read_mail(raw)
    texts = (mail.subject, *mail.texts) if isinstance(mail, Mail) else (raw.decode("latin-1"),)
    folded = (unicodedata.normalize("NFKC", text) for text in texts)
    return any(_checks(number) for text in folded for number in _NUMBER.findall(text))


def _checks(number: str) -> bool:
    """Luhn's sum, ISO/IEC 7812-1 annex B."""
    digits = [int(digit) for digit in reversed(number) if digit.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _case(conn: Guest, order: int) -> Case:
    found = orders.case(conn, order)
    if found is None:
        raise _refused(f"There is no order {order}.", "order-unknown")
    return found


def _refused(sentence: str, slug: str) -> GatewayError:
    return GatewayError(sentence, slug, Disposition.REFUSE)
