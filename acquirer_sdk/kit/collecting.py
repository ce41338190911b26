"""The kit's checks of money that is collected later: what was not collected is told until it is kept."""

from __future__ import annotations

import asyncio
from typing import Final

from acquirer_sdk.bench import Case, expect, until
from acquirer_sdk.check import Subject
from acquirer_sdk.kit.totals import DAY
from acquirer_sdk.trial import Sale, Trial
from acquirer_sdk.values import LateAnswer, NotCollected, Reconciled, Totals

COLLECTING: Final = Subject("collecting later")

LONG_S: Final = 600
NOBODY_TOLD: Final = "nobody was told that it was not collected"


@COLLECTING.check("collects_later")
async def reports_what_was_not_collected(trial: Trial) -> None:
    """What was approved and then not collected is NotCollected, with a code, once; and nothing is charged."""
    sale = await _uncollected(trial)
    await asyncio.sleep(LONG_S)
    told = _told(trial.late, sale)
    expect(f"it was told {len(told)} times", holds=len(told) == 1)
    whole = isinstance(told[0].outcome, NotCollected) and told[0].outcome.code == told[0].code != ""
    expect(f"it came as {told[0].outcome}, code {told[0].code!r}", holds=whole)
    expect("it came with another trace number", holds=told[0].stan == sale.request.stan)
    expect("what was not collected is charged", holds=trial.net_minor(sale) == 0)


@COLLECTING.check("collects_later", started=False)
async def tells_again_what_was_not_kept(trial: Trial) -> None:
    """What the gateway could not keep is told again, by this life and the next, until it is kept."""
    lost: list[LateAnswer] = []
    await trial.acquirer.start(lambda answer: _say(lost, answer, kept=False))
    sale = await trial.sold(Case.NOT_COLLECTED)
    await asyncio.sleep(LONG_S)
    expect("what was not kept was not told again", holds=len(_told(lost, sale)) > 1)
    await trial.acquirer.close()
    await trial.acquirer.start(lambda answer: _say(trial.late, answer, kept=True))
    await until(lambda: bool(_told(trial.late, sale)), "what was not kept was not told by the next life")
    await asyncio.sleep(LONG_S)
    expect("what was kept was told again", holds=len(_told(trial.late, sale)) == 1)


@COLLECTING.check("collects_later", "reconcile")
async def counts_what_was_not_collected(trial: Trial) -> None:
    """A day's totals stay what they were: what was not collected was a sale of its day, and is no return."""
    sale = await _uncollected(trial)
    ours = Totals(DAY, sale.request.currency, 1, sale.request.amount_minor, 0, 0)
    answer = await trial.acquirer.reconcile(ours)
    expect(f"totals came back as {answer}", holds=answer == Reconciled(ours, agrees=True))


async def _uncollected(trial: Trial) -> Sale:
    sale = await trial.sold(Case.NOT_COLLECTED)
    await until(lambda: bool(_told(trial.late, sale)), NOBODY_TOLD)
    return sale


def _told(late: list[LateAnswer], sale: Sale) -> list[LateAnswer]:
    return [answer for answer in late if answer.reference == sale.request.reference]


def _say(late: list[LateAnswer], answer: LateAnswer, *, kept: bool) -> asyncio.Future[bool]:
    """As the gateway does once it knows."""
    late.append(answer)
    said: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    said.set_result(kept)
    return said
