"""Two gateways on one PostgreSQL against one gateway on SQLite, on this one machine."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Final

from bench.ground import Ground, Seller
from bench.postgres import enrol_the_same, server
from bench.rounds import ROUNDS, Better, Figure, in_turn

SALES: Final = 1500


def two(ground: Ground) -> Figure:
    """Sales a second, spread over two, against one."""
    with server() as database, ExitStack() as stack:
        one = stack.enter_context(ground.gateway())
        enrol_the_same(f"sqlite:///{one.folder}/hagaki.db", database.url)
        pair = [ground.copy(database.url) for _ in range(2)]
        for gateway in pair:
            gateway.start()
            stack.callback(gateway.stop)
        both, alone = Seller(ground, pair, SALES), Seller(ground, [one], SALES)
        both.round()  # the first is slower: both are new
        before_s = database.cpu_s()
        ours, theirs = in_turn(both.rate, alone.rate)
        server_us = (database.cpu_s() - before_s) / (SALES * ROUNDS) * 1e6
    words = f"{ours:.0f} sales/s to {theirs:.0f} sales/s"
    facts = {**both.facts, "server_cpu_us_per_sale": round(server_us)}
    title = "two gateways on PostgreSQL / one on SQLite"
    return Figure("nodes", title, 1.2, Better.MORE, ours / theirs, words, facts)
