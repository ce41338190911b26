"""The gateway's disk fills up for real: what was answered 250 is there, the rest is refused for now."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiosmtplib
from gateway_world import Counter, counter, plain_mail
from needs import need

from hagaki.sections import read_config, settings
from mail_gateway.admin import payments

SMALL = "1400k"
LARGE = "40m"


@contextmanager
def small_disk(place: Path) -> Iterator[None]:
    """A file system of its own at `place`, nearly full before the first sale."""
    need("root, to mount a small disk: run the tests as root", present=os.geteuid() == 0)
    place.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(place)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


async def test_a_full_disk_refuses_for_now_and_loses_nothing(tmp_path: Path) -> None:
    gateway = tmp_path / "gateway"
    with small_disk(gateway):
        async with counter(tmp_path) as here:
            stored, refused = await _sell_until_refused(here)
            assert refused.code in (451, 452)
            kept = here.sale(1300)
            subprocess.run(["mount", "-o", f"remount,size={LARGE}", str(gateway)], check=True)
            await here.post(plain_mail(kept))
            while len(here.asked()) < stored + 1:
                await here.letter()
            rows = payments.listed(settings(read_config(here.world.config), "gateway"), limit=2000)
            assert len(rows) == stored + 1
            assert len({entry["reference"] for entry in here.asked()}) == stored + 1


async def _sell_until_refused(here: Counter) -> tuple[int, aiosmtplib.SMTPResponseException]:
    """-> how many sales were answered 250, and the refusal after them."""
    for stored in range(1000):
        try:
            await here.post(plain_mail(here.sale(1200)))
        except aiosmtplib.SMTPResponseException as error:
            return stored, error
    raise AssertionError("the disk never filled up")
