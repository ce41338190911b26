"""The phone's rules without a port: both ends of the link in one process, on a clock of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from handset.phone import PERMISSION_EVERY_MS, Phone
from handset.ports import Ports
from handset.spool import Spool
from schemas.envelope import armour
from schemas.link.events import Permission, ResultArrived, SendAgain, Stored
from schemas.link.session import Session
from schemas.link.table import READER

SALE = armour.to_text(armour.SALE, b"a sale")
RESULT = armour.to_text(armour.RESULT, b"a result")
START_S = 1_770_000_000


class Desk:
    """A phone and a reader on a perfect cable."""

    def __init__(self, folder: Path) -> None:
        self.now_ms = 5_000
        self.told: list[tuple[str, dict[str, object]]] = []
        self.woken = 0
        self.spool = Spool(folder)
        ports = Ports(
            lambda: START_S * 1000 + self.now_ms, bytes, lambda verb, **f: self.told.append((verb, f))
        )
        self.phone = Phone(self.spool, ports, self._wake)
        self.reader = Session(READER)
        self.heard: list[object] = []

    def _wake(self) -> None:
        self.woken += 1

    def run(self) -> None:
        """Until neither end has anything to say now."""
        for _ in range(20):
            self.heard += self.reader.receive(self.phone.outgoing(), self.now_ms)
            self.phone.step(self.reader.outgoing(), self.now_ms)

    def greet(self) -> None:
        self.run()
        self.reader.hello(7, "test")
        self.run()

    def count(self, kind: type) -> int:
        return sum(type(event) is kind for event in self.heard)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.greet()
    return desk


def test_permission_at_hello_and_every_ten_minutes(desk: Desk) -> None:
    assert [event.unix_s for event in desk.heard if type(event) is Permission] == [START_S + 5]
    desk.now_ms += PERMISSION_EVERY_MS - 1
    desk.run()
    assert desk.count(Permission) == 1
    assert desk.phone.deadline_ms() == desk.now_ms + 1
    desk.now_ms += 1
    desk.run()
    assert [event.unix_s for event in desk.heard if type(event) is Permission] == [START_S + 5, START_S + 605]


def test_nothing_is_due_between(desk: Desk) -> None:
    due_ms = desk.phone.deadline_ms()
    assert due_ms == desk.now_ms + PERMISSION_EVERY_MS


def test_a_sale_is_stored_and_the_courier_woken(desk: Desk) -> None:
    desk.reader.sale(SALE)
    desk.run()
    assert desk.count(Stored) == 1
    assert desk.woken == 1
    assert [desk.spool.sales.read(name).decode() for name in desk.spool.sales.names()] == [SALE]


def test_no_stored_without_the_disk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_sale: str) -> str:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(desk.spool, "put", broken)
    desk.reader.sale(SALE)
    desk.run()
    assert [event.code for event in desk.heard if type(event) is SendAgain] == ["disk"]
    assert desk.count(Stored) == 0
    assert desk.woken == 0


def test_only_one_result_at_a_time_and_none_twice_after_its_verdict(desk: Desk) -> None:
    other = armour.to_text(armour.RESULT, b"another")
    desk.spool.put_result(RESULT)
    desk.spool.put_result(other)
    desk.run()
    assert desk.count(ResultArrived) == 1
    desk.reader.verdict("genuine")
    desk.run()
    assert desk.count(ResultArrived) == 2
    desk.reader.verdict("not-genuine")
    desk.run()
    assert desk.count(ResultArrived) == 2
    assert desk.spool.results.names() == []
    verdicts = [facts["verdict"] for verb, facts in desk.told if verb == "handset.shown"]
    assert verdicts == ["genuine", "not-genuine"]


def test_a_reader_that_restarts_gets_the_result_again(desk: Desk) -> None:
    desk.spool.put_result(RESULT)
    desk.run()
    desk.reader = Session(READER)
    desk.greet()
    assert desk.count(ResultArrived) == 2
    desk.reader.verdict("genuine")
    desk.run()
    assert desk.spool.results.names() == []


def test_the_link_is_told_down_once(desk: Desk) -> None:
    desk.phone.unplugged()
    desk.phone.unplugged()
    links = [facts["up"] for verb, facts in desk.told if verb == "handset.link"]
    assert links.count(0) == 1
    assert links[-1] == 0


def test_what_is_told_holds_no_armour(desk: Desk) -> None:
    desk.spool.put_result(RESULT)
    desk.reader.sale(SALE)
    desk.run()
    desk.reader.verdict("genuine")
    desk.run()
    assert SALE not in repr(desk.told)
    assert RESULT not in repr(desk.told)
