"""Sales a second against other things that take the same mails: a bare sink, and Postfix in three ways."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bench.ground import Ground, Seller
from bench.load import How
from bench.rounds import Better, Figure, in_turn
from hagaki.world import free_ports

SALES: Final = 1500
MAILS: Final = 3000
NO_LETTERS: Final = How(letters=False)


def bare_sink(ground: Ground) -> Figure:
    """Against aiosmtpd with a handler that forgets every mail."""
    port = free_ports(1)[0]
    with daemon("sink", port), ground.gateway() as gateway:
        seller = Seller(ground, [gateway], SALES)

        def bare() -> float:
            sent = ground.load.send([port], range(MAILS), NO_LETTERS).complete(letters=False)
            seller.shares.append(sent.generator_share)
            return MAILS / float(sent["taken_s"])

        ours, theirs = in_turn(seller.rate, bare)
    words = f"{ours:.0f} sales/s to {theirs:.0f} mails/s"
    title = "sales a second / mails into a bare aiosmtpd sink"
    return Figure("sink", title, 0.35, Better.MORE, ours / theirs, words, seller.facts)


@contextmanager
def daemon(*words: str | int) -> Iterator[None]:
    """One of bench.daemons, listening."""
    command = [sys.executable, "-m", "bench.daemons", *(str(word) for word in words)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        child.stdout.readline()
        yield
    finally:
        child.terminate()
        child.wait()
