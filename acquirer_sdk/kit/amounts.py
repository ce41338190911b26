"""The kit's checks of what a request may hold: carried as given, or refused before anything leaves."""

from __future__ import annotations

import traceback
from typing import Any, Final

from acquirer_sdk.bench import Case, DoesNotApply, Sort, expect
from acquirer_sdk.check import Subject
from acquirer_sdk.port import BadRequest
from acquirer_sdk.trial import SECRETS, Trial
from acquirer_sdk.values import AuthoriseRequest, CardData, NotSent

AMOUNTS: Final = Subject("amounts and forms")

LARGEST_MINOR: Final = 999_999_999_999
YEN: Final = 392
US_DOLLAR: Final = 840
KUWAITI_DINAR: Final = 414

IMPOSSIBLE: Final[tuple[dict[str, Any], ...]] = (
    {"amount_minor": -1},
    {"amount_minor": LARGEST_MINOR + 1},
    {"stan": 1_000_000},
    {"currency": 1000},
    {"reference": "7" * 13},
)
"""What is outside the port's own limits."""

ODD: Final[tuple[dict[str, Any], ...]] = (
    {"terminal_id": "T" * 40},
    {"terminal_id": "端末1"},
    {"merchant_id": "M" * 40},
    {"card": CardData("4111111111111111=2712\n01", entry_mode=1)},
    {"card": CardData("411111111111111A=27122010000012345678", entry_mode=1)},
    {"card": CardData("4111111111111111" + "0" * 60, entry_mode=5)},
)
"""What some acquirers can say and others cannot."""


@AMOUNTS.check()
async def carries_one_minor_unit(trial: Trial) -> None:
    """An amount of one minor unit arrives as 1."""
    await _carried(trial, trial.request(1))


@AMOUNTS.check()
async def carries_the_largest_amount(trial: Trial) -> None:
    """An amount of 999,999,999,999 minor units arrives whole, or is refused before anything leaves."""
    await _carried(trial, trial.request(LARGEST_MINOR))


@AMOUNTS.check()
async def carries_yen(trial: Trial) -> None:
    """Yen have no decimals: 1200 is 1200, not 12 nor 120000."""
    await _in_currency(trial, YEN)


@AMOUNTS.check()
async def carries_dollars(trial: Trial) -> None:
    """A currency with two decimals is carried in minor units, under its own number."""
    await _in_currency(trial, US_DOLLAR)


@AMOUNTS.check()
async def carries_dinars(trial: Trial) -> None:
    """A currency with three decimals is carried in minor units, under its own number."""
    await _in_currency(trial, KUWAITI_DINAR)


@AMOUNTS.check()
async def refuses_other_currencies(trial: Trial) -> None:
    """A currency that the acquirer does not take is BadRequest, never carried as another one."""
    others = [one for one in (YEN, US_DOLLAR, KUWAITI_DINAR) if one not in trial.bench.currencies]
    if not others:
        raise DoesNotApply("it takes every currency that the kit tries")
    await trial.until_ready()
    for currency in others:
        request = trial.request(Case.APPROVE, currency=currency)
        expect(f"currency {currency} was taken", holds=_refused(trial, request) is not None)


@AMOUNTS.check()
async def refuses_the_impossible(trial: Trial) -> None:
    """What is outside the port's limits is refused by `prepare` with BadRequest."""
    for change in IMPOSSIBLE:
        request = trial.request(Case.APPROVE, **change)
        name = next(iter(change))
        expect(f"{name} {change[name]} was taken", holds=_refused(trial, request) is not None)


@AMOUNTS.check()
async def refuses_before_anything_leaves(trial: Trial) -> None:
    """What `prepare` refuses with BadRequest reaches nobody, even where it is asked all the same."""
    await trial.until_ready()
    for change in (*IMPOSSIBLE, *ODD):
        request = trial.request(Case.APPROVE, **change)
        if _refused(trial, request) is not None:
            outcome = await trial.acquirer.authorise(request)
            name = next(iter(change))
            expect(f"a wrong {name} came back as {outcome}", holds=isinstance(outcome, NotSent))
    expect("the far end heard of it", holds=not trial.heard(Sort.REQUEST))
    expect("charged for it", holds=trial.total_minor() == 0)


@AMOUNTS.check()
async def refuses_without_naming_the_card(trial: Trial) -> None:
    """BadRequest never holds card data, neither in its text nor in what Python prints with it."""
    for change in (*IMPOSSIBLE, *ODD):
        refused = _refused(trial, trial.request(Case.APPROVE, **change))
        if refused is not None:
            shown = "".join([str(refused), repr(refused), *traceback.format_exception(refused)])
            leaked = any(secret in shown for secret in SECRETS)
            expect(f"BadRequest for a wrong {next(iter(change))} shows the card", holds=not leaked)


@AMOUNTS.check()
async def prepares_purely(trial: Trial) -> None:
    """prepare gives the same bytes every time, at any hour, and reaches nobody."""
    await trial.until_ready()
    request = trial.request(Case.APPROVE)
    first = trial.acquirer.prepare(request).wire
    trial.outside.skew_ms += 3_600_000
    expect("different bytes for one request", holds=first == trial.acquirer.prepare(request).wire)
    expect("prepare charged", holds=trial.total_minor() == 0)


@AMOUNTS.check()
async def prepares_without_a_line(trial: Trial) -> None:
    """prepare needs no line: after close it gives the same bytes."""
    request = trial.request(Case.APPROVE)
    first = trial.acquirer.prepare(request).wire
    await trial.acquirer.close()
    expect("different bytes for one request", holds=first == trial.acquirer.prepare(request).wire)


@AMOUNTS.check()
async def prepares_different_sales_differently(trial: Trial) -> None:
    """Two sales that differ only in their reference have different reversals."""
    one = trial.request(Case.APPROVE, stan=5, slip=5)
    other = trial.request(Case.APPROVE, stan=5, slip=5)
    same = trial.acquirer.prepare(one).wire == trial.acquirer.prepare(other).wire
    expect("the same bytes for two sales", holds=not same)


def _refused(trial: Trial, request: AuthoriseRequest) -> BadRequest | None:
    try:
        trial.acquirer.prepare(request)
    except BadRequest as refused:
        return refused
    return None


async def _in_currency(trial: Trial, currency: int) -> None:
    if currency not in trial.bench.currencies:
        raise DoesNotApply(f"it does not take currency {currency}")
    await _carried(trial, trial.request(Case.APPROVE, currency=currency))


async def _carried(trial: Trial, request: AuthoriseRequest) -> None:
    await trial.until_ready()
    if _refused(trial, request) is not None:
        return
    await trial.acquirer.authorise(request)
    heard = [(one.amount_minor, one.currency) for one in trial.heard(Sort.REQUEST, request.reference)]
    expect(f"arrived as {heard}", holds=heard == [(request.amount_minor, request.currency)])
