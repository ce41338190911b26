"""`hagaki debit`, as an operator and an integrator type it: from the book to the bank and back."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from debit_world import AFTER_MS, CUTTING_MS, TABLE, TAKING_MS, World, debit, reference

from acquirer_sdk.values import Ready
from hagaki import cli, machine
from hagaki.acquirers import build_acquirers
from hagaki.sections import read_config

Run = Callable[..., tuple[int, list[dict[str, object]], str]]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(tmp_path / "var" / "debit.db")
    keys = "\n".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in TABLE.items())
    (tmp_path / "config.toml").write_text(f"[acquirers.bank_debit]\n{keys}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(machine, "now_ms", lambda: world.now_ms)
    return world


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*words: str) -> tuple[int, list[dict[str, object]], str]:
        monkeypatch.setattr(sys, "argv", ["hagaki", "debit", *words, "--json"])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), [json.loads(line) for line in said.out.splitlines()], said.err

    return run


async def accept(world: World, *amounts: int) -> None:
    adapter = world.adapter()
    await adapter.start(lambda _: None)
    while not isinstance(adapter.ready(), Ready):
        await machine_turn()
    for number, amount in enumerate(amounts, 1):
        await adapter.authorise(debit(number, amount))
    await adapter.close()


async def machine_turn() -> None:
    await asyncio.sleep(0.005)


async def test_a_month_of_an_operator(world: World, run: Run) -> None:
    await accept(world, 1200, 1901, 5000)
    code, (day, *_), _ = run("list")
    assert (code, day["day"], day["stage"], day["open"], day["open_yen"]) == (
        0,
        "2026-11-27",
        "taking",
        3,
        8101,
    )

    code, _, said = run("cut")
    assert code == 2
    assert "too-early" in said

    world.now_ms = CUTTING_MS
    code, (done,), _ = run("cut", "--out", "request.txt")
    assert (code, done["records"], done["yen"]) == (0, 3, 8101)
    assert stat.S_IMODE(Path("request.txt").stat().st_mode) == 0o600
    assert run("cut", "--out", "request.txt")[0] == 0
    run("cut", "--out", "again.txt")
    assert Path("again.txt").read_bytes() == Path("request.txt").read_bytes()

    assert run("bank", "request.txt", "--out", "answer.txt")[0] == 0
    world.now_ms = AFTER_MS
    code, (reading,), _ = run("read", "answer.txt")
    assert (code, reading["collected"], reading["unpaid"], reading["strange"]) == (0, 2, 1, [])
    code, (reading,), _ = run("read", "answer.txt")
    assert (code, reading["collected"], reading["again"]) == (0, 0, 3)

    code, (day, *_), _ = run("list")
    assert (day["stage"], day["collected_yen"], day["unpaid_yen"]) == ("answered", 6200, 1901)
    code, (found,), _ = run("show", reference(2))
    assert (found["state"], found["result_ja"], found["account"]) == (
        "unpaid",
        "資金不足",
        "9900-058-****002",
    )
    code, rows, _ = run("show", "2026-11-27")
    assert [row["result"] for row in rows] == [0, 1, 0]
    assert run("paid-back", reference(1), "--reason", "by transfer")[0] == 0
    assert run("show", reference(1))[1][0]["note"] == "by transfer"


async def test_nothing_that_is_shown_holds_an_account_or_a_name(world: World, run: Run) -> None:
    await accept(world, 1200)
    world.now_ms = CUTTING_MS
    run("cut", "--out", "request.txt")
    shown = [run(*words) for words in (("list",), ("show", reference(1)), ("show", "2026-11-27"))]
    shown.append(run("check", "request.txt"))
    text = json.dumps(shown, ensure_ascii=False)
    assert not any(secret in text for secret in ("1000001", "7654321", "ﾔﾏﾀﾞ", "ヤマダ"))


async def test_what_does_not_fit_is_listed_with_exit_1(world: World, run: Run) -> None:
    await accept(world, 1200, 1951)
    world.now_ms = CUTTING_MS
    run("cut", "--out", "request.txt")
    run("bank", "request.txt", "--out", "answer.txt")
    code, (reading,), _ = run("read", "answer.txt")
    assert code == 1
    assert reading["strange"] == [{"why": "missing", "line": 3, "reference": reference(2)}]


async def test_faults_of_a_file_are_rows_with_their_places(world: World, run: Run) -> None:
    await accept(world, 1200)
    world.now_ms = CUTTING_MS
    run("cut", "--out", "request.txt")
    spoilt = bytearray(Path("request.txt").read_bytes())
    spoilt[122 + 42 : 122 + 43] = b"7"
    Path("spoilt.txt").write_bytes(spoilt)
    for words in (("check", "spoilt.txt"), ("read", "spoilt.txt"), ("bank", "spoilt.txt", "--out", "x.txt")):
        code, (fault,), _ = run(*words)
        assert (code, fault["line"], fault["column"], fault["slug"]) == (1, 2, 43, "zengin-range")
    assert run("check", "request.txt")[1][0]["kind"] == "request"


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        (("show", "700000000099"), "debit-unknown"),
        (("show", "2026-13-01"), "day-form"),
        (("cut", "--day", "tomorrow"), "day-form"),
        (("cut", "--day", "2026-11-26"), "no-collection-day"),
        (("cut", "--day", "2026-11-27", "--early"), "nothing-due"),
        (("read", "nowhere.txt"), "not-there"),
        (("paid-back", "700000000001", "--reason", "x"), "debit-book"),
        (("list", "--acquirer", "other"), "config-acquirer"),
    ],
)
async def test_what_cannot_be_done_is_said_in_one_sentence(
    world: World, run: Run, words: tuple[str, ...], slug: str
) -> None:
    await accept(world)
    code, rows, said = run(*words)
    assert code in (2, 3)
    assert not rows
    assert said.endswith(f"[{slug}]\n")
    assert said.count("\n") == 1


async def test_another_file_is_never_written_over(world: World, run: Run) -> None:
    await accept(world, 1200)
    world.now_ms = CUTTING_MS
    Path("request.txt").write_text("mine", encoding="utf-8")
    code, _, said = run("cut", "--out", "request.txt")
    assert (code, "file-exists" in said) == (2, True)
    assert Path("request.txt").read_text(encoding="utf-8") == "mine"
    assert run("cut", "--out", "other.txt")[0] == 0


def test_without_a_book_nothing_is_made(world: World, run: Run) -> None:
    code, _, said = run("list")
    assert (code, "debit-book-missing" in said) == (2, True)
    assert not world.path.exists()


async def test_a_gateway_and_two_cuts_at_once_make_one_file(world: World, run: Run) -> None:
    """The command in processes of its own, while debits are taken."""
    await accept(world, 1200, 5000)
    assert world.now_ms == TAKING_MS
    work = (
        "import sys, bank_debit.cutting as c, debit_world as w, pathlib;"
        "world = w.World(pathlib.Path(sys.argv[1])); world.now_ms = w.CUTTING_MS;"
        "sys.stdout.buffer.write(world.cut().request)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    command = [sys.executable, "-c", work, str(world.path)]
    cuts = [subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) for _ in range(2)]
    files = [cut.communicate(timeout=60)[0] for cut in cuts]
    assert files[0] == files[1]
    assert files[0].count(b"\r\n2") == 2


ORDER = {
    "reference": "900000000001",
    "amount": 1200,
    "office": "9900058",
    "number": "1234567",
    "holder": "株式会社ハガキ",
    "mandate": "A-1",
}


def orders(*changes: dict[str, object]) -> str:
    lines = [json.dumps({**ORDER, **change}, ensure_ascii=False) for change in changes]
    Path("orders.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return "orders.jsonl"


def test_debits_of_another_system_are_taken_once(world: World, run: Run) -> None:
    file = orders({}, {"reference": "900000000002", "amount": 1901, "kind": 2})
    for _ in range(2):
        assert run("add", file)[:2] == (0, [{"added": 2}])
    world.now_ms = CUTTING_MS
    assert run("cut", "--out", "request.txt")[1][0]["yen"] == 3101
    assert "ｶ)ﾊｶﾞｷ".encode("shift_jis") in Path("request.txt").read_bytes()[122:]


@pytest.mark.parametrize(
    ("change", "slug", "where"),
    [
        ({"reference": "700000000001"}, "reference-foreign", "reference"),
        ({"reference": "90000000001"}, "zengin-digits", "reference"),
        ({"amount": "1200"}, "order-form", "amount"),
        ({"amount": True}, "order-form", "amount"),
        ({"amount": 0}, "zengin-range", "amount_minor"),
        ({"holder": "山田"}, "kana-character", "account.holder"),
        ({"number": "12345"}, "zengin-digits", "account.number"),
        ({"colour": "red"}, "order-form", "line"),
        ({"amount": 5000}, "reference-used", "reference"),
    ],
)
def test_one_wrong_line_and_nothing_is_taken(
    world: World, run: Run, change: dict[str, object], slug: str, where: str
) -> None:
    run("add", orders({}))
    code, rows, _ = run("add", orders({"reference": "900000000002"}, change))
    assert (code, rows) == (1, [{"line": 2, "slug": slug, "where": where}])
    assert run("list")[1][0]["open"] == 1


async def test_the_gateway_hears_nothing_of_debits_that_are_not_its_own(world: World, run: Run) -> None:
    run("add", orders({"amount": 1901}))
    world.now_ms = CUTTING_MS
    run("cut", "--out", "request.txt")
    run("bank", "request.txt", "--out", "answer.txt")
    assert run("read", "answer.txt")[1][0]["unpaid"] == 1
    assert world.do(lambda book: book.untold_after([], 10)) == []
    day = world.find("900000000001").accepted_on
    assert world.do(lambda book: book.totals(day)).sales == 0


async def test_the_gateways_book_lies_beside_the_configuration(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gateway and commands mean the same file, wherever they are started."""
    config = Path("config.toml").resolve()
    text = config.read_text("utf-8") + 'look_s = 0.05\n[acquirer]\nname = "bank_debit"\n'
    config.write_text(text, encoding="utf-8")
    elsewhere = config.parent / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    adapter = build_acquirers(read_config(config))["bank_debit"]
    await adapter.start(lambda _: None)
    while not isinstance(adapter.ready(), Ready):
        await machine_turn()
    await adapter.close()
    assert world.path.exists()
    assert run("list", "--config", str(config))[0] == 0


def test_old_accounts_are_forgotten_on_demand(world: World, run: Run) -> None:
    run("add", orders({}))
    world.now_ms = CUTTING_MS
    run("cut", "--out", "request.txt")
    run("bank", "request.txt", "--out", "answer.txt")
    assert run("forget", "--before", "2027-01-01")[1] == [{"forgotten": 0}]
    run("read", "answer.txt")
    assert run("forget", "--before", "2027-01-01")[1] == [{"forgotten": 1}]
    code, _, said = run("read", "answer.txt")
    assert (code, "[forgotten]" in said) == (2, True)
