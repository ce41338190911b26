"""One gateway as app.py builds it: a mail in and a letter out by SMTP, and what keeps it from starting."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import aiosmtplib
import pytest
from town_world import CARD, LIMIT_S, Told, Town, town

from mail_gateway.admin import keys, payments, readers
from mail_gateway.domain.errors import GatewayError
from schemas.envelope import outcome


async def test_a_mail_becomes_a_letter_that_only_the_reader_can_open(tmp_path: Path) -> None:
    async with town(tmp_path) as (here, mailbox), here.gateway() as port:
        await aiosmtplib.send(
            here.mail(1200),
            sender="shop@carrier.example",
            recipients=["sale@pay.example"],
            hostname="127.0.0.1",
            port=port,
        )
        async with asyncio.timeout(LIMIT_S):
            letter = await mailbox.letters.get()
        result = here.read_result(letter)
        assert (result.outcome, result.version, result.amount_minor) == (outcome.APPROVED, 1, 1200)
        await here.told.first("letter.sent")
        shown = payments.shown(here.settings.gateway, 1)
    assert [event["kind"] for event in shown["events"]] == [
        "opened",
        "accepted",
        "dispatched",
        "host-approved",
    ]
    assert [letter["state"] for letter in shown["letters"]] == ["sent"]
    assert CARD[:16] not in str(shown)


async def test_silence_is_told_as_in_doubt_and_never_as_declined(tmp_path: Path) -> None:
    async with town(tmp_path) as (here, mailbox), here.gateway() as port:
        await aiosmtplib.send(
            here.mail(1901),
            sender="shop@carrier.example",
            recipients=["sale@pay.example"],
            hostname="127.0.0.1",
            port=port,
        )
        async with asyncio.timeout(LIMIT_S):
            letter = await mailbox.letters.get()
        assert here.read_result(letter).outcome == outcome.IN_DOUBT


async def test_a_second_gateway_on_the_same_database_says_so(tmp_path: Path) -> None:
    async with town(tmp_path) as (here, _), here.gateway():
        other = Town.__new__(Town)
        other.settings, other.told = here.settings, Told()
        with pytest.raises(GatewayError, match="Another gateway is running"):
            async with other.gateway():
                pass


async def test_a_wrong_root_key_is_found_before_the_first_sale(tmp_path: Path) -> None:
    async with town(tmp_path) as (here, _):
        root = Path(here.settings.keys.root.removeprefix("file:"))
        root.chmod(0o600)
        root.write_text("00" * 32)
        with pytest.raises(GatewayError, match="root-key-wrong"):
            async with here.gateway():
                pass


async def test_the_command_line_works_beside_a_running_gateway(tmp_path: Path) -> None:
    async with town(tmp_path) as (here, _), here.gateway():
        made = await asyncio.to_thread(keys.new_bdk, here.settings.gateway, here.settings.keys)
        assert made["bdk_id"] != here.made["bdk_id"]
        enrolled = await asyncio.to_thread(readers.enrol, here.settings.gateway, here.settings.keys, 7)
        assert enrolled.initial_key_id.hex().upper().startswith(made["bdk_id"])
        assert payments.listed(here.settings.gateway) == []


def test_the_root_key_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    here = Town(tmp_path, 25)
    root = Path(here.settings.keys.root.removeprefix("file:"))
    assert root.stat().st_mode & 0o777 == 0o400
    assert sys.getsizeof(root.read_text()) > 64
