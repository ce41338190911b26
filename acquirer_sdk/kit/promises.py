"""The kit's checks of capabilities: what is denied says so, what is promised happens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Final

from acquirer_sdk.bench import TRACK2, Case, DoesNotApply, expect
from acquirer_sdk.check import Subject
from acquirer_sdk.port import BadRequest
from acquirer_sdk.trial import Trial, sample_account
from acquirer_sdk.values import Approved, AuthoriseRequest, CardData, Totals, Unsupported

PROMISES: Final = Subject("capabilities")

CONDITIONS: Final = (10, 21, 22, 23, 24, 25, 31, 32, 33, 34, 61, 62, 63, 80, 110)
"""Ways of payment, UnifiedPOS CAT."""


@PROMISES.check()
async def is_true_about_capture(trial: Trial) -> None:
    """capture is Unsupported if the capabilities deny it, and only then."""
    await _true(trial, "capture")


@PROMISES.check()
async def is_true_about_void(trial: Trial) -> None:
    """void is Unsupported if the capabilities deny it, and only then."""
    await _true(trial, "void")


@PROMISES.check()
async def is_true_about_refund(trial: Trial) -> None:
    """refund is Unsupported if the capabilities deny it, and only then."""
    await _true(trial, "refund")


@PROMISES.check()
async def is_true_about_advise(trial: Trial) -> None:
    """advise is Unsupported if the capabilities deny it, and only then."""
    await _true(trial, "advise")


@PROMISES.check()
async def is_true_about_card_check(trial: Trial) -> None:
    """card_check is Unsupported if the capabilities deny it, and only then."""
    await _true(trial, "card_check")


@PROMISES.check()
async def is_true_about_inquire(trial: Trial) -> None:
    """inquire is Unsupported if the capabilities deny it, and only then."""
    await _true(trial, "inquire")


@PROMISES.check()
async def is_true_about_reconcile(trial: Trial) -> None:
    """reconcile is Unsupported if the capabilities deny it, and only then."""
    await _true(trial, "reconcile")


@PROMISES.check()
async def is_true_about_echo(trial: Trial) -> None:
    """echo is Unsupported if the capabilities deny it, and only then."""
    await _true(trial, "echo")


@PROMISES.check()
async def approves_no_part_unless_it_says_so(trial: Trial) -> None:
    """Without the capability partial_approval no approval is for less than was asked."""
    if trial.capabilities.partial_approval:
        raise DoesNotApply("the capabilities promise partial approvals")
    sale = await trial.sell(Case.PARTIAL)
    less = isinstance(sale.outcome, Approved) and sale.outcome.amount_minor < sale.request.amount_minor
    expect(f"a partial approval came back as {sale.outcome}", holds=not less)


@PROMISES.check("refund")
async def wants_a_card_unless_it_says_so(trial: Trial) -> None:
    """Without the capability return_without_card a return without one is refused before anything leaves."""
    if trial.capabilities.return_without_card or not trial.capabilities.card:
        raise DoesNotApply("the capabilities promise returns without a card")
    sale = await trial.sold()
    request = replace(trial.refund(sale, Case.APPROVE), card=CardData())
    expect("a return without a card was taken", holds=_refused(trial, request))


@PROMISES.check()
async def takes_the_conditions_that_it_says(trial: Trial) -> None:
    """Ways of payment that the capabilities name can be asked for; others are BadRequest."""
    named = trial.capabilities.conditions
    for condition in CONDITIONS:
        request = trial.request(Case.APPROVE, **_condition(condition))
        wanted = not named or condition in named
        taken = not _refused(trial, request)
        expect(f"condition {condition} was {'taken' if taken else 'refused'}", holds=taken == wanted)


@PROMISES.check()
async def takes_the_payers_that_it_says(trial: Trial) -> None:
    """A card or an account is taken as the capabilities say; what they deny is BadRequest."""
    card = trial.request(Case.APPROVE, card=CardData(TRACK2, entry_mode=1))
    card = replace(card, card=CardData(TRACK2, entry_mode=1), account=None)
    account = replace(card, card=CardData(), account=sample_account())
    for name, request in (("card", card), ("account", account)):
        taken, wanted = not _refused(trial, request), bool(getattr(trial.capabilities, name))
        expect(f"a {name} was {'taken' if taken else 'refused'}", holds=taken == wanted)


@PROMISES.check()
async def has_a_name(trial: Trial) -> None:
    """name is a short word in small letters, as it stands in config.toml and in alarms."""
    name = trial.acquirer.name
    good = 0 < len(name) <= 32 and name == name.lower() and name.replace("-", "").replace("_", "").isalnum()
    expect(f"its name is {name!r}", holds=good)


def _condition(condition: int) -> dict[str, int]:
    """A way of payment with the count that it may need."""
    return {"condition": condition, "condition_count": 3 if condition // 10 in (3, 6) else 0}


def _refused(trial: Trial, request: AuthoriseRequest) -> bool:
    try:
        trial.acquirer.prepare(request)
    except BadRequest:
        return True
    return False


async def _true(trial: Trial, name: str) -> None:
    sale = await trial.sell(Case.APPROVE)
    answer = await _calls(trial, name)(sale)
    if getattr(trial.capabilities, name):
        expect(f"promised, and came back as {answer}", holds=not isinstance(answer, Unsupported))
    else:
        expect(f"denied, and came back as {answer}", holds=answer == Unsupported(name))


def _calls(trial: Trial, name: str) -> Callable[..., Awaitable[object]]:
    acquirer = trial.acquirer
    calls: Mapping[str, Callable[..., Awaitable[object]]] = {
        "capture": lambda sale: acquirer.capture(trial.capture(sale, sale.request.amount_minor)),
        "void": lambda sale: acquirer.void(trial.void(sale)),
        "refund": lambda sale: acquirer.refund(trial.refund(sale, sale.request.amount_minor)),
        "advise": lambda sale: acquirer.advise(trial.advice(sale, {}), transmission=1),
        "card_check": lambda sale: acquirer.card_check(replace(sale.request, amount_minor=0)),
        "inquire": lambda sale: acquirer.inquire(sale.reversal),
        "reconcile": lambda _: acquirer.reconcile(Totals("2026-01-01", 392, 0, 0, 0, 0)),
        "echo": lambda _: acquirer.echo(),
    }
    return calls[name]
