"""The letter at the end of a merchant's day: only if something is open, once, and gone when it is."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from heart_world import START_MS, World, answering, tell_story
from sqlalchemy import update

from acquirer_sdk.port import SettingsError
from acquirer_sdk.values import InDoubt
from mail_gateway.domain.day import end_of_day
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.payment import State
from mail_gateway.domain.reply import Merchant
from mail_gateway.outbox.compose import Compose, TokenKeys
from mail_gateway.outbox.daily import notice_of
from mail_gateway.outbox.notices import Notices
from mail_gateway.settings import GatewaySettings, KeySettings, Settings, SmarthostSettings, SmtpSettings
from mail_gateway.store.letters import LetterRow
from mail_gateway.store.tables import letters as table
from mail_gateway.work.digest import Digest
from schemas.mail.read import Mail, read_mail

TOKYO = ZoneInfo("Asia/Tokyo")
DAY_S = 24 * 3600


def digest_of(world: World) -> Digest:
    assert world.life is not None
    return Digest(world.life.kit, notice_of)


async def evening(world: World) -> None:
    """Wait until a few minutes after nine o'clock at night."""
    now = datetime.fromtimestamp(world.now_ms() / 1000, TOKYO)
    at = now.replace(hour=21, minute=5, second=0, microsecond=0)
    await asyncio.sleep((at - now).total_seconds() % DAY_S)


async def digests(world: World) -> list[LetterRow]:
    return [letter for letter in await world.letters() if letter.kind is Letter.DIGEST]


def text(letter: LetterRow) -> str:
    mail = read_mail(letter.raw)
    assert isinstance(mail, Mail)
    return mail.texts[0]


def test_a_good_day_has_no_digest(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.post(world.envelope())
        await world.reach(1, State.APPROVED)
        assert world.life is not None
        taken = update(table).values(state="sent", due_ms=None)
        await world.life.store.run(lambda conn: conn.execute(taken))
        await evening(world)
        await digest_of(world).look()
        assert await digests(world) == []

    tell_story(tmp_path, story)


def test_holes_open_sales_and_letters_that_nobody_took_are_told_once_a_day(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        for counter in (1, 5):
            kept = await world.post(world.envelope(counter=counter))
            await world.reach(kept.payment_id or 0, State.APPROVED)
        answering(world, InDoubt("no-answer"))
        world.acquirer.habits.lose_reversal = 100
        await world.post(world.envelope(counter=6))
        await evening(world)
        digest = digest_of(world)
        await digest.look()
        await digest.look()
        await digest_of(world).look()  # another life, or another gateway
        (letter,) = await digests(world)
        said = text(letter)
        assert "1: 2-4" in said, "three sales never came"
        assert "000000000003  JPY 1,200" in said
        assert "000000000001  approved" in said
        assert letter.recipient == "shop@carrier.example"
        await asyncio.sleep(DAY_S)
        await digest.look()
        assert len(await digests(world)) == 2

    tell_story(tmp_path, story)


def test_a_hole_that_fills_is_gone_from_the_next_digest(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        for counter in (1, 3):
            kept = await world.post(world.envelope(counter=counter))
            await world.reach(kept.payment_id or 0, State.APPROVED)
        await evening(world)
        digest = digest_of(world)
        await digest.look()
        await world.post(world.envelope(counter=2))
        await asyncio.sleep(DAY_S)
        await digest.look()
        said = [text(letter) for letter in await digests(world)]
        assert ["1: 2" in one for one in said] == [True, False]

    tell_story(tmp_path, story)


def test_a_gateway_that_starts_long_after_leaves_that_evening_out(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.post(world.envelope(counter=3))
        await world.reach(1, State.APPROVED)
        await evening(world)
        await asyncio.sleep(3 * 3600)
        await digest_of(world).look()
        assert await digests(world) == []

    tell_story(tmp_path, story)


def test_no_time_means_no_digest(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        running = asyncio.create_task(digest_of(world).run())
        await evening(world)
        assert not running.done(), "a part of the gateway that ends would end it"
        running.cancel()
        assert await digests(world) == []

    tell_story(tmp_path, story, digest_at="")


@pytest.mark.parametrize("at", ["9:00", "24:00", "12:60", "noon", "21:00:00"])
def test_a_time_that_is_none_is_refused(at: str) -> None:
    with pytest.raises(SettingsError, match="digest_at"):
        GatewaySettings("pay.example", digest_at=at)


@pytest.mark.parametrize(
    ("hour", "day"),
    [(11, date(2026, 9, 20)), (12, date(2026, 9, 21)), (23, date(2026, 9, 21))],
)
def test_a_day_ends_at_its_local_time(hour: int, day: date) -> None:
    now_ms = int(datetime(2026, 9, 21, hour, 30, tzinfo=UTC).timestamp()) * 1000
    when, ended_ms = end_of_day(now_ms, TOKYO, "21:00")
    assert when == day
    assert datetime.fromtimestamp(ended_ms // 1000, TOKYO).hour == 21


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_digest_has_no_card_and_fits_a_phone(language: str, tmp_path: Path) -> None:
    from mail_gateway.domain.day import Day, Hole, LostLetter, OpenSale

    settings = Settings(
        GatewaySettings("pay.example"), KeySettings(), SmtpSettings("mx.pay.example"), SmarthostSettings()
    )
    tokens = TokenKeys(b"r" * 32, b"b" * 32)
    notices = Notices(tokens, Compose(settings, tokens))
    day = Day(
        Merchant(7, "山の店\r\nBcc: x@y", "mise@docomo.ne.jp", "", language, "T0000001", "M1"),
        holes=(Hole(1001, 3, 3), Hole(1001, 7, 9)),
        open=(OpenSale("000000000017", 1200, 392), OpenSale("000000000018", 0, 0)),
        letters=(LostLetter("000000000019", "cancelled"),),
    )
    notice = notice_of(day, date(2026, 9, 21), ZoneInfo("Asia/Tokyo"))
    composed = notices.compose(notice, START_MS)
    assert composed == notices.compose(notice, START_MS)
    mail = read_mail(composed.raw)
    assert isinstance(mail, Mail)
    assert b"\nBcc:" not in composed.raw
    for line in (
        "1001: 3",
        "1001: 7-9",
        "000000000017  JPY 1,200",
        "000000000018",
        "000000000019  cancelled",
    ):
        assert line in mail.texts[0].splitlines()
    assert all(len(line) < 80 for line in mail.texts[0].splitlines())
