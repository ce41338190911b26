"""The mode `--stages`: one gateway measured plain, then under the profiler with the same sales."""

from __future__ import annotations

import json
import os
import signal
from typing import Final

from bench import stages
from bench.ground import Ground, Seller

SALES: Final = 1500
FUNCTIONS: Final = 45


def by_stages(ground: Ground) -> str:
    """The table: microseconds of CPU per sale by stage, and the functions that cost most."""
    with ground.gateway() as gateway:
        seller = Seller(ground, [gateway], SALES)
        seller.rate()
    profiled = ground.copy()
    rows = profiled.folder / "profile.json"
    profiled.command = ("-m", "bench.profiled", str(rows), "--json")
    with ground.gateway(profiled) as gateway:
        os.kill(gateway.pid, signal.SIGUSR1)
        ground.say("the same under the profiler, which is slow")
        ground.load.send([gateway.port], gateway.mails(SALES)).complete()
    whole_s = seller.cpu_us[0] * SALES / 1e6
    profile = stages.read(json.loads(rows.read_text(encoding="utf-8")), whole_s)
    return stages.table(profile, SALES, FUNCTIONS)
