"""The kit's checks of secrets: no card in anything told, shown, raised or kept; and nothing raised at all."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Iterator
from types import ModuleType
from typing import Final

from acquirer_sdk.bench import TRACK2, Case, expect
from acquirer_sdk.check import Subject
from acquirer_sdk.trial import SECRETS, Sale, Trial

SECRETS_KEPT: Final = Subject("secrets and exceptions")

SHOWN: Final = (Case.APPROVE, Case.DECLINE, Case.MORE, Case.FAULT, Case.SILENT)
DISCRETIONARY: Final = TRACK2.partition("=")[2]
"""The part of track 2 that nobody may keep once an answer is known."""

_PLAIN: Final = (str, int, type(None))
_CONTAINERS: Final = (dict, list, tuple, set, frozenset)
_OBJECTS_MAX: Final = 50_000


@SECRETS_KEPT.check()
async def tells_no_card(trial: Trial) -> None:
    """No card or account number in the event log."""
    await _some_of_everything(trial)
    _clean("the event log", repr(trial.outside.told))


@SECRETS_KEPT.check()
async def shows_no_card(trial: Trial) -> None:
    """No card or account number in what is returned or printed: outcomes, reversals, the adapter itself."""
    sales = await _some_of_everything(trial)
    _clean("an outcome", repr([sale.outcome for sale in sales]))
    _clean("a reversal", repr([sale.reversal for sale in sales]))
    _clean("the adapter", f"{trial.acquirer!r} {trial.acquirer}")


@SECRETS_KEPT.check()
async def reports_no_card(trial: Trial) -> None:
    """No card or account number in late answers."""
    for case in (Case.LATE, Case.DOUBLED):
        if case in trial.bench.amounts:
            await trial.sell(case)
    await asyncio.sleep(600)
    _clean("a late answer", repr(trial.late))


@SECRETS_KEPT.check()
async def stores_no_track(trial: Trial) -> None:
    """The bytes of a reversal hold no track 2: they are kept after the answer is known."""
    wire = trial.acquirer.prepare(trial.request(Case.APPROVE)).wire
    tracks = [DISCRETIONARY.encode(), DISCRETIONARY.encode("utf-16-le"), bytes.fromhex(DISCRETIONARY)]
    expect("a reversal holds track 2", holds=not any(track in wire for track in tracks))


@SECRETS_KEPT.check()
async def keeps_no_card(trial: Trial) -> None:
    """When a sale was answered no card or account number is left anywhere inside the adapter."""
    await trial.sold(Case.APPROVE)
    kept = next((one for one in _inside(trial.acquirer) if _holds_a_secret(one)), None)
    expect(f"a {type(kept).__name__} in the adapter holds it", holds=kept is None)


@SECRETS_KEPT.check()
async def tells_plain_facts(trial: Trial) -> None:
    """Every event has a short verb, and facts that are texts, whole numbers or None: no object is told."""
    await _some_of_everything(trial)
    for verb, facts in trial.outside.told:
        expect(f"a verb is {verb!r}", holds=verb.isprintable() and 0 < len(verb) <= 60)
        odd = [name for name, value in facts.items() if not isinstance(value, _PLAIN)]
        expect(f"{verb} tells an object as {', '.join(odd)}", holds=not odd)


@SECRETS_KEPT.check()
async def raises_nothing_when_asked(trial: Trial) -> None:
    """authorise raises nothing, whatever the other side does: each case of the bench is played."""
    for case in trial.bench.amounts:
        await trial.until_ready()
        request = trial.request(case)
        trial.acquirer.prepare(request)
        await _quiet(f"authorise in case {case.value!r}", trial.acquirer.authorise(request))


@SECRETS_KEPT.check()
async def raises_nothing_when_reversing(trial: Trial) -> None:
    """reverse raises nothing, whatever the other side does: each case of the bench is played."""
    sales = []
    for case in trial.bench.amounts:
        sales.append((case, await trial.sell(case)))
    for case, sale in sales:
        await trial.until_ready()
        reversing = trial.acquirer.reverse(sale.reversal, transmission=1)
        await _quiet(f"reverse in case {case.value!r}", reversing)


@SECRETS_KEPT.check()
async def raises_nothing_in_the_background(trial: Trial) -> None:
    """No task of the adapter dies of an exception that nobody sees."""
    await trial.until_ready()
    asked = [trial.ask(trial.request(case)) for case in trial.bench.amounts]
    await asyncio.gather(*asked, return_exceptions=True)
    await trial.acquirer.close()
    gc.collect(1)  # what has just died is young
    await asyncio.sleep(0)
    expect(f"nobody caught {', '.join(trial.noise)}", holds=not trial.noise)


async def _some_of_everything(trial: Trial) -> list[Sale]:
    sales = [await trial.sell(case) for case in SHOWN if case in trial.bench.amounts]
    for sale in sales:
        await trial.acquirer.reverse(sale.reversal, transmission=1)
    return sales


def _clean(what: str, shown: str) -> None:
    expect(f"{what} shows a card or an account", holds=not any(secret in shown for secret in SECRETS))


async def _quiet(what: str, asked: Awaitable[object]) -> None:
    error = (await asyncio.gather(asked, return_exceptions=True))[0]
    expect(f"{what} raised {type(error).__name__}", holds=not isinstance(error, BaseException))


def _inside(acquirer: object) -> Iterator[object]:
    """All that the adapter refers to, as far as it is its own package's or plain data."""
    own = type(acquirer).__module__.partition(".")[0]
    seen: set[int] = set()
    todo = [acquirer]
    while todo and len(seen) < _OBJECTS_MAX:
        one = todo.pop()
        if id(one) in seen or isinstance(one, type | ModuleType):
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, _CONTAINERS) or type(one).__module__.partition(".")[0] == own:
            todo.extend(gc.get_referents(one))


def _holds_a_secret(one: object) -> bool:
    if isinstance(one, bytes | bytearray):
        return any(secret.encode() in one for secret in SECRETS)
    return isinstance(one, str) and any(secret in one for secret in SECRETS)
