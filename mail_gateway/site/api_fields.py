"""What shops may say and what they are answered: the one table behind checking, OpenAPI and the docs."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from mail_gateway.domain.offer import RATE
from mail_gateway.domain.order import CODE_LENGTH, CODE_LETTERS, LINES_MAX, OrderState
from mail_gateway.domain.order_return import REASON_MAX, RETURNS_MAX, ReturnState
from mail_gateway.site.api_shapes import ONE_LINE, Choice, Flag, Many, Member, Members, Whole, Words

if TYPE_CHECKING:
    from collections.abc import Mapping

DEAL_ID: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
CUSTOMER_ID: Final = r"[A-Za-z0-9][A-Za-z0-9-]{0,31}"
MINOR_MAX: Final = 999_999_999_999
WAIT_MAX_S: Final = 60
KEY_MAX: Final = 255
PAGE_MAX: Final = 500
ASK_MAX_MIN: Final = 720 * 60
TAX_RATES: Final = (0, 8, 10)
_ID_MAX: Final = 2**53 - 1
_SECONDS_MAX: Final = 253_402_300_799

_LINE: Final = Members(
    {
        "product": Member(
            Words(64), "Code of one of your products: name, model and tax rate are its.", needed=False
        ),
        "name": Member(Words(80), "What it is, where it is none of your products.", needed=False),
        "model": Member(Words(80, 0), "Model, size, colour.", needed=False),
        "unit_minor": Member(
            Whole(0, MINOR_MAX),
            "Price of one with tax, minor units; with `product` it may be left out.",
            needed=False,
        ),
        "quantity": Member(Whole(1, 9999), "How many."),
        "tax_rate": Member(
            Choice(TAX_RATES), "Percent within the price, of words of your own; 10 if left out.", needed=False
        ),
    },
    either=("product", "name"),
)
_FOREIGN: Final = Members(
    {
        "currency": Member(Whole(1, 999), "ISO 4217 number of the foreign currency, another than ours."),
        "amount_minor": Member(Whole(1, MINOR_MAX), "The total in it, in its minor units."),
        "rate": Member(Words(20, 1, RATE), "Ours for one of theirs, decimal text, not 0."),
        "source": Member(Words(60), "Who says so, and of when."),
    }
)
PLACING: Final = Members(
    {
        "deal_id": Member(
            Words(64, 1, DEAL_ID), "Your own number of this order, good for it alone and for ever."
        ),
        "customer": Member(Words(32, 1, CUSTOMER_ID), "The customer's number, such as C-7Q4KDM."),
        "means": Member(
            Whole(1, _ID_MAX),
            "Which card or account; else the customer's first.",
            needed=False,
        ),
        "lines": Member(Many(_LINE, LINES_MAX), "What is bought."),
        "currency": Member(Whole(1, 999), "ISO 4217 number; the gateway's if left out.", needed=False),
        "foreign": Member(_FOREIGN, "The price abroad, shown beside ours.", needed=False),
        "delivery": Member(Words(200, 0, ONE_LINE), "Where and how it goes.", needed=False),
        "ask_minutes": Member(
            Whole(1, ASK_MAX_MIN), "How long the customer may think; else as you are set up.", needed=False
        ),
    }
)
"""The body of POST /v1/orders."""

RETURNING: Final = Members(
    {
        "return_id": Member(
            Words(64, 1, DEAL_ID), "Your own number of this return, good for it alone within its order."
        ),
        "amount_minor": Member(
            Whole(1, MINOR_MAX * LINES_MAX),
            "How much, minor units; left out: all that is left.",
            needed=False,
        ),
        "reason": Member(
            Words(REASON_MAX, 0, ONE_LINE), "Why, in one line; the customer reads it.", needed=False
        ),
    }
)
"""The body of POST /v1/orders/{deal_id}/returns."""

_RETURN: Final = Members(
    {
        "return_id": Member(Words(64), "Yours; `centre:` and a number where the operator gave it back."),
        "amount_minor": Member(Whole(1, MINOR_MAX * LINES_MAX), "How much, minor units."),
        "state": Member(
            Choice(tuple(ReturnState)), "`open`: not sure yet; `done`: given back; `refused`: it was not."
        ),
        "reason": Member(Words(REASON_MAX, 0), "As you said it.", needed=False),
        "why": Member(
            Words(60), "Why it was refused: a slug, or a code of the acquirer; not always told.", needed=False
        ),
    }
)
_SOLD: Final = Members(
    {
        "product": Member(Words(64), "Code of your product.", needed=False),
        "name": Member(Words(80), "What it is."),
        "model": Member(Words(80, 0), "Model, size, colour."),
        "unit_minor": Member(Whole(0, MINOR_MAX), "Price of one with tax, minor units."),
        "quantity": Member(Whole(1, 9999), "How many."),
        "tax_rate": Member(Whole(0, 100), "Percent within the price."),
    }
)
_AT: Final = Whole(0, _SECONDS_MAX)
ORDER: Final = Members(
    {
        "order": Member(Whole(1, _ID_MAX), "Our number of it."),
        "deal_id": Member(Words(64, 1, DEAL_ID), "Yours."),
        "customer": Member(Words(32, 1, CUSTOMER_ID), "The customer's number."),
        "state": Member(Choice(tuple(OrderState)), "Where it stands; docs/shop-api.md has the picture."),
        "made": Member(Flag(), "Yes and money are sure: hand over."),
        "dead": Member(Flag(), "Nothing is bought, and the customer pays nothing."),
        "code": Member(
            Words(CODE_LENGTH, CODE_LENGTH, f"[{CODE_LETTERS}]*"),
            "While the customer is asked: stands in their mail too.",
            needed=False,
        ),
        "currency": Member(Whole(1, 999), "ISO 4217 number."),
        "total_minor": Member(Whole(1, MINOR_MAX * LINES_MAX), "What it costs, with tax."),
        "tax_minor": Member(Whole(0, MINOR_MAX * LINES_MAX), "The tax within."),
        "delivery": Member(Words(200, 0), "Where and how it goes."),
        "placed_s": Member(_AT, "When it came, unix seconds."),
        "until_s": Member(_AT, "When the question lapses, unix seconds."),
        "made_s": Member(_AT, "Since when it is made, unix seconds.", needed=False),
        "lines": Member(Many(_SOLD, LINES_MAX), "What is bought."),
        "returned_minor": Member(
            Whole(0, MINOR_MAX * LINES_MAX), "Of the total surely given back, or never charged."
        ),
        "returns": Member(Many(_RETURN, 2 * RETURNS_MAX, 0), "What you gave back, or want to; oldest first."),
    }
)
"""Every answer about one order."""

_PRODUCT: Final = Members(
    {
        "code": Member(Words(64), "Your code, or its barcode."),
        "name": Member(Words(80), "What it is."),
        "model": Member(Words(80, 0), "Model, size, colour."),
        "unit_minor": Member(Whole(0, MINOR_MAX), "Price of one with tax, minor units."),
        "currency": Member(Whole(1, 999), "ISO 4217 number."),
        "tax_rate": Member(Whole(0, 100), "Percent within the price."),
        "available": Member(
            Whole(0, MINOR_MAX), "In stock and not reserved; missing: not counted.", needed=False
        ),
    }
)
PRODUCTS: Final = Members(
    {
        "products": Member(Many(_PRODUCT, PAGE_MAX, 0), "By code; those that are retired are left out."),
        "next": Member(Words(64), "There are more: ask again with ?after= this.", needed=False),
    }
)
PROBLEM: Final = Members(
    {
        "type": Member(Words(60, 1, r"urn:hagaki:problem:[a-z0-9-]{1,40}"), "The slug is its last part."),
        "title": Member(Words(120), "What kind of problem, in words."),
        "status": Member(Whole(400, 599), "As of HTTP."),
        "detail": Member(Words(300), "One sentence about this one.", needed=False),
        "path": Member(Words(200), "Which member of the body, such as lines[0].quantity.", needed=False),
    }
)
"""Every refusal, application/problem+json (RFC 9457)."""


def _row(status: int, title: str) -> tuple[int, str]:
    return status, title


PROBLEMS: Final[Mapping[str, tuple[int, str]]] = MappingProxyType(
    {
        "json-broken": _row(400, "The body is no JSON in UTF-8."),
        "json-twice": _row(400, "A name stands twice in one object."),
        "json-fraction": _row(400, "Numbers are whole: amounts are in minor units."),
        "json-table": _row(422, "An object belongs here."),
        "json-list": _row(422, "A list belongs here."),
        "json-text": _row(422, "A text belongs here."),
        "json-number": _row(422, "A whole number belongs here."),
        "json-flag": _row(422, "true or false belongs here."),
        "json-range": _row(422, "The number is too small or too large."),
        "json-length": _row(422, "It is too short or too long."),
        "json-form": _row(422, "It is not of the form that belongs here."),
        "json-missing": _row(422, "Something is missing."),
        "json-unknown": _row(422, "Nobody knows what this is."),
        "json-either": _row(422, "A line has either product or name."),
        "query-form": _row(400, "The query is not understood."),
        "shop-key-missing": _row(401, "A key is needed: Authorization: Bearer KEY."),
        "shop-key-unknown": _row(401, "The key is not known, or revoked."),
        "idempotency-key-missing": _row(400, "The header Idempotency-Key is needed."),
        "idempotency-key-used": _row(422, "This Idempotency-Key came before with another body."),
        "not-json": _row(415, "The body must be application/json."),
        "body-too-big": _row(413, "The body is larger than 64 KiB."),
        "body-slow": _row(408, "The body did not come in time."),
        "path-unknown": _row(404, "There is nothing here."),
        "method-unknown": _row(405, "This cannot be done here."),
        "rate-over": _row(429, "Too many requests with this key: wait as Retry-After says."),
        "waits-full": _row(429, "Too many long polls with this key."),
        "later": _row(503, "Not now: nothing was done; send the same again."),
        "internal": _row(500, "A fault of ours: send the same again, it is done at most once."),
    }
)
"""Slug -> status of HTTP and title, of what the door itself refuses; what an order may not be is in
domain/placing.py:WHY, with these statuses."""

REFUSED: Final = 422
STATUSES: Final[Mapping[str, int]] = MappingProxyType(
    {
        **dict.fromkeys(("deal-unknown",), 404),
        **dict.fromkeys(("not-selling",), 403),
        **dict.fromkeys(("deal-id-used", "out-of-stock", "order-made", "order-dead", "order-not-made"), 409),
        **dict.fromkeys(("return-id-used", "return-too-much", "returns-many"), 409),
    }
)
"""Of HTTP, for the slugs of domain/placing.py:WHY; of all others REFUSED."""


def problem(
    slug: str, *, detail: str = "", path: str = "", row: tuple[int, str] | None = None
) -> dict[str, Any]:
    """Problem details of that slug. row: status and title where PROBLEMS does not have it."""
    status, title = row or PROBLEMS[slug]
    members: dict[str, Any] = {"type": f"urn:hagaki:problem:{slug}", "title": title, "status": status}
    if detail:
        members["detail"] = detail
    if path:
        members["path"] = path
    return members
