"""Every trigger of the host simulator: what the gateway hears, and what the card holder pays in the end."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from acquirer_sdk.bench import sample_request, until
from acquirer_sdk.port import Ports, SettingsError
from acquirer_sdk.quickclock import quickly
from acquirer_sdk.values import (
    Approved,
    Ask,
    Declined,
    InDoubt,
    Item,
    LateAnswer,
    NeedsInput,
    NotSent,
    Ready,
    ReversalAccepted,
    ReversalOpen,
)
from cafis_adapter import adapter
from cafis_adapter.adapter import Cafis
from cafis_adapter.host.accounts import Charge
from cafis_adapter.host.app import Host, HostSettings
from cafis_adapter.host.rules import RulesError, load_rules
from cafis_adapter.host.triggers import Mail, Undo, rows, shipped_triggers

SILENT, CUT, UNKNOWN = InDoubt("no-answer"), InDoubt("connection-lost"), InDoubt("unknown-code")

ITEMS = {
    "G30": Item.APPROVAL_NUMBER,
    "G67": Item.PRODUCT_CODE,
    "G69": Item.TAX,
    "G73": Item.START_MONTH,
    "G84": Item.APPROVAL_NUMBER,
    **dict.fromkeys(("G70", "G71", "G72"), Item.BONUS_MONTHS),
    **dict.fromkeys(("G74", "G75", "G76", "G78"), Item.DIVISION),
}
NO = "04 05 07 41 43 51 54 57 58 59 61 62 65 75"
G_NO = "02 03 04 05 06 07 12 14 17 18 22 54 55 56 60 61 85 92 95 96 97 98 99"
C_FAULT = "01 03 12 13 14 15 33 52 60 72"
G_MORE = "30 45 67 69 70 71 72 73 74 75 76 78 84"
CALL = (Item.APPROVAL_NUMBER,)


def more(code: str) -> NeedsInput:
    return NeedsInput(Ask.MORE, code, (ITEMS[code],) if code in ITEMS else ())


EXPECTED: dict[str, object] = {
    "001": NeedsInput(Ask.MORE, "01", CALL),
    "002": NeedsInput(Ask.MORE, "02", CALL),
    "010": Approved,
    "070": more("70"),
    **{f"0{code}": NeedsInput(Ask.AGAIN, code) for code in ("13", "14", "19", "55")},
    **{f"0{code}": Declined(code) for code in NO.split()},
    **{f"0{code}": InDoubt(f"code-{code}") for code in ("68", "91", "96")},
    **{f"6{code}": InDoubt(f"code-C{code}") for code in C_FAULT.split()},
    **{f"7{code}": Declined(f"G{code}") for code in G_NO.split()},
    **{f"7{code}": NeedsInput(Ask.AGAIN, f"G{code}") for code in ("42", "44", "65", "68", "83")},
    **{f"7{code}": more(f"G{code}") for code in G_MORE.split()},
    "791": InDoubt("code-G91"),
    **{trigger.digits: Approved for trigger in shipped_triggers().values() if trigger.mail},
    "804": SILENT,
    "805": Declined("05"),
    **dict.fromkeys(("814", "815", "941", "944", "945", "946", "947", "939"), Approved),
    "943": Declined("G85"),
    **dict.fromkeys(("901", "902", "903", "915", "916", "917", "922", "923", "924", "925", "926"), SILENT),
    **dict.fromkeys(("938", "942"), SILENT),
    **dict.fromkeys(("904", "905", "906", "913", "927", "928", "929", "930"), Approved),
    **dict.fromkeys(("910", "911", "912"), CUT),
    "907": Declined("05"),
    "908": InDoubt("message-undecodable"),
    "909": InDoubt("frame-too-long"),
    "914": InDoubt("wrong-amount"),
    "918": UNKNOWN,
    "919": InDoubt("wrong-currency"),
    "920": InDoubt("no-approval-number"),
    "921": InDoubt("frame-empty"),
    "931": more("G30"),
    "932": NeedsInput(Ask.AGAIN, "G42"),
    "933": Declined("G12"),
    "934": InDoubt("code-G91"),
    "935": UNKNOWN,
    "936": NeedsInput(Ask.MORE, "1A"),
    "940": SILENT,
}


def quiet_ports() -> Ports:
    ticks = itertools.count(1_767_225_600_000)
    return Ports(lambda: next(ticks), bytes, lambda *_, **__: None)


@asynccontextmanager
async def world(**settings: object) -> AsyncIterator[tuple[Host, Cafis, list[LateAnswer]]]:
    late: list[LateAnswer] = []
    host = Host(HostSettings(port=0, **settings), quiet_ports())  # type: ignore[arg-type]
    await host.start()
    acquirer = adapter.create({"port": host.port}, quiet_ports())
    await acquirer.start(late.append)
    try:
        yield host, acquirer, late
    finally:
        await acquirer.close()
        await host.close()


async def ready(acquirer: Cafis) -> None:
    await until(lambda: acquirer.ready() == Ready(), "never ready")


@pytest.mark.parametrize("digits", sorted(shipped_triggers()))
@quickly
async def test_trigger(digits: str) -> None:
    trigger, expected = shipped_triggers()[digits], EXPECTED[digits]
    async with world() as (host, acquirer, _):
        await ready(acquirer)
        request = sample_request(20_000 + int(digits))
        reversal = acquirer.prepare(request)
        outcome = await acquirer.authorise(request)
        assert type(outcome) is expected if isinstance(expected, type) else outcome == expected
        for transmission in range(1, 5):  # the third of a deaf line may leave just before that is given up
            await ready(acquirer)
            while isinstance(undone := await acquirer.reverse(reversal, transmission=transmission), NotSent):
                await ready(acquirer)  # the line went in just that moment
        if trigger.reversal in (Undo.SILENT, Undo.REFUSED):
            assert isinstance(undone, ReversalOpen)
        else:
            assert isinstance(undone, ReversalAccepted)
        charge = host.charges()[request.reference]
        refused = trigger.reversal is Undo.REFUSED
        assert charge.net_minor == (request.amount_minor if refused else 0)
        assert charge.times <= 1


def test_table_is_printable_and_every_row_is_expected_here() -> None:
    assert set(EXPECTED) == {row[0] for row in rows()}
    assert len(rows()) >= 120
    assert {trigger.mail for trigger in shipped_triggers().values()} == set(Mail)
    assert all(all(row) for row in rows())
    assert ("901", "00", "charged, never answered") in rows()


@pytest.mark.parametrize(
    ("digits", "code", "outcome"),
    [
        ("905", "00", Approved),
        ("906", "05", Declined),
        ("907", "00", Approved),
        ("903", "00", Approved),
        ("916", "00", type(None)),
        ("917", "00", type(None)),
        ("915", "00", type(None)),
        ("914", "00", type(None)),
        ("918", "ZZ", type(None)),
    ],
)
@quickly
async def test_answers_that_nobody_waits_for_are_reported(digits: str, code: str, outcome: type) -> None:
    async with world() as (_, acquirer, late):
        await ready(acquirer)
        await acquirer.authorise(sample_request(20_000 + int(digits), stan=5))
        await until(lambda: bool(late), "not reported")
        assert [(answer.code, type(answer.outcome)) for answer in late] == [(code, outcome)]


@quickly
async def test_approval_after_its_reversal_is_reported() -> None:
    async with world() as (_, acquirer, late):
        await ready(acquirer)
        request = sample_request(20_938)
        await acquirer.authorise(request)
        assert await acquirer.reverse(acquirer.prepare(request), transmission=1) == ReversalAccepted("00")
        await until(lambda: bool(late), "not reported")
        assert late[0].reference == request.reference and isinstance(late[0].outcome, Approved)


@quickly
async def test_garbage_is_reported_without_its_content() -> None:
    async with world() as (_, acquirer, late):
        await ready(acquirer)
        await acquirer.authorise(sample_request(20_908))
        assert late == [LateAnswer("", 0, None, "message-undecodable")]


@pytest.mark.parametrize(
    ("kind", "times", "net"), [("normal", 1, 0), ("no-dedup", 2, 1200), ("answers-twice", 1, 0)]
)
@quickly
async def test_kinds_of_host_differ_in_what_a_repeated_request_costs(kind: str, times: int, net: int) -> None:
    async with world(kind=kind) as (host, acquirer, late):
        await ready(acquirer)
        request = sample_request(1200)
        for _ in range(2):
            assert isinstance(await acquirer.authorise(request), Approved)
        await acquirer.reverse(acquirer.prepare(request), transmission=1)
        assert host.charges() == {request.reference: Charge(times, net)}
        if kind == "answers-twice":
            await until(lambda: len(late) == 3, "every second answer is late")


@pytest.mark.parametrize(("kind", "net"), [("normal", 0), ("forgetful", 20_942)])
@quickly
async def test_forgetful_host_charges_after_a_reversal_it_acknowledged(kind: str, net: int) -> None:
    async with world(kind=kind) as (host, acquirer, late):
        await ready(acquirer)
        request = sample_request(20_942)
        assert await acquirer.authorise(request) == SILENT
        assert await acquirer.reverse(acquirer.prepare(request), transmission=1) == ReversalAccepted("25")
        await until(lambda: bool(late), "the late answer")
        assert host.charges()[request.reference].net_minor == net
        assert await acquirer.reverse(acquirer.prepare(request), transmission=2)
        assert host.charges()[request.reference].net_minor == 0


@quickly
async def test_rules_go_before_the_amount(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(
        'rule = [{ amount = 1200, trigger = "051" }, { pan = "411111", every = 2, trigger = "014" }]'
    )
    async with world(rules=str(path)) as (_, acquirer, _late):
        await ready(acquirer)
        outcomes = [
            await acquirer.authorise(sample_request(amount, stan=stan, reference=f"{stan:012d}"))
            for stan, amount in enumerate((1200, 1300, 1300, 1300), start=1)
        ]
    assert outcomes[0] == Declined("51")
    assert [type(outcome) for outcome in outcomes[1:]] == [Approved, NeedsInput, Approved]


@pytest.mark.parametrize(
    "content", ["rule = [", 'rule = [{ trigger = "nix" }]', 'rule = [{ pin = "1", trigger = "051" }]', None]
)
def test_wrong_rules_are_refused(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "rules.toml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(RulesError):
        load_rules(str(path))
    with pytest.raises(SettingsError) as caught:
        Host(HostSettings(port=0, rules=str(path)), quiet_ports())
    assert caught.value.key == "rules"


@quickly
async def test_journal_tells_everything_but_the_card(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    async with world(journal=str(path)) as (host, acquirer, _):
        await ready(acquirer)
        await acquirer.authorise(sample_request(1200))
        (entry,) = host.journal.asked("0100")
        assert (entry.reference, entry.amount_minor, entry.card) == ("700000000001", 1200, "411111******1111")
    written = [json.loads(line) for line in path.read_text().splitlines()]
    lines = [line for line in written if line["direction"] != "book"]
    assert [line["net_minor"] for line in written if line not in lines] == [1200]
    assert [line["mti"] for line in lines] == ["0800", "0810", "0100", "0110", "0800", "0810"]
    assert lines[-2]["code"] == "002"
    assert "4111111111111111" not in path.read_text()


@quickly
async def test_app_listens_until_it_is_told_to_stop() -> None:
    from cafis_adapter.host.app import run

    told: dict[str, int] = {}
    listening, stop = asyncio.Event(), asyncio.Event()

    def tell(verb: str, **facts: int) -> None:
        told.update(facts)
        listening.set()

    task = asyncio.create_task(run(HostSettings(port=0), Ports(lambda: 0, bytes, tell), stop))
    await listening.wait()
    _, writer = await asyncio.open_connection("127.0.0.1", told["port"])
    writer.close()
    stop.set()
    await task
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", told["port"])
