"""`hagaki merchant selling`: a merchant takes orders by mail, and how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from hagaki import machine, tables
from hagaki.problem import DONE
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile, read_config, settings
from mail_gateway.domain.money import shown

if TYPE_CHECKING:
    from mail_gateway.settings import OrderSettings

Settling = Literal["at-once", "confirmed", "daily"]


_CHARGED: Final = {
    "at-once": "at once, when the order is placed; given back if it dies",
    "confirmed": "on the customer's yes; the amount is kept from the order on",
    "daily": "after the day of the yes; the amount is kept from the order on",
}
_SECRET: Final = (
    "Give it to the shop's server, which checks with it that what it is told comes",
    "from here (docs/shop-api.md). The secret before this one ends now.",
    "For a new one, give --webhook again.",
)


def merchant_selling(
    name: Annotated[str, typer.Argument(help="The merchant's name.")],
    config: ConfigFile = DEFAULT_CONFIG,
    settle: Annotated[
        Settling | None,
        typer.Option(help="When customers are charged: when the order is placed, or confirmed."),
    ] = None,
    plain_max: Annotated[
        int | None, typer.Option(help="Up to so much a yes from a proven sender is enough, minor units.")
    ] = None,
    code_max: Annotated[
        int | None, typer.Option(help="Up to so much the order's code is enough; above: computed digits.")
    ] = None,
    answer_h: Annotated[
        int | None, typer.Option(help="A question lapses after so many hours; 0: as \\[orders] says.")
    ] = None,
    remind_h: Annotated[
        int | None, typer.Option(help="It is sent again after so many hours; 0: as \\[orders] says.")
    ] = None,
    webhook: Annotated[
        str | None,
        typer.Option(help="https address that is told of orders; empty: none. Shows its new secret, once."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Let a merchant take orders by mail, or set how; what is not named stays."""
    from mail_gateway.admin import api_keys, selling

    given = {
        **{"settle": settle, "plain_minor_max": plain_max, "code_minor_max": code_max},
        **{"answer_h": answer_h, "remind_h": remind_h},
    }
    changes = {key: value for key, value in given.items() if value is not None}
    loaded = read_config(config)
    gateway = settings(loaded, "gateway")
    changed = selling.change(gateway, name, changes)
    if webhook is not None:
        keys = settings(loaded, "keys")
        changed |= api_keys.set_webhook(gateway, keys, name, webhook, machine.random_bytes)
    sentences = _told(changed, gateway.currency, settings(loaded, "orders"))
    tables.one(changed, "\n".join(sentences), as_json=as_json)
    return DONE


def _told(row: Mapping[str, Any], currency: int, own: OrderSettings) -> Iterator[str]:
    """How the merchant sells, for a person; own: what holds where the merchant has no hours of its own."""
    yield f"{row['merchant']} takes orders by mail."
    yield f"charged          {_CHARGED[row['settle']]}"
    yield from _proofs(row, currency)
    answer_h, remind_h = row["answer_h"] or own.answer_h, row["remind_h"] or own.remind_h
    yield f"question         lapses after {answer_h} h; {_reminder(remind_h, answer_h)}"
    yield f"webhook          {row['webhook'] or 'none'}"
    if "secret" in row:
        yield from ("", "The webhook's secret, shown this once:", f"  {row['secret']}", *_SECRET)


def _proofs(row: Mapping[str, Any], currency: int) -> Iterator[str]:
    """What an answer has to prove, by the order's total."""
    plain, code = (shown(row[name], currency, "en") for name in ("plain_minor_max", "code_minor_max"))
    if row["plain_minor_max"]:
        yield f"yes is enough    up to {plain}, if the mail proves its sender"
    if row["code_minor_max"]:
        yield f"code is enough   up to {code}"
    yield f"computed digits  {f'above {code}' if row['code_minor_max'] else 'always'}"


def _reminder(remind_h: int, answer_h: int) -> str:
    return f"sent again once, after {remind_h} h" if 0 < remind_h < answer_h else "never sent again"
