"""Void and refund at the heart: never more than the sale, whatever comes at once, late or twice."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from heart_world import World, answering, kinds, tell_story, told
from sqlalchemy.exc import IntegrityError

from acquirer_sdk.values import (
    Approved,
    Ask,
    Capabilities,
    Declined,
    InDoubt,
    LateAnswer,
    NeedsInput,
    NotSent,
)
from mail_gateway.admin import payments as office
from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.outcome import Letter, Outcome
from mail_gateway.domain.payment import State, Trade
from mail_gateway.store import audit, books, history
from mail_gateway.store.backend import guest

VOID, REFUND = 2, 3
SALE_MINOR = 1200


async def sold(world: World, amount_minor: int = SALE_MINOR) -> bytes:
    """A sale that was approved; -> its KSN."""
    kept = await world.post(world.envelope(amount_minor=amount_minor))
    assert kept.payment_id is not None
    return (await world.reach(kept.payment_id, State.APPROVED)).ksn


async def given_back(world: World, ksn: bytes, amount_minor: int, kind: int = REFUND, **fields: Any) -> int:
    """A return comes in; -> its payment."""
    asked = {"kind": kind, "original_ksn": ksn, "amount_minor": amount_minor, **fields}
    kept = await world.post(world.envelope(**asked))
    assert kept.payment_id is not None
    return kept.payment_id


async def ended(world: World, *numbers: int) -> list[State]:
    ends = (State.APPROVED, State.DECLINED, State.REFUSED, State.REVERSED, State.EXPIRED, State.RE_ENTER)
    return [(await world.reach(number, *ends)).state for number in numbers]


def net_minor(world: World) -> int:
    """What the customers are left with to pay."""
    return sum(map(world.acquirer.net, world.acquirer.charges))


def faults_of(world: World) -> list[audit.Fault]:
    with guest(world.gateway.database) as conn:
        return audit.verify(conn, (), lambda _: None).faults


def balance(world: World, account: str, phase: str = "posted") -> int:
    with guest(world.gateway.database) as conn:
        return books.balances(conn).get((account, 392, phase), 0)


def test_a_void_gives_back_the_whole_sale(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        number = await given_back(world, await sold(world), SALE_MINOR, VOID)
        assert await ended(world, number) == [State.APPROVED]
        back, sale = await world.payment(number), await world.payment(1)
        assert (back.original, sale.returned_minor, sale.state) == (1, SALE_MINOR, State.APPROVED)
        assert (back.envelope, back.reversal) == (None, None), "nothing of the card is kept"
        assert await told(world) == [Letter.APPROVED, Letter.RETURNED]
        assert world.writer.news[-1].outcome is Outcome.APPROVED, "what the reader waits for"
        assert world.writer.news[-1].original == sale.reference
        asked = world.acquirer.returns[back.reference]
        assert (asked.original.reference, asked.original.stan) == (sale.reference, sale.stan)
        assert (asked.original.approval_number, asked.original.time_s) == ("123456", sale.keyed_s)

    world = tell_story(tmp_path, story)
    assert net_minor(world) == 0
    assert balance(world, "merchant-payable") == balance(world, "acquirer-receivable") == 0
    assert faults_of(world) == []


def test_a_sale_is_refunded_in_parts_and_never_more(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        ksn = await sold(world)
        numbers = [await given_back(world, ksn, minor) for minor in (500, 700)]
        assert await ended(world, *numbers) == [State.APPROVED, State.APPROVED]
        (late,) = await ended(world, await given_back(world, ksn, 1))
        assert late is State.REFUSED
        assert (await world.payment(4)).code == "return-too-much"
        assert world.writer.news[-1].letter is Letter.NOT_RETURNED
        assert world.writer.news[-1].reason == "More than is left of that sale"

    world = tell_story(tmp_path, story)
    assert net_minor(world) == 0
    assert faults_of(world) == []


@pytest.mark.parametrize("kinds_", [(REFUND, REFUND), (VOID, VOID), (VOID, REFUND), (REFUND, VOID)])
@pytest.mark.parametrize("seed", range(5))
def test_of_two_at_once_one_is_done(kinds_: tuple[int, int], seed: int, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        ksn = await sold(world)
        minors = {VOID: SALE_MINOR, REFUND: SALE_MINOR - 100}
        coming = [given_back(world, ksn, minors[kind], kind) for kind in kinds_]
        numbers = await asyncio.gather(*coming)
        assert sorted(await ended(world, *numbers)) == [State.APPROVED, State.REFUSED]

    world = tell_story(tmp_path, story, seed=seed)
    assert 0 <= net_minor(world) <= 100
    assert world.verbs("alarm.") == [], "judged once more, not refused by the database"
    assert faults_of(world) == []


def test_what_was_partly_given_back_is_not_voided(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        ksn = await sold(world)
        assert await ended(world, await given_back(world, ksn, 100)) == [State.APPROVED]
        await ended(world, await given_back(world, ksn, SALE_MINOR, VOID))
        assert (await world.payment(3)).code == "returned-already"

    assert net_minor(tell_story(tmp_path, story)) == SALE_MINOR - 100


@pytest.mark.parametrize(
    ("fields", "slug"),
    [
        ({"kind": VOID, "amount_minor": 1199}, "void-not-whole"),
        ({"amount_minor": 1201}, "return-too-much"),
        ({"original_ksn": b""}, "original-unknown"),
        ({"original_ksn": b"\0" * 12}, "original-unknown"),
        ({"track2": "5555555555554444=27122010000012345678"}, "card-differs"),
        ({"track2": ""}, "card-missing"),
        ({"amount_minor": 0}, "amount-zero"),
    ],
)
def test_a_return_that_breaks_a_rule_is_refused_in_words(
    fields: dict[str, Any], slug: str, tmp_path: Path
) -> None:
    async def story(world: World) -> None:
        asked = {"kind": REFUND, "original_ksn": await sold(world), "amount_minor": 100, **fields}
        await world.post(world.envelope(**asked))
        assert await ended(world, 2) == [State.REFUSED]
        assert (await world.payment(2)).code == slug
        assert world.writer.news[-1].outcome is Outcome.REFUSED and world.writer.news[-1].reason
        assert world.writer.news[-1].letter is Letter.NOT_RETURNED

    world = tell_story(tmp_path, story)
    assert net_minor(world) == SALE_MINOR and not world.acquirer.returns
    assert faults_of(world) == []


def test_what_was_not_approved_or_is_a_return_itself_gives_nothing_back(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        answering(world, Declined("51"))
        await world.post(world.envelope())
        declined = await world.reach(1, State.DECLINED)
        await ended(world, await given_back(world, declined.ksn, 100))
        assert (await world.payment(2)).code == "not-approved"
        world.acquirer.script = None
        number = await given_back(world, await sold(world), 100)
        await ended(world, number)
        await ended(world, await given_back(world, (await world.payment(number)).ksn, 100))
        assert (await world.payment(5)).code == "original-unknown"

    tell_story(tmp_path, story)


def test_silence_is_reversed_and_the_sale_can_give_back_again(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        ksn = await sold(world)
        world.acquirer.habits = replace(world.acquirer.habits, lose_answer=100)
        number = await given_back(world, ksn, SALE_MINOR, VOID)
        await world.reach(number, State.REVERSING, State.CONFIRMING)
        assert (await world.payment(1)).returned_minor == SALE_MINOR, "it may have been given back"
        await ended(world, await given_back(world, ksn, 1))
        assert (await world.payment(number + 1)).code == "return-too-much"
        assert await ended(world, number) == [State.REVERSED]
        assert (await world.payment(1)).returned_minor == 0
        assert [one.letter for one in world.writer.news if one.payment_id == number] == [
            Letter.RETURN_IN_DOUBT,
            Letter.NOT_RETURNED,
        ]
        world.acquirer.habits = replace(world.acquirer.habits, lose_answer=0)
        assert await ended(world, await given_back(world, ksn, SALE_MINOR, VOID)) == [State.APPROVED]

    world = tell_story(tmp_path, story)
    assert net_minor(world) == 0
    assert balance(world, "in-doubt", "pending") == 0
    assert faults_of(world) == []


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Declined("G94"), State.DECLINED),
        (NeedsInput(Ask.AGAIN, "55"), State.RE_ENTER),
        (NeedsInput(Ask.MORE, "01"), State.DECLINED),
        (Approved("1", 99), State.REVERSED),
        (InDoubt("no-answer"), State.REVERSED),
    ],
)
def test_what_the_acquirer_does_not_do_is_free_again(answer: Any, state: State, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        ksn = await sold(world)
        answering(world, answer)
        number = await given_back(world, ksn, 100)
        assert await ended(world, number) == [state]
        assert (await world.payment(number)).returned_minor == (await world.payment(1)).returned_minor == 0

    assert faults_of(tell_story(tmp_path, story)) == []


def test_a_late_yes_to_a_return_is_reversed_and_stays_uncounted(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        ksn = await sold(world)
        answering(world, Declined("51"))
        number = await given_back(world, ksn, SALE_MINOR)
        await ended(world, number)
        world.acquirer.script = None
        assert await ended(world, await given_back(world, ksn, SALE_MINOR, VOID)) == [State.APPROVED]
        assert world.life is not None
        world.acquirer.charge(f"{number:012d}", -SALE_MINOR)
        stan = (await world.payment(number)).stan or 0
        world.life.runner.late(LateAnswer(f"{number:012d}", stan, Approved("9", SALE_MINOR), "00"))
        assert await world.reach(number, State.REVERSED)

    world = tell_story(tmp_path, story)
    assert net_minor(world) == 0
    assert faults_of(world) == []


def test_a_return_that_comes_too_late_expires(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        ksn = await sold(world)
        old_s = world.now_ms() // 1000 - 1000
        number = await given_back(world, ksn, 100, reader_time_s=old_s)
        assert await ended(world, number) == [State.EXPIRED]
        assert world.writer.news[-1].letter is Letter.NOT_RETURNED

    assert net_minor(tell_story(tmp_path, story)) == SALE_MINOR


def test_a_return_that_waits_for_a_line_holds_its_amount_until_it_expires(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        ksn = await sold(world)
        answering(world, NotSent("refused"))
        number = await given_back(world, ksn, SALE_MINOR)
        await world.reach(number, State.READY)
        assert (await world.payment(1)).returned_minor == SALE_MINOR
        assert await ended(world, number) == [State.EXPIRED]
        assert (await world.payment(1)).returned_minor == 0

    world = tell_story(tmp_path, story)
    assert net_minor(world) == SALE_MINOR
    assert faults_of(world) == []


def test_the_same_return_sent_again_is_the_same_return(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        envelope = world.envelope(kind=REFUND, original_ksn=await sold(world), amount_minor=300)
        numbers = {(await world.post(envelope)).payment_id for _ in range(3)}
        assert numbers == {2}
        await ended(world, 2)
        assert (await world.post(envelope)).payment_id == 2

    assert net_minor(tell_story(tmp_path, story)) == SALE_MINOR - 300


def test_what_the_acquirer_cannot_do_is_refused_before_it_is_asked(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.acquirer.capabilities = Capabilities()
        ksn = await sold(world)
        for kind, slug in ((VOID, "void-unsupported"), (REFUND, "refund-unsupported")):
            number = await given_back(world, ksn, SALE_MINOR, kind)
            await ended(world, number)
            assert (await world.payment(number)).code == slug
            assert world.writer.news[-1].reason

    assert not tell_story(tmp_path, story).acquirer.returns


def test_the_database_itself_refuses_more_than_the_sale(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        number = await given_back(world, await sold(world), 500)
        await ended(world, number)

    world = tell_story(tmp_path, story)
    over = "UPDATE payments SET returned_minor = 1201, epoch = epoch + 1 WHERE id = 1"
    other = "UPDATE payments SET original = 2, epoch = epoch + 1 WHERE id = 2"
    for sql in (over, other):
        with pytest.raises(IntegrityError), guest(world.gateway.database, write=True) as conn:
            conn.exec_driver_sql(sql)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("commit", range(6))
def test_a_death_at_any_commit_gives_nothing_back_twice(commit: int, after: bool, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        ksn = await sold(world)
        assert world.life is not None
        world.life.place.left, world.life.place.after = commit, after
        envelope = world.envelope(kind=VOID, original_ksn=ksn)
        world.phones.add(asyncio.create_task(world.post(envelope)))
        await asyncio.sleep(200)
        await world.kill()
        await world.start()
        await world.post(envelope)
        (state,) = await ended(world, 2)
        assert net_minor(world) == (0 if state is State.APPROVED else SALE_MINOR)
        assert (await world.payment(1)).returned_minor == SALE_MINOR - net_minor(world)
        assert await kinds(world, 1)

    assert faults_of(tell_story(tmp_path, story)) == []


def test_a_person_gives_back_without_the_card(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await sold(world)
        office.give_back(world.gateway, 1, Trade.REFUND, 500, "the customer has called")
        with pytest.raises(GatewayError, match="return-ordered"):
            office.give_back(world.gateway, 1, Trade.REFUND, 500, "again")
        assert await ended(world, await ordered(world)) == [State.APPROVED]
        back = await world.payment(2)
        assert (back.amount_minor, back.original, back.masked_card) == (500, 1, "411111******1111")
        news = world.writer.news[-1]
        assert (news.letter, news.sealed_result, news.check_code) == (Letter.RETURNED, None, "")
        office.give_back(world.gateway, 1, Trade.REFUND, None, "the rest")
        await ordered(world)
        assert await ended(world, 3) == [State.APPROVED]
        for amount, slug in ((1, "return-too-much"), (None, "amount-zero")):
            with pytest.raises(GatewayError, match=slug):
                office.give_back(world.gateway, 1, Trade.REFUND, amount, "and more")

    world = tell_story(tmp_path, story)
    assert net_minor(world) == 0
    assert all(not request.card.track2 for request in world.acquirer.returns.values())
    assert faults_of(world) == []


def test_an_order_is_refused_in_words_where_the_acquirer_wants_the_card(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.acquirer.capabilities = Capabilities(void=True, refund=True)
        await sold(world)
        office.give_back(world.gateway, 1, Trade.VOID, None, "wrong amount")
        assert await ended(world, await ordered(world)) == [State.REFUSED]
        assert (await world.payment(2)).code == "card-needed"
        assert world.writer.news[-1].reason == "The card company wants the card to be read"

    assert not tell_story(tmp_path, story).acquirer.returns


async def ordered(world: World) -> int:
    """Until the gateway has taken the order up; -> the return."""
    assert world.life is not None
    for _ in range(1000):
        found = await world.life.store.read(history.later_of, 1)
        if found and (await world.payment(1)).due_ms is None:
            return int(found[-1]["id"])
        await asyncio.sleep(0.25)
    raise AssertionError("nobody took the order up")
