"""The kit's checks of line faults: whatever happens to the bytes, no sale is decided by it."""

from __future__ import annotations

import asyncio
from typing import Final

from acquirer_sdk.bench import Case, Sort, expect, until
from acquirer_sdk.check import Subject
from acquirer_sdk.trial import Sale, Trial
from acquirer_sdk.values import Approved, InDoubt, NotReady, NotSent, ReversalAccepted
from acquirer_sdk.wire import Fault, Way

FAULTS: Final = Subject("line faults")

OUTSTANDING: Final = 16
TRANSMISSIONS_MAX: Final = 10


@FAULTS.check()
async def doubts_a_cut_line(trial: Trial) -> None:
    """A line lost after sending is in doubt, and is up again by itself."""
    await _doubted_and_up_again(trial, Case.CUT)


@FAULTS.check()
async def doubts_half_an_answer(trial: Trial) -> None:
    """A line lost within the answer is in doubt; the half is not taken for the next answer's beginning."""
    await _doubted_and_up_again(trial, Case.HALF)


@FAULTS.check()
async def keeps_an_answer_before_a_cut(trial: Trial) -> None:
    """An answer that was whole when the line was lost is an answer."""
    await trial.sold(Case.ANSWERED_AND_CUT)
    await asyncio.sleep(1)  # both ends see it
    await trial.sold(Case.APPROVE)


@FAULTS.check()
async def doubts_garbage(trial: Trial) -> None:
    """An answer that is no message is in doubt, and the next sale gets through."""
    await _doubted_and_up_again(trial, Case.GARBAGE)


@FAULTS.check()
async def doubts_an_endless_answer(trial: Trial) -> None:
    """An answer longer than any may be is in doubt; nobody waits for its end."""
    await _doubted_and_up_again(trial, Case.OVERSIZE)


@FAULTS.check()
async def doubts_an_empty_answer(trial: Trial) -> None:
    """An answer without a content is in doubt, and the next sale gets through."""
    await _doubted_and_up_again(trial, Case.EMPTY)


@FAULTS.check()
async def leaves_a_deaf_line(trial: Trial) -> None:
    """A line that is up but answers nothing is in doubt, and is given up for a new one."""
    await _doubted_and_up_again(trial, Case.DEAF)


@FAULTS.check()
async def reads_byte_by_byte(trial: Trial) -> None:
    """An answer that comes byte by byte is read as one that came whole."""
    await trial.until_ready()
    trial.wire.fault(Way.BACK, Fault(segment=1))
    await trial.sold(Case.APPROVE)


@FAULTS.check()
async def reads_answers_split_anywhere(trial: Trial) -> None:
    """An answer is read wherever its two segments part."""
    length = await _answer_length(trial)
    for place in trial.places(length):
        trial.wire.fault(Way.BACK, Fault(segment=place + 1))
        await trial.sold(Case.APPROVE)


@FAULTS.check()
async def reads_joined_answers(trial: Trial) -> None:
    """Answers that come in one segment reach each its own request."""
    await trial.until_ready()
    trial.wire.fault(Way.BACK, Fault(held=True))
    asked = [trial.ask(trial.request(Case.APPROVE)) for _ in range(3)]
    tasks = [asyncio.create_task(one) for one in asked]
    await asyncio.sleep(1)
    trial.wire.heal()
    for sale in await asyncio.gather(*tasks):
        expect(f"came back as {sale.outcome}", holds=isinstance(sale.outcome, Approved))


@FAULTS.check()
async def doubts_a_reset_at_every_byte_of_the_answer(trial: Trial) -> None:
    """Wherever within the answer the line ends, the sale is in doubt and its reversal gets through."""
    length = await _answer_length(trial)
    for cut_at in trial.places(length):
        trial.wire.fault(Way.BACK, Fault(cut_at=cut_at))
        await _cut(trial, f"after {cut_at} of {length} bytes of the answer")
    expect("charged after reversals were acknowledged", holds=trial.total_minor() == _first_minor(trial))


@FAULTS.check()
async def doubts_a_reset_at_every_byte_of_the_request(trial: Trial) -> None:
    """Wherever within the request the line ends, the sale is in doubt: some of it had left."""
    await trial.until_ready()
    trial.wire.fault(Way.OUT, Fault())
    await trial.sold(Case.APPROVE)
    length = trial.wire.passed(Way.OUT)
    for cut_at in trial.places(length):
        trial.wire.fault(Way.OUT, Fault(cut_at=cut_at))
        await _cut(trial, f"after {cut_at} of {length} bytes of the request")
    expect("charged after reversals were acknowledged", holds=trial.total_minor() == _first_minor(trial))


@FAULTS.check()
async def survives_spoiled_bytes(trial: Trial) -> None:
    """A spoiled byte anywhere in the answer raises nothing and approves no other amount; sales go on."""
    length = await _answer_length(trial)
    for flip_at in trial.places(length):
        await trial.until_ready()
        trial.wire.fault(Way.BACK, Fault(flip_at=flip_at))
        sale = await trial.ask(trial.request(Case.APPROVE))
        trial.wire.heal()
        other = isinstance(sale.outcome, Approved) and sale.outcome.amount_minor != sale.request.amount_minor
        expect(f"byte {flip_at} spoiled, came back as {sale.outcome}", holds=not other)
    trial.wire.cut()
    await asyncio.sleep(1)
    await trial.sold(Case.APPROVE)


@FAULTS.check()
async def doubts_all_that_was_out_when_the_line_was_lost(trial: Trial) -> None:
    """A lost line puts every request that was out on it in doubt, at once."""
    await trial.until_ready()
    asked = [trial.ask(trial.request(Case.UNTOUCHED)) for _ in range(OUTSTANDING)]
    tasks = [asyncio.create_task(one) for one in asked]
    await asyncio.sleep(1)
    trial.wire.cut()
    for sale in await asyncio.gather(*tasks):
        expect(f"came back as {sale.outcome}", holds=isinstance(sale.outcome, InDoubt))


@FAULTS.check()
async def asks_nothing_twice_after_a_cut(trial: Trial) -> None:
    """What was out when the line was lost is not sent again on the new one."""
    sale = await trial.sell(Case.CUT)
    await trial.sold(Case.APPROVE)
    count = len(trial.heard(Sort.REQUEST, sale.request.reference))
    expect(f"the far end heard {count} requests for one call", holds=count == 1)


@FAULTS.check()
async def comes_back_by_itself(trial: Trial) -> None:
    """A far end that was away for ten minutes is found again without anybody's help."""
    await trial.until_ready()
    await trial.wire.unplug()
    await asyncio.sleep(600)
    await trial.wire.plug()
    await trial.sold(Case.APPROVE)


@FAULTS.check()
async def signs_on_again(trial: Trial) -> None:
    """A far end that signs off is asked nothing until the adapter is signed on again, by itself."""
    await trial.sold(Case.SIGNED_OFF)
    await until(lambda: isinstance(trial.acquirer.ready(), NotReady), "ready although the far end signed off")
    sale = await trial.ask(trial.request(Case.APPROVE))
    expect(f"while signed off came back as {sale.outcome}", holds=isinstance(sale.outcome, NotSent))
    await trial.sold(Case.APPROVE)


async def _doubted_and_up_again(trial: Trial, case: Case) -> None:
    sale = await trial.sell(case)
    expect(f"came back as {sale.outcome}", holds=isinstance(sale.outcome, InDoubt))
    await _reversed(trial, sale)
    await trial.sold(Case.APPROVE)


async def _reversed(trial: Trial, sale: Sale) -> None:
    """Sent again until it is acknowledged, as the gateway does, on a line that is up again."""
    for transmission in range(1, TRANSMISSIONS_MAX + 1):
        await asyncio.sleep(1)
        await trial.until_ready()
        outcome = await trial.acquirer.reverse(sale.reversal, transmission=transmission)
        if isinstance(outcome, ReversalAccepted):
            break
    expect(f"a reversal is still {outcome}", holds=isinstance(outcome, ReversalAccepted))
    expect("charged after a reversal was acknowledged", holds=trial.net_minor(sale) == 0)


async def _cut(trial: Trial, when: str) -> None:
    sale = await trial.ask(trial.request(Case.APPROVE))
    trial.wire.heal()
    expect(f"{when} came back as {sale.outcome}", holds=isinstance(sale.outcome, InDoubt))
    await _reversed(trial, sale)
    await trial.until_ready()


async def _answer_length(trial: Trial) -> int:
    """Bytes of an answer, from one that went well."""
    await trial.until_ready()
    trial.wire.fault(Way.BACK, Fault())
    await trial.sold(Case.APPROVE)
    return trial.wire.passed(Way.BACK)


def _first_minor(trial: Trial) -> int:
    """What the sale that measured took."""
    return trial.amount(Case.APPROVE)
