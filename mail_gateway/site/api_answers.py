"""What shops are answered, as JSON and headers. No sockets."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from mail_gateway.domain.codes import HIDDEN
from mail_gateway.domain.order import DEAD, OrderState
from mail_gateway.site import api_fields, api_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mail_gateway.domain.customer import Product
    from mail_gateway.domain.order_return import OrderReturn
    from mail_gateway.store.shop_orders import Shown, Sold

JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"
HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Server": "Hagaki"}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the door. headers: all that goes out with it."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def answer(members: Mapping[str, Any], status: int = 200) -> Answer:
    """Members that may be asked for again: with an ETag of what they say."""
    body = api_json.write(members)
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    return Answer(status, body, {**HEADERS, "Cache-Control": "no-cache", "Content-Type": JSON, "ETag": etag})


def unless_known(fresh: Answer, known: str) -> Answer:
    """304 where the shop has it already. known: the header If-None-Match, or empty (RFC 9110 13.1.2)."""
    tags = {one.strip().removeprefix("W/") for one in known.split(",")}
    if fresh.headers["ETag"] not in tags and "*" not in tags:
        return fresh
    kept = {name: value for name, value in fresh.headers.items() if name != "Content-Type"}
    return Answer(304, b"", kept)


def refusal(slug: str, *, detail: str = "", path: str = "", more: Mapping[str, str] | None = None) -> Answer:
    """A problem of the door's own table. more: further headers."""
    return _problem(api_fields.problem(slug, detail=detail, path=path), more)


def not_placed(slug: str, sentence: str, path: str) -> Answer:
    """What an order may not be, or not any more: a slug of domain/placing.py."""
    status = api_fields.STATUSES.get(slug, api_fields.REFUSED)
    return _problem(api_fields.problem(slug, path=path, row=(status, sentence)), None)


def _problem(members: Mapping[str, Any], more: Mapping[str, str] | None) -> Answer:
    headers = {**HEADERS, "Content-Type": PROBLEM, **(more or {})}
    return Answer(int(members["status"]), api_json.write(members), headers)


def order_members(shown: Shown) -> dict[str, Any]:
    """One order as api_fields.ORDER has it."""
    order = shown.order
    members: dict[str, Any] = {
        "order": order.id,
        "deal_id": order.deal_id,
        "customer": shown.customer,
        "state": order.state.value,
        "made": order.made_ms is not None and order.state not in DEAD,
        "dead": order.state in DEAD,
        "currency": order.currency,
        "total_minor": order.total_minor,
        "tax_minor": order.tax_minor,
        "delivery": order.delivery,
        "placed_s": order.placed_ms // 1000,
        "until_s": order.until_ms // 1000,
        "lines": [_line(one) for one in shown.lines],
        "returned_minor": order.returned_minor,
        "returns": [_return(one) for one in shown.returns],
    }
    if order.state in (OrderState.PLACED, OrderState.AUTHORISED, OrderState.ASKED):
        members["code"] = order.code
    if order.made_ms is not None:
        members["made_s"] = order.made_ms // 1000
    return members


def _line(sold: Sold) -> dict[str, Any]:
    members = {
        "name": sold.name,
        "model": sold.model,
        "unit_minor": sold.unit_minor,
        "quantity": sold.quantity,
        "tax_rate": sold.tax_rate,
    }
    return {"product": sold.product, **members} if sold.product else members


def _return(back: OrderReturn) -> dict[str, Any]:
    members = {"return_id": back.return_id, "amount_minor": back.amount_minor, "state": back.state.value}
    members |= {"reason": back.reason} if back.reason else {}
    return {**members, "why": back.code} if back.code and back.code not in HIDDEN else members


def goods_members(goods: Sequence[Product], limit: int) -> dict[str, Any]:
    """A price list. goods: one more than the limit where there are more."""
    shown = [_product(one) for one in goods[:limit]]
    members: dict[str, Any] = {"products": shown}
    return {**members, "next": shown[-1]["code"]} if len(goods) > limit else members


def _product(product: Product) -> dict[str, Any]:
    members: dict[str, Any] = {
        "code": product.code,
        "name": product.name,
        "model": product.model,
        "unit_minor": product.unit_minor,
        "currency": product.currency,
        "tax_rate": product.tax_rate,
    }
    if product.stock is not None:
        members["available"] = product.stock - product.reserved
    return members
