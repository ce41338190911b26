"""The commands route and totals: which acquirer is asked for a sale, and whether the acquirers agree."""

from __future__ import annotations

from typing import Annotated

import typer

from hagaki import tables
from hagaki.acquirers import build_acquirers, routing
from hagaki.config import Config
from hagaki.problem import DONE, NO, Problem
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile, read_config, said, settings
from mail_gateway.domain.route import ACCOUNT, CARD, Asked, Found, lacks

totals_app = typer.Typer(help="Daily totals: do payments, ledger and acquirers agree?", no_args_is_help=True)

LUMP_SUM = 10
Day = Annotated[str, typer.Argument(help="A local day, such as 2026-11-21.")]


def route(
    config: ConfigFile = DEFAULT_CONFIG,
    card_prefix: Annotated[str, typer.Option(help="First digits of the card number.")] = "",
    condition: Annotated[int, typer.Option(help="Payment condition, as at the reader.")] = LUMP_SUM,
    merchant: Annotated[str, typer.Option(help="The merchant's name.")] = "",
    account: Annotated[bool, typer.Option("--account", help="An account pays, no card.")] = False,
    as_json: AsJson = False,
) -> int:
    """Say which acquirer is asked for such a sale, and why."""
    loaded = read_config(config)
    _assert_long_enough(loaded, card_prefix)
    pays = ACCOUNT if account else CARD
    asked = Asked(card_prefix, condition, merchant, settings(loaded, "gateway").currency, pays)
    found = routing(loaded).find(asked)
    built = build_acquirers(loaded)
    lacking = {name: lacks(built[name].capabilities, condition, pays) for name in found.route.names}
    able = [name for name in found.route.names if not lacking[name]]
    if not able:
        raise Problem(f"no acquirer can do it: {_why(found)}", lacking[found.route.to], NO)
    facts = {
        "acquirer": able[0],
        "fallback": able[1] if len(able) > 1 else "",
        "row": found.row,
        "why": _why(found),
        "passed_over": {name: slug for name, slug in lacking.items() if slug},
    }
    tables.one(facts, _sentence(able, found, lacking), as_json=as_json)
    return DONE


@totals_app.command("list")
def totals_list(
    config: ConfigFile = DEFAULT_CONFIG,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, newest first.")] = 50,
    as_json: AsJson = False,
) -> int:
    """List the days compared with the acquirers, newest first."""
    from mail_gateway.admin import totals

    gateway = settings(read_config(config), "gateway")
    tables.many(totals.listed(gateway, limit), as_json=as_json, zone=gateway.time_zone)
    return DONE


@totals_app.command("show")
def totals_show(day: Day, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """Show one day: payments, ledger, acquirers, and each difference. Exit 1 where there is one."""
    from mail_gateway.admin import totals

    loaded = read_config(config)
    gateway = settings(loaded, "gateway")
    shown = totals.shown(gateway, routing(loaded).names, day)
    tables.whole(shown, as_json=as_json, zone=gateway.time_zone)
    return NO if shown["differences"] else DONE


@totals_app.command("explain")
def totals_explain(
    day: Day,
    acquirer: Annotated[str, typer.Option(help="Whose totals differ.")],
    reason: Annotated[str, typer.Option(help="Why they do; kept.", callback=said)],
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> int:
    """Say why a day differs, so that the doctor is content."""
    from mail_gateway.admin import totals

    done = totals.explain(settings(read_config(config), "gateway"), acquirer, day, reason)
    tables.one(done, f"{day} of {acquirer}: explained", as_json=as_json)
    return DONE


def _assert_long_enough(loaded: Config, prefix: str) -> None:
    """A row may look at more digits than were given: then nobody can know."""
    if prefix and not prefix.isdecimal():
        raise Problem("--card-prefix takes digits", "usage")
    looked_at = [len(one.low) for row in routing(loaded).routes for one in row.issuers]
    if prefix and len(prefix) < max(looked_at, default=0):
        raise Problem(f"--card-prefix needs {max(looked_at)} digits: a row looks at so many", "usage")


def _why(found: Found) -> str:
    if not found.row:
        return "it fits no row of [[routes]]: [acquirer] name"
    return f"row {found.row} of [[routes]]: {found.route}"


def _sentence(able: list[str], found: Found, lacking: dict[str, str]) -> str:
    parts = [f"{able[0]}, by {_why(found)}" if found.row else f"{able[0]}: {_why(found)}"]
    parts += [f"while {able[0]} is not ready: {able[1]}"] if len(able) > 1 else []
    parts += [f"{name} cannot ({slug})" for name, slug in lacking.items() if slug]
    return "; ".join(parts)
