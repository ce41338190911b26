"""Two gateways on one PostgreSQL against one gateway on SQLite, on this one machine."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Final

from bench.ground import Ground, Seller
from bench.postgres import database, enrol_the_same
from bench.rounds import Better, Figure, in_turn

SALES: Final = 1500


def two(ground: Ground) -> Figure:
    """Sales a second, spread over two, against one."""
    with database() as url, ExitStack() as stack:
        one = stack.enter_context(ground.gateway())
        enrol_the_same(f"sqlite:///{one.folder}/hagaki.db", url)
        pair = [ground.copy(url) for _ in range(2)]
        for gateway in pair:
            gateway.start()
            stack.callback(gateway.stop)
        both, alone = Seller(ground, pair, SALES), Seller(ground, [one], SALES)
        both.round()  # the first is slower: both are new
        ours, theirs = in_turn(both.rate, alone.rate)
    words = f"{ours:.0f} sales/s to {theirs:.0f} sales/s"
    title = "two gateways on PostgreSQL / one on SQLite"
    return Figure("nodes", title, 1.2, Better.MORE, ours / theirs, words, both.facts)
