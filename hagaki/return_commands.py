"""The commands payments void and payments refund: the centre gives money back without the card."""

from __future__ import annotations

from typing import Annotated

import typer

from hagaki import tables
from hagaki.acquirers import build_acquirers, routing
from hagaki.config import Config
from hagaki.problem import DONE, Problem
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile, read_config, said, settings
from mail_gateway.domain.money import shown

Sale = Annotated[int, typer.Argument(help="The number of the sale's payment.")]
Reason = Annotated[str, typer.Option(help="Why; kept.", callback=said)]


def void(sale: Sale, reason: Reason, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """Undo a whole sale of which nothing was given back yet."""
    loaded = read_config(config)
    _assert_can(loaded, sale, "void")
    return _order(loaded, (sale, "void", None, reason), as_json=as_json)


def refund(
    sale: Sale,
    reason: Reason,
    config: ConfigFile = DEFAULT_CONFIG,
    amount: Annotated[int | None, typer.Option(help="Minor units; else all that is left.")] = None,
    as_json: AsJson = False,
) -> int:
    """Give back some of a sale, or all that is left of it."""
    loaded = read_config(config)
    _assert_can(loaded, sale, "refund")
    return _order(loaded, (sale, "refund", amount, reason), as_json=as_json)


def _assert_can(loaded: Config, sale: int, kind: str) -> None:
    """By the acquirer that the sale was asked of. Raises Problem."""
    from mail_gateway.admin import payments

    found = payments.shown(settings(loaded, "gateway"), sale)
    asked = found["acquirer"] or routing(loaded).default
    acquirer = build_acquirers(loaded).get(asked)
    if acquirer is None:
        raise Problem(f"the sale's acquirer {asked!r} is not in the configuration", "acquirer-gone")
    capabilities = acquirer.capabilities
    if not getattr(capabilities, kind):
        raise Problem(f"this acquirer takes no {kind}s", f"{kind}-unsupported")
    if not capabilities.return_without_card and found["order_id"] is None:  # a customer's is on file
        sentence = "this acquirer wants the card: the merchant gives back at the reader"
        raise Problem(sentence, "card-needed")


def _order(loaded: Config, wanted: tuple[int, str, int | None, str], *, as_json: bool) -> int:
    from mail_gateway.admin import payments
    from mail_gateway.domain.payment import Trade

    sale, kind, amount, reason = wanted
    done = payments.give_back(settings(loaded, "gateway"), sale, Trade(kind), amount, reason)
    amount_back = shown(done["amount_minor"], done["currency"], "en")
    sentence = f"{kind} of payment {sale}, {amount_back}: its merchant is told how it ends"
    tables.one(done, sentence, as_json=as_json)
    return DONE
