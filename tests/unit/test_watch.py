"""Those who watch a gateway are told its counts and its troubles, and nothing that is anybody's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mail_gateway.admin.doctor import Trouble
from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.observe.maillog import SERIES_MAX, Counted, MailLog
from mail_gateway.observe.metrics import Metrics
from mail_gateway.observe.watch import LOOK_MS, Senses, Standing, Watch
from mail_gateway.ports import Ports
from mail_gateway.site.watch_page import WatchPage

SHUNTED = Trouble("shunted", "2: payments wait for a person.", "hagaki shunt list", 2)
HOSTILE = Trouble("mailbox-away", "The mailbox <script>x</script> cannot be read.", "ask <b>")


class Gateway:
    """What a watch senses; each part can be made to fail."""

    def __init__(self, troubles: Sequence[Trouble] = ()) -> None:
        self.now_ms = 1_800_000_000_000
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.looks = 0
        self.troubles = troubles
        self.failing: Exception | None = None
        self.away: Exception | None = None
        self.may_ask = True
        self.log = MailLog(lambda verb, /, **facts: self.told.append((verb, facts)))

    def look(self) -> Sequence[Trouble]:
        self.looks += 1
        if self.failing is not None:
            raise self.failing
        return self.troubles

    async def alive(self) -> None:
        if self.away is not None:
            raise self.away

    def watch(self, look: Callable[[], Sequence[Trouble]] | None = None) -> Watch:
        ports = Ports(lambda: self.now_ms, bytes, self.log)
        return Watch(Senses(self.log, lambda: self.may_ask, look or self.look, self.alive, ports))


def samples(standing: Standing) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """(name, labels that are not empty) -> value, as a monitoring system reads the page."""
    body, kind = Metrics().page(standing)
    assert kind.startswith("text/plain")
    return {
        (one.name, frozenset((label, value) for label, value in one.labels.items() if value)): one.value
        for family in text_string_to_metric_families(body.decode())
        for one in family.samples
    }


def of(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


async def test_events_are_counted_by_what_a_graph_is_drawn_of() -> None:
    gateway = Gateway([SHUNTED])
    for number in range(3):
        gateway.log("payment.moved", payment=number, before="dispatched", event="approved", after="approved")
    gateway.log("alarm.mailbox", slug="mailbox-stuck", mailbox="shop@provider.example", uid=7)
    gateway.log("mail.accepted", mail=1, verdict="new")
    found = samples(await gateway.watch().standing())
    assert found[of("hagaki_events_total", verb="payment.moved", after="approved")] == 3
    assert found[of("hagaki_events_total", verb="alarm.mailbox", slug="mailbox-stuck")] == 1
    assert found[of("hagaki_events_total", verb="mail.accepted", verdict="new")] == 1
    assert found[of("hagaki_troubles", slug="shunted")] == 2
    assert found[of("hagaki_looked_timestamp_seconds")] == gateway.now_ms / 1000
    assert found[of("hagaki_may_ask")] == 1
    assert found[of("process_resident_memory_bytes")] > 0


async def test_nothing_that_is_anybodys_is_on_the_page() -> None:
    gateway = Gateway()
    gateway.log("payment.moved", payment=7, after="approved", track2="4111111111111111=2712")
    gateway.log("letter.sent", payment=7, message_id="<secret@pay.example>", recipient="yama@example.jp")
    standing = await gateway.watch().standing()
    for body in (Metrics().page(standing)[0], WatchPage("Asia/Tokyo").compose(standing, "")):
        assert not any(word in body for word in (b"4111", b"secret", b"yama"))


def test_what_is_counted_has_an_end() -> None:
    heard: list[str] = []
    log = MailLog(lambda verb, /, **_: heard.append(verb))
    for number in range(SERIES_MAX + 500):
        log("alarm.smtp", slug=f"made-up-{number}")
    assert len(log.counts) <= SERIES_MAX + 1
    assert log.counts[Counted("alarm.smtp")] == 500
    assert len(heard) == SERIES_MAX + 500, "every event is told all the same"


async def test_the_doctor_looks_once_a_minute_however_many_ask() -> None:
    gateway = Gateway([SHUNTED])
    watch = gateway.watch()
    standings = await asyncio.gather(*(watch.standing() for _ in range(5)))
    assert [one.troubles for one in standings] == [[SHUNTED]] * 5
    gateway.now_ms += LOOK_MS - 1
    await watch.standing()
    assert gateway.looks == 1
    gateway.troubles, gateway.now_ms = (), gateway.now_ms + 1
    assert (await watch.standing()).troubles == ()
    assert gateway.looks == 2


async def test_a_look_that_takes_long_is_taken_more_seldom() -> None:
    gateway = Gateway([SHUNTED])

    def long_look() -> Sequence[Trouble]:
        gateway.now_ms += 15_000
        return gateway.look()

    watch = gateway.watch(long_look)
    await watch.standing()
    for _ in range(4):
        gateway.now_ms += LOOK_MS
        await watch.standing()
    assert gateway.looks == 1
    gateway.now_ms += LOOK_MS
    await watch.standing()
    assert gateway.looks == 2, "300 s after the first began, which took 15 s"


async def test_a_clock_that_was_set_back_stops_no_look() -> None:
    gateway = Gateway([SHUNTED])
    watch = gateway.watch()
    await watch.standing()
    gateway.now_ms -= 24 * 3_600_000
    await watch.standing()
    assert gateway.looks == 2


async def test_a_slow_doctor_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mail_gateway.observe.watch.LOOK_WAIT_S", 0)
    gateway, go_on = Gateway([SHUNTED]), threading.Event()

    def slowly() -> Sequence[Trouble]:
        go_on.wait(30)
        return gateway.look()

    watch = gateway.watch(slowly)
    standing = await watch.standing()
    assert (standing.troubles, standing.looked_ms) == ((), 0)
    assert b"Not looked at yet" in WatchPage("Asia/Tokyo").compose(standing, "")
    go_on.set()
    monkeypatch.setattr("mail_gateway.observe.watch.LOOK_WAIT_S", 30)
    assert (await watch.standing()).troubles == [SHUNTED]


async def test_a_doctor_that_fails_is_an_alarm_and_its_last_look_stays() -> None:
    gateway = Gateway([SHUNTED])
    watch = gateway.watch()
    looked_ms = (await watch.standing()).looked_ms
    gateway.failing, gateway.now_ms = OSError("no disk"), gateway.now_ms + LOOK_MS
    standing = await watch.standing()
    assert (standing.troubles, standing.looked_ms) == ([SHUNTED], looked_ms)
    assert gateway.told == [("alarm.doctor", {"slug": "doctor-failed", "error": "OSError"})]


async def test_who_cannot_take_mail_says_so() -> None:
    gateway = Gateway()
    watch = gateway.watch()
    assert await watch.trouble() == ""
    gateway.away = GatewayError("The disk is full.", "store-full", Disposition.RETRY)
    assert await watch.trouble() == "store-full"


async def test_a_store_that_says_nothing_counts_as_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mail_gateway.observe.watch.ALIVE_S", 0)
    gateway = Gateway()
    monkeypatch.setattr(gateway, "alive", asyncio.Event().wait)
    assert await gateway.watch().trouble() == "store-busy"


async def test_the_page_says_which_command_helps() -> None:
    gateway = Gateway([SHUNTED, HOSTILE])
    gateway.log("payment.moved", payment=1, after="declined")
    gateway.log("letter.sent", payment=1)
    page = WatchPage("Asia/Tokyo").compose(await gateway.watch().standing(), "").decode()
    assert "<h1>Found: 2</h1>" in page
    assert "2: payments wait for a person." in page and "<code>hagaki shunt list</code>" in page
    assert "<td>declined</td><td>1</td>" in page and "<td>letter.sent</td><td>1</td>" in page
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert "at 2027-01-15 17:00:00 JST" in page


@pytest.mark.parametrize(
    ("may_ask", "down", "headline"),
    [(True, "", "Healthy"), (False, "", "Standing by"), (True, "store-full", "Down")],
)
async def test_one_word_says_how_it_stands(may_ask: bool, down: str, headline: str) -> None:
    gateway = Gateway()
    gateway.may_ask = may_ask
    page = WatchPage("Asia/Tokyo").compose(await gateway.watch().standing(), down).decode()
    assert f">{headline}</h1>" in page
    assert (f"<code>{down}</code>" in page) == bool(down)
    assert ("asks the acquirer nothing" in page) == (not may_ask)
