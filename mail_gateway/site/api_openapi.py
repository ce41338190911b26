"""The OpenAPI document of the shops' interface, drawn from the tables that bodies are checked against."""

from __future__ import annotations

from typing import Any, Final

from mail_gateway.site import api_fields as fields
from mail_gateway.site.api_json import BODY_MAX

SEEN: Final = "/v1/orders/{deal_id}"
PATHS: Final = {
    "place": ("post", "/v1/orders"),
    "state": ("get", SEEN),
    "cancel": ("post", f"{SEEN}/cancel"),
    "hand-over": ("post", f"{SEEN}/handed-over"),
    "give-back": ("post", f"{SEEN}/returns"),
    "products": ("get", "/v1/products"),
    "openapi": ("get", "/v1/openapi.json"),
}
"""Operation -> method and path."""

_SUMMARIES: Final = {
    "place": "Place an order; the customer is asked by mail. The same again is the same order.",
    "state": "Where an order stands; with wait= the answer comes when that changes.",
    "cancel": "Withdraw an order that the customer has not confirmed; what is dead stays dead.",
    "hand-over": "The goods are handed over or shipped.",
    "give-back": "Money of a made order goes back to the customer. The same again is the same return.",
    "products": "Your products and prices.",
    "openapi": "This document; no key needed.",
}
_EXAMPLES: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "place": (
        "Placing",
        {
            "deal_id": "2026-11-21-0001",
            "customer": "C-7Q4KDM",
            "lines": [
                {"product": "4901234567894", "quantity": 2},
                {"name": "配送料", "unit_minor": 500, "quantity": 1},
            ],
            "delivery": "山の店 受け取り",
        },
    ),
    "give-back": (
        "Returning",
        {"return_id": "R-1", "amount_minor": 500, "reason": "瓶が割れていたため"},
    ),
}
"""Operation -> the schema of its body, and an example."""


def document(server: str) -> dict[str, Any]:
    """The whole of it. server: the site's public address, or empty."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Hagaki for shops",
            "version": "1",
            "summary": "Orders that customers confirm by answering a mail.",
            "description": f"Bodies are JSON in UTF-8 of at most {BODY_MAX} bytes, numbers are whole, "
            "unknown members are refused. See docs/shop-api.md.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server}] if server else [],
        "security": [{"key": []}],
        "paths": _paths(),
        "components": {
            "schemas": {
                "Placing": fields.PLACING.schema(),
                "Returning": fields.RETURNING.schema(),
                "Order": fields.ORDER.schema(),
                "Products": fields.PRODUCTS.schema(),
                "Problem": fields.PROBLEM.schema(),
            },
            "responses": {"Problem": _says("Problem", "Nothing was done.", "application/problem+json")},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _paths() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, (method, path) in PATHS.items():
        found.setdefault(path, {})[method] = _operation(name, path)
    return found


def _operation(name: str, path: str) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": _SUMMARIES[name],
        "parameters": [*_of_path(path), *_PARAMETERS.get(name, ())],
        "responses": {"200": _good(name), "default": {"$ref": "#/components/responses/Problem"}},
    }
    if name in _EXAMPLES:
        schema, example = _EXAMPLES[name]
        body = {"application/json": {"schema": _named(schema), "example": example}}
        operation["requestBody"] = {"required": True, "content": body}
    if name == "place":
        operation["responses"]["201"] = _says("Order", "It is new.")
    if name == "openapi":
        operation["security"] = []
    if name in ("state", "products", "openapi"):
        operation["responses"]["304"] = {"description": "As you know it."}
    return operation


def _good(name: str) -> dict[str, Any]:
    if name == "openapi":
        return {
            "description": "OpenAPI 3.1.",
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    return _says("Products" if name == "products" else "Order", "Done, or as it stands.")


def _says(schema: str, description: str, media_type: str = "application/json") -> dict[str, Any]:
    return {"description": description, "content": {media_type: {"schema": _named(schema)}}}


def _named(schema: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{schema}"}


def _parameter(where: str, name: str, text: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": where, "required": where == "path", "description": text, "schema": schema}


def _of_path(path: str) -> list[dict[str, Any]]:
    if "{deal_id}" not in path:
        return []
    return [_parameter("path", "deal_id", "Your own number of it.", {"type": "string", "maxLength": 64})]


_TEXT: Final = {"type": "string"}
_KNOWN: Final = _parameter("header", "If-None-Match", "The ETag of what you know.", _TEXT)
_PARAMETERS: Final = {
    "place": [
        {
            **_parameter(
                "header",
                "Idempotency-Key",
                "A text of your own for this request; the same again when you repeat it.",
                {"type": "string", "minLength": 1, "maxLength": fields.KEY_MAX},
            ),
            "required": True,
        }
    ],
    "state": [
        _parameter(
            "query",
            "wait",
            "Seconds to wait for a change; at once if it is made or dead.",
            {"type": "integer", "minimum": 0, "maximum": fields.WAIT_MAX_S},
        ),
        _parameter(
            "query", "state", "With wait: the state you know; another one is answered at once.", _TEXT
        ),
        _KNOWN,
    ],
    "products": [
        _parameter("query", "after", "Those whose code comes after this.", _TEXT),
        _parameter(
            "query", "limit", "How many.", {"type": "integer", "minimum": 1, "maximum": fields.PAGE_MAX}
        ),
        _KNOWN,
    ],
    "openapi": [_KNOWN],
}
