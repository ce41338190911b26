"""config.toml as it is shipped: every key with its meaning, limits and default, made from the code."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from hagaki.sections import SECTIONS, settings_class

_ADAPTERS: Final = {
    "acquirers.cafis": "cafis_adapter.adapter:CafisSettings",
    "acquirers.json": "json_adapter.settings:JsonSettings",
    "acquirers.bank_debit": "bank_debit.settings:DebitSettings",
    "acquirers.bogus": "acquirer_sdk.bogus:BogusSettings",
}

_EXAMPLES: Final[Mapping[str, Any]] = {
    "gateway.domain": "pay.example",
    "smtp.hostname": "mx.pay.example",
    "handset.port": "/dev/ttyUSB0",
    "handset.spool": "var/phone",
    "handset.mail_from": "shop@carrier.example",
    "handset.mail_to": "sale@pay.example",
    "handset.fetch": "maildir:var/mailbox",
    "till.url": "https://shop.pay.example",
    "acquirers.bank_debit.originator_code": "0000000000",
    "acquirers.bank_debit.originator_name": "ハガキショウテン",
    "acquirers.bank_debit.bank": "0000",
    "acquirers.bank_debit.branch": "000",
    "acquirers.bank_debit.account": "0000000",
    "carrier.routes": {"pay.example": "127.0.0.1:2525"},
    "carrier.maildirs": {"shop@carrier.example": "var/mailbox"},
}

_OPENING: Final = """\
# Hagaki's configuration: every key there is. A key with '#' in front shows its default; one without has none
# and is yours to set. Paths lie beside this file. Secrets are never written here: "env:NAME" or "file:PATH".
# `hagaki check-config` says what is wrong with it.
"""

_ROUTES: Final = """\
# [[routes]]: which acquirer is asked for which sale: that of the first row that fits, or [acquirer] name.
# A row fits where all that it names fits: issuers (first digits, or ranges of them), brand, conditions
# (numbers, or ranges), merchants (names), currency, pays (card or account). fallback is asked only while
# `to` cannot be, and never after a sale was sent. `hagaki route` says who it is. Two rows as they could be:
#[[routes]]
#issuers = ["411111-411119", "35"]
#conditions = ["61-63"]
#to = "json"
#fallback = "cafis"
#[[routes]]
#pays = "account"
#to = "bank_debit"

# [acquirers.NAME]: a table for each acquirer. Its adapter is NAME, or what the key adapter = "..." says, so
# that one adapter can serve two acquirers: [acquirers.second] with adapter = "cafis".
"""


def sample() -> str:
    """The text of config.toml."""
    parts = [_OPENING]
    for name, where in {**SECTIONS, **_ADAPTERS}.items():
        if name == "routes":
            parts.append(_ROUTES)
        if where:
            parts.append("\n".join(_table(name, settings_class(where))) + "\n")
    return "\n".join(parts)


def _table(name: str, kind: type[Any]) -> Iterator[str]:
    yield f"# {(kind.__doc__ or '').strip().splitlines()[0]}"
    yield f"[{name}]"
    tables = []
    for field in dataclasses.fields(kind):
        example = _EXAMPLES.get(f"{name}.{field.name}")
        value = field.default if example is None else example
        if isinstance(value, dict):
            tables.append((field, value))
            continue
        yield f"# {_meaning(field)}"
        yield f"{'# ' if example is None else ''}{field.name} = {json.dumps(value, ensure_ascii=False)}"
    for field, value in tables:
        yield f"# {_meaning(field)}"
        yield f"[{name}.{field.name}]"
        yield from (f"{json.dumps(key)} = {json.dumps(item)}" for key, item in value.items())


def _meaning(field: dataclasses.Field[Any]) -> str:
    rules = field.metadata
    limits = [f"{word} {rules[rule]}" for rule, word in (("min", "from"), ("max", "to")) if rule in rules]
    choices = [" | ".join(rules["choices"])] if "choices" in rules else []
    notes = " ".join(limits + choices)
    return f"{rules.get('help', field.name)}{f' ({notes})' if notes else ''}"
