"""Payments set apart, holds, and what the doctor says: nothing waits in silence."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from heart_world import World, answering, kinds, tell_story, told

from acquirer_sdk.values import Approved, InDoubt
from mail_gateway.admin import doctor, holes, mails, payments, shunts, stops
from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.payment import State
from mail_gateway.store import gaps
from mail_gateway.store.backend import guest
from mail_gateway.store.holds import Subject

MINUTE_S = 60


def found(world: World) -> dict[str, doctor.Trouble]:
    """What the doctor says of this world, but for what is this machine's."""
    of_the_machine = {"clock-off", "sqlite-old", "python-old", "disk-low", "file-open"}
    troubles = doctor.examine(world.gateway, world.keys, world.now_ms())
    return {one.slug: one for one in troubles if one.slug not in of_the_machine}


def breaks(world: World) -> None:
    """The adapter fails whenever it is asked whether it is ready."""

    def ready() -> Any:
        raise ZeroDivisionError

    world.acquirer.ready = ready  # type: ignore[method-assign]


def repaired(world: World) -> None:
    del world.acquirer.ready  # type: ignore[method-assign]


async def shunted(world: World) -> int:
    breaks(world)
    kept = await world.post(world.envelope(reader_time_s=world.now_ms() // 1000))
    await asyncio.sleep(MINUTE_S)
    assert kept.payment_id is not None
    assert (await world.payment(kept.payment_id)).shunted
    repaired(world)
    return kept.payment_id


def test_a_shunted_sale_is_told_listed_and_goes_on_when_a_person_says_so(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        number = await shunted(world)
        assert await told(world) == [Letter.SHUNTED]
        assert [(row["id"], row["why"]) for row in shunts.listed(world.gateway)] == [(number, "stumbled")]
        assert found(world).keys() == {"shunted"}
        await asyncio.sleep(MINUTE_S)
        assert not world.acquirer.requests, "it waits for the person"
        shunts.retry(world.gateway, number, "the adapter was repaired")
        payment = await world.reach(number, State.APPROVED, within_s=2 * MINUTE_S)
        assert payment.failures == 0
        assert await told(world) == [Letter.SHUNTED, Letter.APPROVED]
        notes = payments.shown(world.gateway, number)["notes"]
        assert [(note["kind"], note["text"]) for note in notes] == [
            ("stumbled", ""),
            ("retry", "the adapter was repaired"),
        ]
        assert not found(world)

    tell_story(tmp_path, story)


def test_a_retry_that_comes_too_late_ends_uncharged(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        number = await shunted(world)
        await asyncio.sleep(3600)
        shunts.retry(world.gateway, number, "")
        await world.reach(number, State.EXPIRED)
        assert not world.acquirer.requests

    tell_story(tmp_path, story)


def test_a_dropped_sale_ends_uncharged_and_its_merchant_is_told(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        number = await shunted(world)
        shunts.drop(world.gateway, number, "the merchant sold it by hand")
        payment = await world.reach(number, State.REFUSED, within_s=2 * MINUTE_S)
        assert (payment.shunted, payment.envelope, payment.code) == (0, None, "dropped")
        assert await told(world) == [Letter.SHUNTED, Letter.REFUSED]
        assert (await kinds(world, number))[-1] == "dropped"
        assert not world.acquirer.requests

    tell_story(tmp_path, story)


def test_what_may_have_been_charged_is_never_dropped(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        answering(world, InDoubt("no-answer"))
        world.acquirer.habits.lose_reversal = 100
        await world.post(world.envelope())
        await world.reach(1, State.REVERSING)
        with pytest.raises(GatewayError, match="not-shunted"):
            shunts.drop(world.gateway, 1, "please")
        with guest(world.gateway.database, write=True) as conn:
            conn.exec_driver_sql("UPDATE payments SET shunted = 1, epoch = epoch + 1")
        with pytest.raises(GatewayError, match="perhaps-charged"):
            shunts.drop(world.gateway, 1, "please")
        with pytest.raises(GatewayError, match="payment-unknown"):
            shunts.drop(world.gateway, 9, "please")

    tell_story(tmp_path, story)


HELD = {
    "reader": (Subject.READER, 1),
    "merchant": (Subject.MERCHANT, "Hagaki Store"),
    "all": (Subject.GATEWAY, None),
}


@pytest.mark.parametrize("whom", HELD)
def test_a_hold_counts_within_a_second_and_what_waited_goes_on(whom: str, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.post(world.envelope())
        await world.reach(1, State.APPROVED)
        hold = stops.add(world.gateway, *HELD[whom], "stolen")[0]
        await asyncio.sleep(1)
        await world.post(world.envelope(reader_time_s=world.now_ms() // 1000))
        await asyncio.sleep(MINUTE_S)
        assert (await world.payment(2)).state is State.READY
        assert len(world.acquirer.requests) == 1
        assert found(world).keys() == {"held"}
        assert [one["reason"] for one in payments.shown(world.gateway, 2)["holds"]] == ["stolen"]
        stops.release(world.gateway, hold["id"])
        await world.reach(2, State.APPROVED, within_s=10)
        with pytest.raises(GatewayError, match="hold-unknown"):
            stops.release(world.gateway, hold["id"])

    tell_story(tmp_path, story)


def test_what_is_held_too_long_ends_uncharged_and_others_are_not_held(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.acquirer.habits.not_ready = 100
        await world.post(world.envelope(reader_time_s=world.now_ms() // 1000))
        await world.post(world.envelope(reader_time_s=world.now_ms() // 1000))
        await asyncio.sleep(1)
        stops.add(world.gateway, Subject.PAYMENT, 1, "a doubt")
        await asyncio.sleep(1)
        world.acquirer.habits.not_ready = 0
        await world.reach(2, State.APPROVED)
        await world.reach(1, State.EXPIRED)
        assert len(world.acquirer.requests) == 1

    tell_story(tmp_path, story)


def test_a_hold_does_not_stop_what_was_sent(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        answering(world, InDoubt("no-answer"))
        await world.post(world.envelope())
        await world.reach(1, State.CONFIRMING)
        stops.add(world.gateway, Subject.GATEWAY, None, "a bad day")
        await world.reach(1, State.REVERSED)
        assert await told(world) == [Letter.IN_DOUBT, Letter.CANCELLED]

    tell_story(tmp_path, story)


@pytest.mark.parametrize(
    ("subject", "number", "slug"),
    [
        (Subject.READER, 77, "reader-unknown"),
        (Subject.MERCHANT, "Nobody", "merchant-unknown"),
        (Subject.PAYMENT, 77, "payment-unknown"),
    ],
)
def test_nobody_is_held_who_is_not_there(
    subject: Subject, number: int | str, slug: str, tmp_path: Path
) -> None:
    async def story(world: World) -> None:
        with pytest.raises(GatewayError, match=slug):
            stops.add(world.gateway, subject, number, "why")

    tell_story(tmp_path, story)


def test_a_reversal_without_an_end_is_shown_with_its_age_and_transmissions(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        answering(world, InDoubt("no-answer"))
        world.acquirer.habits.lose_reversal = 100
        await world.post(world.envelope())
        await world.reach(1, State.REVERSING)
        assert not found(world), "a reversal is not a trouble at once"
        await asyncio.sleep(20 * MINUTE_S)
        trouble = found(world)["reversal-open"]
        assert trouble.rows[0]["payment"] == 1
        assert trouble.rows[0]["transmissions"] > 3
        assert trouble.command

    tell_story(tmp_path, story)


def test_letters_that_nobody_takes_are_shown(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.post(world.envelope())
        await world.reach(1, State.APPROVED)
        await asyncio.sleep(20 * MINUTE_S)
        assert found(world)["letter-undelivered"].rows[0]["payment"] == 1

    tell_story(tmp_path, story)


def test_an_answer_that_nobody_asked_for_is_shown(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.acquirer._deliver(  # type: ignore[call-arg]
            type("Asked", (), {"reference": "000000009999", "stan": 5})(), Approved("123456", 1200)
        )
        await asyncio.sleep(1)
        assert found(world)["answer-unmatched"].rows[0]["reference"] == "000000009999"

    tell_story(tmp_path, story)


def test_a_hole_in_the_counters_is_shown_after_a_while_and_goes_when_it_fills(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        for counter in (1, 2, 5):
            kept = await world.post(world.envelope(counter=counter))
            await world.reach(kept.payment_id or 0, State.APPROVED)
        assert "counter-gap" not in found(world), "a mail may be overtaken"
        await asyncio.sleep(20 * MINUTE_S)
        row = found(world)["counter-gap"].rows[0]
        assert (row["reader"], row["first"], row["last"]) == (1, 3, 4)
        await world.post(world.envelope(counter=3))
        await world.post(world.envelope(counter=4))
        await asyncio.sleep(MINUTE_S)
        assert "counter-gap" not in found(world)
        with guest(world.gateway.database) as conn:
            assert gaps.listed(conn, 10**15) == []
        assert holes.listed(world.gateway) == []

    tell_story(tmp_path, story)


def test_an_unreadable_mail_is_shown_without_its_text(tmp_path: Path) -> None:
    raw = b"From: a@b.example\r\nSubject: my card 4111 1111 1111 1111\r\n\r\n4111111111111111\r\n"

    async def story(world: World) -> None:
        kept = await world.post(None, slug="armour-missing", raw=raw)
        assert found(world)["mail-unreadable"].rows[0]["mail"] == kept.mail_id
        assert [row["id"] for row in mails.listed(world.gateway, 5)] == [kept.mail_id]
        shown = mails.shown(world.gateway, kept.mail_id)
        assert shown["subject"] == "my card [number]"
        assert "4111" not in str(shown)
        target = tmp_path / "mail.eml"
        mails.save(world.gateway, kept.mail_id, target)
        assert target.read_bytes() == raw
        assert target.stat().st_mode & 0o077 == 0
        with pytest.raises(GatewayError, match="file-exists"):
            mails.save(world.gateway, kept.mail_id, target)
        with pytest.raises(GatewayError, match="mail-unknown"):
            mails.shown(world.gateway, 99)

    tell_story(tmp_path, story)


def test_a_broken_chain_and_open_files_are_shown(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.post(world.envelope())
        await world.reach(1, State.APPROVED)
        with guest(world.gateway.database, write=True) as conn:
            conn.exec_driver_sql("DROP TRIGGER transfers_no_update")
            conn.exec_driver_sql("UPDATE transfers SET amount_minor = 7 WHERE place = 2")
        assert "chain-broken" in found(world)
        root = Path(world.keys.root.removeprefix("file:"))
        root.chmod(0o644)
        slugs = [one.slug for one in doctor.examine(world.gateway, world.keys, world.now_ms())]
        assert "file-open" in slugs
        assert "clock-off" in slugs, "the world's time is not this machine's"

    tell_story(tmp_path, story)
