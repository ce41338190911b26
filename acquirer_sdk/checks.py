"""The checks of the conformance kit: each is one demand on an adapter, said in its docstring."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import fields
from typing import Final

from acquirer_sdk.bench import PAN, Case, Trial, expect, until
from acquirer_sdk.return_checks import RETURN_CHECKS, Check
from acquirer_sdk.values import (
    Advice,
    Approved,
    Ask,
    CaptureRequest,
    Declined,
    InDoubt,
    NeedsInput,
    NotSent,
    ReturnKind,
    Reversal,
    ReversalOpen,
    Totals,
    Unsupported,
)


async def approves(trial: Trial) -> None:
    """An approval has a number and exactly the amount asked for, and charges once."""
    request, _, outcome = await trial.authorise(Case.APPROVE)
    expect(f"approved sale came back as {outcome}", holds=isinstance(outcome, Approved))
    expect("approved without a number", holds=isinstance(outcome, Approved) and bool(outcome.approval_number))
    expect(
        "approved another amount",
        holds=isinstance(outcome, Approved) and outcome.amount_minor == request.amount_minor,
    )
    expect("the charge is not the amount", holds=trial.net_minor(request.reference) == request.amount_minor)


async def approves_partially(trial: Trial) -> None:
    """A partial approval is Approved with the smaller amount."""
    request, _, outcome = await trial.authorise(Case.PARTIAL)
    expect(
        f"partial approval came back as {outcome}",
        holds=isinstance(outcome, Approved) and 0 < outcome.amount_minor < request.amount_minor,
    )


async def declines(trial: Trial) -> None:
    """A definite no is Declined with the acquirer's code, and charges nothing."""
    request, _, outcome = await trial.authorise(Case.DECLINE)
    expect(
        f"declined sale came back as {outcome}", holds=isinstance(outcome, Declined) and bool(outcome.code)
    )
    expect("a declined sale was charged", holds=trial.net_minor(request.reference) == 0)


async def asks_again(trial: Trial) -> None:
    """A wrong PIN or number is NeedsInput(AGAIN)."""
    _, _, outcome = await trial.authorise(Case.AGAIN)
    expect(f"came back as {outcome}", holds=isinstance(outcome, NeedsInput) and outcome.ask is Ask.AGAIN)


async def asks_more(trial: Trial) -> None:
    """A referral is NeedsInput(MORE)."""
    _, _, outcome = await trial.authorise(Case.MORE)
    expect(f"came back as {outcome}", holds=isinstance(outcome, NeedsInput) and outcome.ask is Ask.MORE)


async def doubts_faults(trial: Trial) -> None:
    """A system fault is in doubt, never declined."""
    _, _, outcome = await trial.authorise(Case.FAULT)
    expect(f"a system fault came back as {outcome}", holds=isinstance(outcome, InDoubt))


async def doubts_unknown_codes(trial: Trial) -> None:
    """A code that the adapter does not know is in doubt, never declined."""
    _, _, outcome = await trial.authorise(Case.UNKNOWN_CODE)
    expect(f"an unknown code came back as {outcome}", holds=isinstance(outcome, InDoubt))


async def doubts_silence(trial: Trial) -> None:
    """Silence is in doubt, never declined."""
    _, _, outcome = await trial.authorise(Case.SILENT)
    expect(f"silence came back as {outcome}", holds=isinstance(outcome, InDoubt))


async def doubts_a_cut_line(trial: Trial) -> None:
    """A line lost after sending is in doubt, and is up again by itself."""
    request, reversal, outcome = await trial.authorise(Case.CUT)
    expect(f"a lost line came back as {outcome}", holds=isinstance(outcome, InDoubt))
    await trial.reverse(reversal)
    expect("charged after a reversal was acknowledged", holds=trial.net_minor(request.reference) == 0)


async def reverses_an_approval(trial: Trial) -> None:
    """An acknowledged reversal leaves nothing charged."""
    request, reversal, _ = await trial.authorise(Case.APPROVE)
    await trial.reverse(reversal)
    expect("charged after a reversal was acknowledged", holds=trial.net_minor(request.reference) == 0)


async def reverses_silence(trial: Trial) -> None:
    """After silence the prepared reversal undoes the charge."""
    request, reversal, _ = await trial.authorise(Case.SILENT)
    expect("the simulator should have charged", holds=trial.net_minor(request.reference) > 0)
    await trial.reverse(reversal)
    expect("charged after a reversal was acknowledged", holds=trial.net_minor(request.reference) == 0)


async def reverses_what_was_never_seen(trial: Trial) -> None:
    """A reversal of a sale that the acquirer never booked is acknowledged."""
    request, reversal, _ = await trial.authorise(Case.UNTOUCHED)
    await trial.reverse(reversal)
    expect("charged by a reversal", holds=trial.net_minor(request.reference) == 0)


async def repeats_reversals(trial: Trial) -> None:
    """A reversal sent again is acknowledged again and undoes nothing twice."""
    request, reversal, _ = await trial.authorise(Case.APPROVE)
    for transmission in (1, 2, 3):
        await trial.reverse(reversal, transmission)
    expect("reversed more than was charged", holds=trial.net_minor(request.reference) == 0)


async def leaves_unanswered_reversals_open(trial: Trial) -> None:
    """A reversal without an answer is open; the next transmission is acknowledged."""
    _, reversal, _ = await trial.authorise(Case.REVERSAL_SILENT_ONCE)
    outcome = await trial.bench.acquirer.reverse(reversal, transmission=1)
    expect(f"an unanswered reversal came back as {outcome}", holds=isinstance(outcome, ReversalOpen))
    await trial.reverse(reversal, 2)


async def reverses_from_stored_bytes(trial: Trial) -> None:
    """Reversal.wire alone is enough: a new object made of the stored values works."""
    request, reversal, _ = await trial.authorise(Case.SILENT)
    await trial.reverse(Reversal(request.reference, request.stan, bytes(reversal.wire)))
    expect("charged after a reversal was acknowledged", holds=trial.net_minor(request.reference) == 0)


async def prepares_purely(trial: Trial) -> None:
    """prepare gives the same bytes every time and reaches nobody."""
    request = trial.request(Case.APPROVE)
    first, second = (trial.bench.acquirer.prepare(request).wire for _ in range(2))
    expect("prepare gives different bytes for one request", holds=first == second)
    expect("prepare charged", holds=trial.net_minor(request.reference) == 0)


async def reports_late_answers(trial: Trial) -> None:
    """An answer after the time-out reaches `late` with its reference, number and outcome."""
    request, _, outcome = await trial.authorise(Case.LATE)
    expect(f"silence came back as {outcome}", holds=isinstance(outcome, InDoubt))
    await until(lambda: bool(trial.late), "the late answer was not reported")
    answer = trial.late[0]
    expect(
        "late answer of another sale",
        holds=(answer.reference, answer.stan) == (request.reference, request.stan),
    )
    expect(f"late approval reported as {answer.outcome}", holds=isinstance(answer.outcome, Approved))


async def keeps_many_apart(trial: Trial) -> None:
    """Thirty-two at once get each their own answer."""
    await trial.until_ready()
    cases = [Case.APPROVE, Case.DECLINE] * 16
    requests = [trial.request(case) for case in cases]
    outcomes = await asyncio.gather(*(trial.bench.acquirer.authorise(request) for request in requests))
    wanted = [Approved if case is Case.APPROVE else Declined for case in cases]
    expect("answers were mixed up", holds=[type(outcome) for outcome in outcomes] == wanted)


async def keeps_terminals_apart(trial: Trial) -> None:
    """One trace number at two terminals is two sales."""
    await trial.until_ready()
    one = trial.request(Case.APPROVE, stan=77, terminal_id="T0000001")
    other = trial.request(Case.DECLINE, stan=77, terminal_id="T0000002")
    outcomes = await asyncio.gather(*(trial.bench.acquirer.authorise(request) for request in (one, other)))
    expect(
        "answers were mixed up", holds=isinstance(outcomes[0], Approved) and isinstance(outcomes[1], Declined)
    )


async def sends_nothing_after_close(trial: Trial) -> None:
    """After close nothing leaves, and that is said as NotSent."""
    await trial.until_ready()
    await trial.bench.acquirer.close()
    request = trial.request(Case.APPROVE)
    outcome = await trial.bench.acquirer.authorise(request)
    expect(f"after close a sale came back as {outcome}", holds=isinstance(outcome, NotSent))
    again = await trial.bench.acquirer.reverse(trial.bench.acquirer.prepare(request), transmission=1)
    expect(f"after close a reversal came back as {again}", holds=isinstance(again, NotSent))
    expect("charged after close", holds=trial.net_minor(request.reference) == 0)


async def says_what_it_cannot(trial: Trial) -> None:
    """Every operation that the capabilities deny answers Unsupported with its own name."""
    acquirer, request = trial.bench.acquirer, trial.request(Case.APPROVE)
    reversal = acquirer.prepare(request)
    trial.approvals[request.reference] = "000001"
    back = trial.back(request, ReturnKind.VOID, request.amount_minor)
    asked = {name: getattr(back, name) for name in CaptureRequest.__dataclass_fields__}
    advice = {name: asked[name] for name in Advice.__dataclass_fields__ if name in asked}
    calls: Mapping[str, Callable[[], Awaitable[object]]] = {
        "capture": lambda: acquirer.capture(CaptureRequest(**asked)),
        "void": lambda: acquirer.void(back),
        "refund": lambda: acquirer.refund(back),
        "advise": lambda: acquirer.advise(Advice(**advice, items={}), transmission=1),
        "card_check": lambda: acquirer.card_check(request),
        "inquire": lambda: acquirer.inquire(reversal),
        "reconcile": lambda: acquirer.reconcile(Totals("2026-01-01", 392, 0, 0, 0, 0)),
        "echo": acquirer.echo,
    }
    denied = [f.name for f in fields(acquirer.capabilities) if not getattr(acquirer.capabilities, f.name)]
    for name in denied:
        if name in calls:
            expect(f"{name} is denied but does not say so", holds=await calls[name]() == Unsupported(name))


async def leaks_no_card(trial: Trial) -> None:
    """No card number in anything reported, printed or returned."""
    shown: list[object] = []
    for case in (Case.APPROVE, Case.DECLINE, Case.SILENT):
        request, reversal, outcome = await trial.authorise(case)
        shown += [request, reversal, outcome]
    text = " ".join([repr(shown), repr(trial.late), *trial.bench.told])
    expect("a card number was shown", holds=PAN not in text and PAN[6:] not in text)


CHECKS: Final[tuple[Check, ...]] = (
    approves,
    approves_partially,
    declines,
    asks_again,
    asks_more,
    doubts_faults,
    doubts_unknown_codes,
    doubts_silence,
    doubts_a_cut_line,
    reverses_an_approval,
    reverses_silence,
    reverses_what_was_never_seen,
    repeats_reversals,
    leaves_unanswered_reversals_open,
    reverses_from_stored_bytes,
    prepares_purely,
    reports_late_answers,
    keeps_many_apart,
    keeps_terminals_apart,
    sends_nothing_after_close,
    says_what_it_cannot,
    leaks_no_card,
    *RETURN_CHECKS,
)
"""Every check; the docstring is what it demands."""
