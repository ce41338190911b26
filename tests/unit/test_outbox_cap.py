"""Letters to one address in any hour: the rest waits, in order, and nobody else does."""

from __future__ import annotations

import random

from mail_gateway.outbox.cap import ADDRESSES_MAX, HOUR_MS, Cap


def test_the_next_one_waits_until_the_first_is_an_hour_old() -> None:
    cap = Cap(3)
    for moment in (10, 20, 30):
        assert cap.free_ms("a@b.jp", moment) == moment
        cap.count("A@b.jp", moment)
    assert cap.free_ms("a@B.jp", 40) == 10 + HOUR_MS
    assert cap.free_ms("c@b.jp", 40) == 40
    cap.count("a@b.jp", 10 + HOUR_MS)
    assert cap.free_ms("a@b.jp", 11 + HOUR_MS) == 20 + HOUR_MS


def test_no_hour_ever_holds_more_than_the_cap() -> None:
    dice, cap, now_ms, sent = random.Random(1), Cap(5), 0, []
    for _ in range(2000):
        now_ms = max(now_ms + dice.choice((0, 1, HOUR_MS // 50)), cap.free_ms("a@b.jp", now_ms))
        cap.count("a@b.jp", now_ms)
        sent.append(now_ms)
    assert all(later - first >= HOUR_MS for first, later in zip(sent, sent[5:], strict=False))


def test_it_is_news_once_an_hour() -> None:
    cap = Cap(1)
    assert [cap.is_news("a@b.jp", moment) for moment in (5, 5, HOUR_MS, HOUR_MS + 5, HOUR_MS + 6)] == [
        *(True, False, False),
        *(True, False),
    ]


def test_addresses_that_are_quiet_are_forgotten() -> None:
    cap = Cap(1)
    for number in range(ADDRESSES_MAX + 1):
        cap.count(f"{number}@b.jp", 1)
    cap.count("x@b.jp", 2 + HOUR_MS)
    assert len(cap._sent) == 1
