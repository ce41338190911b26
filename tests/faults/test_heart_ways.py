"""Each way a payment can go, on virtual time, a real database and an acquirer that does as told."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from Crypto.Cipher import AES
from Crypto.Hash import CMAC
from heart_acquirer import Habits
from heart_world import START_MS, World, answering, kinds, tell_story, told
from sqlalchemy import select

from acquirer_sdk.port import BadRequest
from acquirer_sdk.values import (
    Approved,
    Ask,
    AuthoriseOutcome,
    AuthoriseRequest,
    Declined,
    InDoubt,
    NeedsInput,
    NotSent,
)
from mail_gateway.domain.outcome import Letter, Outcome
from mail_gateway.domain.payment import Kind, State
from mail_gateway.envelope.dukpt import Usage
from mail_gateway.store import books, handover, letters
from mail_gateway.store.inbox import Verdict
from mail_gateway.store.tables import mails
from schemas.envelope import checkcode, cose, payload


def open_result(world: World, ksn: bytes, sealed: bytes) -> Any:
    """As the reader does it."""
    found, index, body = cose.unpack(sealed)
    assert found == ksn
    key = world.sale_key(ksn, Usage.DATA_DECRYPTION)
    cipher = AES.new(key, AES.MODE_CCM, nonce=cose.nonce(ksn, index), mac_len=16)
    cipher.update(cose.enc_structure(cose.AAD_RESULT))
    return payload.decode_result(cipher.decrypt_and_verify(body[:-16], body[-16:]))


@pytest.mark.parametrize(
    ("outcome", "state", "letter"),
    [
        (Approved("123456", 1200), State.APPROVED, Letter.APPROVED),
        (Declined("51"), State.DECLINED, Letter.DECLINED),
        (NeedsInput(Ask.AGAIN, "55"), State.RE_ENTER, Letter.RE_ENTER),
        (NeedsInput(Ask.MORE, "G30"), State.MORE_WANTED, Letter.MORE_WANTED),
        (InDoubt("no-answer"), State.REVERSED, Letter.CANCELLED),
        (Approved("123456", 600), State.REVERSED, Letter.CANCELLED),
        (Approved("123456", 12000), State.REVERSED, Letter.CANCELLED),
    ],
)
def test_what_the_acquirer_says_is_what_the_merchant_reads(
    outcome: AuthoriseOutcome, state: State, letter: Letter, tmp_path: Path
) -> None:
    async def story(world: World) -> None:
        answering(world, outcome)
        kept = await world.post(world.envelope())
        payment = await world.reach(kept.payment_id, state)
        expected = [Letter.IN_DOUBT, letter] if state is State.REVERSED else [letter]
        assert await told(world) == expected
        assert world.acquirer.net(payment.reference) == (1200 if state is State.APPROVED else 0)
        news = world.writer.news[-1]
        result = open_result(world, payment.ksn, news.sealed_result or b"")
        assert (result.outcome, result.version) == (news.outcome, news.version)
        mac = CMAC.new(world.sale_key(payment.ksn, Usage.MAC_VERIFICATION), ciphermod=AES)
        mac.update(checkcode.message(payment.ksn, result.outcome, result.version, result.amount_minor))
        assert news.check_code == checkcode.digits(mac.digest())

    tell_story(tmp_path, story)


def test_no_reason_is_given_for_a_stolen_card(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        answering(world, Declined("43"))
        kept = await world.post(world.envelope())
        payment = await world.reach(kept.payment_id, State.DECLINED)
        news = world.writer.news[-1]
        assert news.reason == "Please ask for another card"
        assert open_result(world, payment.ksn, news.sealed_result or b"").reason == ""

    tell_story(tmp_path, story)


def test_a_hundred_copies_of_one_mail_are_one_payment(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        envelope = world.envelope()
        kept = await asyncio.gather(*(world.post(envelope, message_id=f"<{n}@c>") for n in range(100)))
        assert {one.payment_id for one in kept} == {1}
        assert sorted(one.verdict for one in kept) == [Verdict.NEW] + [Verdict.REPEAT] * 99
        payment = await world.reach(1, State.APPROVED)
        assert world.acquirer.requests == {payment.reference: 1}
        assert await told(world) == [Letter.APPROVED]

    tell_story(tmp_path, story)


def test_a_repeat_pulls_the_same_letter_again_at_most_once_a_minute(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        assert world.life is not None
        envelope = world.envelope()
        await world.post(envelope)
        await world.reach(1, State.APPROVED)
        store = world.life.store

        async def due() -> int:
            return len(await store.read(letters.due, world.now_ms(), 10))

        async def send() -> None:
            claimed = await store.run(handover.claim, world.now_ms(), 10)
            marks = [handover.Mark(row.id, "sent", "250") for row in claimed.rows]
            await store.run(handover.settle, marks, world.now_ms())

        await send()
        await world.post(envelope)
        assert await due() == 0, "it left less than a minute ago"
        await asyncio.sleep(61)
        await world.post(envelope)
        assert await due() == 1
        raw = (await store.read(letters.due, world.now_ms(), 10))[0].raw
        await send()
        await asyncio.sleep(61)
        await world.post(envelope)
        assert (await store.read(letters.due, world.now_ms(), 10))[0].raw == raw

    tell_story(tmp_path, story)


def test_one_counter_with_two_contents_is_charged_once_and_alarms(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.post(world.envelope(counter=5, amount_minor=1200))
        await world.reach(1, State.APPROVED)
        await world.post(world.envelope(counter=5, amount_minor=9900))
        await world.reach(2, State.REFUSED)
        assert (await world.payment(2)).counter is None
        assert await told(world) == [Letter.APPROVED, Letter.KEY_USED]
        assert world.writer.news[-1].sealed_result is None, "the key has sealed the answer to the other sale"
        assert "alarm.key-used" in world.verbs("alarm")
        assert sum(world.acquirer.requests.values()) == 1

    tell_story(tmp_path, story)


def test_a_lower_counter_that_was_never_seen_is_an_ordinary_sale(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.post(world.envelope(counter=9))
        await world.post(world.envelope(counter=4))
        await world.reach(1, State.APPROVED)
        await world.reach(2, State.APPROVED)

    tell_story(tmp_path, story)


def test_damage_of_a_known_reader_asks_to_send_again_once_a_minute(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        for _ in range(5):
            await world.post(world.envelope(seal=False))
        for number in range(1, 6):
            await world.reach(number, State.REFUSED)
        assert await told(world) == [Letter.DAMAGED]
        assert world.writer.news[0].sealed_result is None
        await asyncio.sleep(61)
        await world.post(world.envelope(seal=False))
        await world.reach(6, State.REFUSED)
        assert await told(world) == [Letter.DAMAGED] * 2
        await world.post(world.envelope(counter=1))  # the damaged copy did not take the key
        await world.reach(7, State.APPROVED)

    tell_story(tmp_path, story)


def test_a_mail_of_nobody_is_kept_and_answers_nothing(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        assert world.life is not None
        stranger = cose.pack(bytes(12), 0, bytes(40))
        assert (await world.post(stranger)).verdict is Verdict.UNKNOWN_READER
        assert (await world.post(None, slug="armour-missing", raw=b"hello")).verdict is Verdict.UNREADABLE
        rows = await world.life.store.read(lambda conn: conn.execute(select(mails.c.raw)).scalars().all())
        assert rows == [None, b"hello"], (
            "a stranger's bytes are kept by hash, an unreadable mail for a person"
        )
        assert await told(world) == []

    tell_story(tmp_path, story)


@pytest.mark.parametrize(
    ("fields", "slug"),
    [
        ({"kind": 4}, "kind-unsupported"),
        ({"kind": 5}, "original-unknown"),
        ({"amount_minor": 0}, "amount-zero"),
        ({"amount_minor": 1_000_001}, "amount-over-limit"),
        ({"currency": 840}, "currency-unsupported"),
        ({"track2": ""}, "card-missing"),
    ],
)
def test_what_is_not_taken_is_refused_in_words(fields: dict[str, Any], slug: str, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.post(world.envelope(**fields))
        payment = await world.reach(1, State.REFUSED)
        assert payment.code == slug
        assert world.writer.news[-1].outcome is Outcome.REFUSED
        assert world.writer.news[-1].reason
        assert world.acquirer.requests == {}

    tell_story(tmp_path, story)


def test_what_the_acquirers_form_cannot_say_is_refused_before_anything_leaves(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        def prepare(request: AuthoriseRequest) -> Any:
            raise BadRequest("too-long", "DE41")

        world.acquirer.prepare = prepare  # type: ignore[method-assign]
        await world.post(world.envelope())
        await world.reach(1, State.REFUSED)
        assert world.acquirer.requests == {}

    tell_story(tmp_path, story)


@pytest.mark.parametrize(
    ("reader_time_s", "received_ms", "state"),
    [
        (START_MS // 1000 - 899, START_MS, State.APPROVED),
        (START_MS // 1000 - 901, START_MS, State.EXPIRED),
        (START_MS // 1000 + 3600, START_MS, State.APPROVED),  # a clock that is ahead is not believed
        (1_000_000, START_MS, State.APPROVED),  # nor one that was never set
        (0, START_MS, State.APPROVED),
        (0, START_MS - 901_000, State.EXPIRED),
        (START_MS // 1000 + 3600, START_MS - 901_000, State.EXPIRED),
    ],
)
def test_freshness(reader_time_s: int, received_ms: int, state: State, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.post(world.envelope(reader_time_s=reader_time_s), received_ms=received_ms)
        await world.reach(1, state)
        assert len(world.acquirer.requests) == (state is State.APPROVED)

    tell_story(tmp_path, story)


def test_a_line_that_stays_down_ends_in_expired_and_no_request(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.post(world.envelope())
        await world.reach(1, State.EXPIRED)
        assert world.now_ms() - START_MS < 920_000
        assert await told(world) == [Letter.EXPIRED]
        assert world.acquirer.requests == {}

    tell_story(tmp_path, story, habits=Habits(not_ready=100))


def test_what_surely_did_not_leave_is_tried_again_under_another_stan(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        answering(world, NotSent("refused"), NotSent("refused"), Approved("123456", 1200))
        await world.post(world.envelope())
        await world.reach(1, State.APPROVED)
        assert world.acquirer.stans == [1, 2, 3]
        found = await kinds(world, 1)
        assert found.count(Kind.NOT_SENT) == 2
        assert found.count(Kind.DISPATCHED) == 3

    tell_story(tmp_path, story)


def test_more_wanted_keeps_the_sealed_card_until_freshness_ends(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        answering(world, NeedsInput(Ask.MORE, "01"))
        await world.post(world.envelope())
        payment = await world.reach(1, State.MORE_WANTED)
        assert payment.envelope is not None
        assert payment.reversal is not None, "a later approval could still be reversed"
        payment = await world.reach(1, State.DECLINED)
        assert world.now_ms() - START_MS > 900_000
        assert payment.envelope is None
        await asyncio.sleep(25 * 3600)
        assert (await world.payment(1)).reversal is None

    tell_story(tmp_path, story)


def test_the_card_is_wiped_when_a_payment_ends_and_the_reversal_a_day_later(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        answering(world, InDoubt("no-answer"), Approved("1", 1200), Declined("05"))
        await world.post(world.envelope())
        payment = await world.reach(1, State.REVERSED)
        assert payment.envelope is None
        assert payment.reversal is not None, "a later approval could still be reversed"
        await world.post(world.envelope())
        approved = await world.reach(2, State.APPROVED)
        assert (approved.envelope, approved.reversal) == (None, None)
        await world.post(world.envelope())
        declined = await world.reach(3, State.DECLINED)
        assert (declined.envelope, declined.reversal is None) == (None, False)
        await asyncio.sleep(25 * 3600)
        for number, state in ((1, State.REVERSED), (3, State.DECLINED)):
            payment = await world.payment(number)
            assert (payment.state, payment.reversal, payment.due_ms) == (state, None, None)

    tell_story(tmp_path, story)


def test_the_books_follow_and_their_chain_holds(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        assert world.life is not None
        answering(world, Approved("1", 500), InDoubt("no-answer"), Declined("51"))
        for minor in (500, 700, 900):
            kept = await world.post(world.envelope(amount_minor=minor))
            await world.reach(kept.payment_id, State.APPROVED, State.REVERSED, State.DECLINED)
        balances = await world.life.store.read(books.balances)
        assert balances[("acquirer-receivable", 392, "posted")] == 500
        assert balances[("merchant-payable", 392, "posted")] == -500
        assert {amount for (_, _, phase), amount in balances.items() if phase == "pending"} == {0}
        assert await world.life.store.read(books.broken_at) is None

    tell_story(tmp_path, story)
