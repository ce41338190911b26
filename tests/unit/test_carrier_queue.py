"""The carrier's rules: where addresses lead, and that the same seed gives the same bad day."""

from __future__ import annotations

from pathlib import Path

import pytest

from hagaki.carrier_queue import Directory, Hop, Label, Luck, Odds, Queue, hops_of, message_id_of
from hagaki.problem import Problem

DIRECTORY = Directory({"Pay.Example": "10.0.0.1:25", "six.example": "[::1]:2525"}, {"Shop@x.example": "box"})


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("sale@pay.example", Hop("10.0.0.1", 25)),
        ("SALE@PAY.EXAMPLE", Hop("10.0.0.1", 25)),
        ("a..b@six.example", Hop("::1", 2525)),
        ("shop@X.example", Path("box")),
        ("other@x.example", None),
        ("x@sub.pay.example", None),
        ("pay.example", None),
        ("", None),
    ],
)
def test_where_an_address_leads(address: str, place: Hop | Path | None) -> None:
    expected = Hop("10.0.0.1", 25) if address == "pay.example" else place
    assert DIRECTORY.find(address) == expected


@pytest.mark.parametrize("place", ["", "host", "host:", ":25", "host:smtp", "host:0", "host:65536"])
def test_a_route_that_cannot_be(place: str) -> None:
    with pytest.raises(Problem, match="must be host:port"):
        Directory({"pay.example": place}, {})


def test_the_same_seed_gives_the_same_day() -> None:
    odds = Odds(lose=20, double=20, delay=20, delay_ms=500)
    first, second, other = Luck(odds, 1), Luck(odds, 1), Luck(odds, 2)
    day = [first.copies() for _ in range(200)]
    assert [second.copies() for _ in range(200)] == day
    assert [other.copies() for _ in range(200)] != day
    assert {tuple(copies) for copies in day} == {(), (0,), (500,), (0, 0), (500, 0)}


def test_a_good_carrier_carries_each_mail_once_and_at_once() -> None:
    luck = Luck(Odds(0, 0, 0, 500), 3)
    assert [luck.copies() for _ in range(500)] == [[0]] * 500


def test_what_is_kept_comes_back_as_it_was(tmp_path: Path) -> None:
    label = Label("", "sale@pay.example", "m1@x", 17)
    mail = b"Subject: x\r\n\r\nline\n\xff\x00\r\n"
    Queue(tmp_path).keep("1", label, mail)
    assert Queue(tmp_path).load("1") == (label, mail)


@pytest.mark.parametrize(
    ("mail", "identifier"),
    [
        (b"Message-ID: <a@b>\r\n\r\n", "a@b"),
        (b"Subject: x\r\nmessage-id:<a@b>\r\n\r\n", "a@b"),
        (b"Subject: x\r\n\r\nMessage-ID: <body@b>\r\n", ""),
        (b"Message-ID: none\r\n\r\n", ""),
        (b"Message-ID: <a b@c>\r\n\r\n", ""),
        (b"", ""),
    ],
)
def test_message_id(mail: bytes, identifier: str) -> None:
    assert message_id_of(mail) == identifier


def test_hops_are_counted_in_the_head_only() -> None:
    assert hops_of(b"Received: a\r\nreceived: b\r\nSubject: Received: c\r\n\r\nReceived: d\r\n") == 2
