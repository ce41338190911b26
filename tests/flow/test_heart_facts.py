"""The mail log lets through what is on its list, and everything the gateway tells is on it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import mail_gateway
from mail_gateway.observe.maillog import FACTS, Counted, MailLog

SOURCES = sorted(Path(mail_gateway.__file__).parent.rglob("*.py"))


def told_facts(tree: ast.AST) -> set[str]:
    """The names of the facts in every call of a tell port."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = [call for call in calls if ast.unparse(call.func).endswith("tell")]
    return {word.arg for call in named for word in call.keywords if word.arg is not None}


def test_every_fact_the_gateway_tells_is_on_the_list() -> None:
    told = {fact for source in SOURCES for fact in told_facts(ast.parse(source.read_text("utf-8")))}
    assert len(told) > 10
    assert told - FACTS == {"queued"}, "which is an argument of the clerk's own, not a fact"


def test_what_is_not_on_the_list_stays_inside() -> None:
    heard: list[tuple[str, dict[str, Any]]] = []
    log = MailLog(lambda verb, /, **facts: heard.append((verb, facts)))
    log("payment.moved", payment=1, track2="4111111111111111=2712", slug="too-old")
    log("payment.moved", payment=2)
    assert heard == [("payment.moved", {"payment": 1, "slug": "too-old"}), ("payment.moved", {"payment": 2})]
    assert log.counts == {Counted("payment.moved", slug="too-old"): 1, Counted("payment.moved"): 1}
