"""What the customer's page computes in JavaScript is what the vectors of the deal say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from test_page_link import PAGE, in_node, vector

from mail_gateway.domain.money import CURRENCIES, shown

VECTORS = Path(__file__).parents[2] / "schemas/deal/vectors"
MODULE = str(PAGE.parent / "answer/deal.js")


def expected(one: dict[str, Any]) -> str:
    headers = one["headers"]
    if headers["expect"] != "ok":
        return "refused"
    if one["wire"] == "key":
        return str(headers["key"])
    if one["wire"] == "ocra":
        return str(headers["answer"])
    names = ("question", "shop", "deal_id", "time_s", "currency", "total_minor", "lines")
    lines = [headers[f"line {at}"] for at in range(1, 4) if f"line {at}" in headers]
    return "\n".join([headers[name] for name in names] + lines)


def test_every_vector() -> None:
    paths = [path for folder in ("deal", "ocra", "key") for path in sorted((VECTORS / folder).glob("*.txt"))]
    given: list[dict[str, Any]] = [vector(path) for path in paths]
    given = [one for one in given if one["wire"] != "ocra" or one["headers"]["expect"] == "ok"]
    assert len(given) > 40
    said = in_node("deal_vectors.mjs", MODULE, given)
    assert dict(zip([one["name"] for one in given], said, strict=True)) == {
        one["name"]: expected(one) for one in given
    }


def test_amounts_look_as_in_letters() -> None:
    cases = [
        (amount, currency, language)
        for currency in (*CURRENCIES, 999)
        for amount in (0, 5, 12345, 999_999_999_999)
        for language in ("ja", "en")
    ]
    given: list[dict[str, Any]] = [
        {
            "wire": "money",
            "headers": {"amount": amount, "currency": currency, "language": language},
            "data": "",
        }
        for amount, currency, language in cases
    ]
    assert in_node("deal_vectors.mjs", MODULE, given) == [shown(*case) for case in cases]
