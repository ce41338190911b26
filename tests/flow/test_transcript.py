"""The transcript of an order: made from the gateway's own rows, checked with nothing but the file."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from answer_world import CODE, KEY, PASSWORD, AnswerWorld, answer_world, zone
from typer.testing import CliRunner
from zone_server import zone_server

from hagaki.deal_commands import app
from mail_gateway.admin import deal_checks, deals
from mail_gateway.admin.deal_checks import Finding
from mail_gateway.domain import transcript
from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.transcript import Transcript
from mail_gateway.envelope.customers import CustomerSecret
from mail_gateway.settings import SmarthostSettings
from schemas.deal import layout, ocra

BYTES = int(os.environ.get("HAGAKI_CHANGES", "200"))
PAN = "4111 1111 1111 1111"
SECRET = CustomerSecret(KEY, ocra.password_hash(PASSWORD))


@asynccontextmanager
async def answered(
    folder: Path, text: str = "yes", total_minor: int = 1200, **more: Any
) -> AsyncIterator[AnswerWorld]:
    """Order 2, asked and answered from a proven sender."""
    async with zone_server(zone()) as (_, port), answer_world(folder, port) as world:
        order = await world.ask(total_minor, 2)
        await world.say(text.format(ocra=world.ocra(order)), 2, **more)
        yield world


def made(world: AnswerWorld, order: int = 2) -> Transcript:
    own = world.settings
    return deals.shown(deals.Place(own.gateway, own.keys, SmarthostSettings(), own.orders), order)


async def findings(found: Transcript, secret: CustomerSecret | None = None) -> dict[str, Finding]:
    """The checks as another machine sees them: from the file."""
    read = transcript.read(transcript.written(found))
    assert read is not None
    checks = await asyncio.to_thread(deal_checks.check, read, secret)
    return {one.name: one.finding for one in checks}


_PROVEN: list[Transcript] = []


async def proven(folder: Path) -> Transcript:
    """Of a yes from a proven sender; made once, for it is only read."""
    if not _PROVEN:
        async with answered(folder) as world:
            _PROVEN.append(made(world))
    return _PROVEN[0]


async def test_a_proven_yes_is_checked_to_its_signature(tmp_path: Path) -> None:
    found = await proven(tmp_path)
    assert found.head["state"] == "confirmed"
    assert found.head["question"] == layout.question(bytes.fromhex(found.head["deal"]))
    assert [entry["kind"] for entry in found.of("letter")] == ["question", "order-confirmed"]
    assert b"yes" in base64.b64decode(found.of("mail")[0]["raw"])
    seen = await findings(found)
    passed = {"deal", "events", "bytes", "question", "answer", "sender"}
    assert {name for name, finding in seen.items() if finding is Finding.PASS} == passed
    assert {name for name, finding in seen.items() if finding is Finding.OPEN} == {"ocra", "money"}


async def test_a_computed_yes_is_checked_with_the_customers_key_alone(tmp_path: Path) -> None:
    async with answered(tmp_path, "{ocra}", 500_000, proven=False) as world:
        found = made(world)
    assert KEY.hex() not in transcript.written(found).decode()
    assert (await findings(found))["ocra"] is Finding.OPEN
    assert (await findings(found, SECRET))["ocra"] is Finding.PASS
    head, entries = json.loads(json.dumps([found.head, found.entries]))
    for entry in entries:
        if entry["what"] == "event" and entry["kind"] == "yes":
            entry["at_ms"] += 10**9
    late = transcript.bound(head, entries)
    assert (await findings(late, SECRET))["ocra"] is Finding.PASS, "the mail had waited for the gateway"
    for other in (
        CustomerSecret(KEY, ocra.password_hash("x")),
        CustomerSecret(bytes(32), SECRET.password_hash),
    ):
        assert (await findings(found, other))["ocra"] is Finding.FAIL


async def test_any_changed_byte_of_the_file_is_found(tmp_path: Path) -> None:
    data = transcript.written(await proven(tmp_path))
    assert transcript.read(data) is not None
    step = max(1, len(data) // BYTES)
    for at in range(0, len(data), step):
        for other in (data[at] ^ 1, data[at] ^ 0x20):
            assert transcript.read(data[:at] + bytes([other]) + data[at + 1 :]) is None, at
    for cut in (b"", data[:-1], data + b"\n", data.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + data):
        assert transcript.read(cut) is None


def change_deal(head: dict[str, Any], _: list[dict[str, Any]]) -> None:
    """A cheaper deal than the letter said."""
    deal = layout.decode(bytes.fromhex(head["deal"]))
    deal.lines, deal.total_minor = [("Soap", "", 12, 1)], 12
    head["deal"], head["total_minor"] = layout.encode(deal).hex(), 12
    head["question"] = layout.question(layout.encode(deal))


def change_code(head: dict[str, Any], _: list[dict[str, Any]]) -> None:
    head["code"] = "ZZZZZ"


def change_answer(_: dict[str, Any], entries: list[dict[str, Any]]) -> None:
    """Another text in the mail, its hash with it; the signature stays."""
    import hashlib

    (mail,) = [entry for entry in entries if entry["what"] == "mail"]
    raw = base64.b64decode(mail["raw"]).replace(b"yes", b"YES")
    mail["raw"], mail["sha256"] = base64.b64encode(raw).decode(), hashlib.sha256(raw).hexdigest()


def change_no(_: dict[str, Any], entries: list[dict[str, Any]]) -> None:
    """The customer is said to have said no."""
    for entry in entries:
        if entry["what"] == "event" and entry["kind"] == "yes":
            entry["kind"], entry["after"] = "no", "refused"


def change_bytes(_: dict[str, Any], entries: list[dict[str, Any]]) -> None:
    next(entry for entry in entries if "raw" in entry)["raw"] = "AAAA"


def change_form(_: dict[str, Any], entries: list[dict[str, Any]]) -> None:
    next(entry for entry in entries if entry["what"] == "event").pop("kind")


@pytest.mark.parametrize(
    ("change", "caught"),
    [
        (change_deal, "question"),
        (change_code, "question"),
        (change_answer, "sender"),
        (change_no, "events"),
        (change_bytes, "bytes"),
        (change_form, "form"),
    ],
)
async def test_a_file_that_was_rewritten_whole_is_found_by_what_it_holds(
    tmp_path: Path, change: Callable[[dict[str, Any], list[dict[str, Any]]], None], caught: str
) -> None:
    """Whoever can compute the chain again still has no letter, no signature and no key."""
    found = await proven(tmp_path)
    head, entries = json.loads(json.dumps([found.head, found.entries]))
    change(head, entries)
    assert (await findings(transcript.bound(head, entries)))[caught] is Finding.FAIL


async def test_no_card_number_comes_into_a_transcript(tmp_path: Path) -> None:
    async with answered(tmp_path, f"yes\n\nMy card is {PAN}, please.\n") as world:
        found = made(world)
    (mail,) = found.of("mail")
    assert mail["withheld"] == "card-number"
    assert "raw" not in mail
    for entry in found.entries:
        text = base64.b64decode(entry.get("raw", "")).decode() + json.dumps(entry)
        assert PAN not in text
        assert PAN.replace(" ", "") not in text
    assert (await findings(found))["answer"] is Finding.OPEN


async def test_who_let_a_customer_answer_again_and_why_is_kept(tmp_path: Path) -> None:
    async with answer_world(tmp_path) as world:
        with pytest.raises(GatewayError):
            deals.unlock(world.settings.gateway, 1, "hana", "a try")
        for word in ("ZZZZZ", "YYYYY", "XXXXX"):
            await world.say(f"yes\n{word}", proven=False)
        deals.unlock(world.settings.gateway, 1, "hana", "she read the code to me")
        await world.say(f"yes\n{CODE}", proven=False)
        found = made(world, 1)
    events = [(event["kind"], event["after"]) for event in found.of("event")]
    assert events == [("asked", "asked"), ("unlocked", "asked"), ("yes", "confirmed")]
    unlocked = found.of("event")[1]
    assert unlocked["facts"] == {"by": "hana", "reason": "she read the code to me"}
    assert unlocked["at_ms"] > 0
    assert (await findings(found))["events"] is Finding.PASS


async def test_by_the_commands(tmp_path: Path) -> None:
    """What an operator types, and somebody on another machine."""
    run = CliRunner()
    async with answered(tmp_path, "yes\nXKWPT") as world:
        (tmp_path / "config.toml").write_text(
            f'[gateway]\ndomain = "pay.example"\ndatabase = "{world.settings.gateway.database}"\n'
            f'[keys]\nroot = "{world.settings.keys.root}"\n[smtp]\nhostname = "mx.pay.example"\n'
        )

        def said(*words: str, key: str = "") -> tuple[int, str]:
            done = run.invoke(app, list(words), input=key, standalone_mode=False)
            return int(done.return_value or 0), done.output

        config = ("--config", str(tmp_path / "config.toml"))
        file = tmp_path / "order-2.transcript"
        assert "asked" in (await asyncio.to_thread(said, "list", "--open", *config))[1]
        assert '"asking": "asked"' in (await asyncio.to_thread(said, "list", "--json", *config))[1]
        shown = (await asyncio.to_thread(said, "show", "1", *config))[1]
        assert f"code             {CODE}" in shown
        assert "   | How to answer" in shown
        assert (await asyncio.to_thread(said, "show", "2", "--out", str(file), *config))[0] == 0
        code, text = await asyncio.to_thread(said, "verify", str(file))
        assert code == 0, text
        assert "not-checkable" in text
        file.write_bytes(file.read_bytes().replace(b"confirmed", b"Confirmed", 1))
        assert (await asyncio.to_thread(said, "verify", str(file)))[0] == 1
        assert (await asyncio.to_thread(said, "cancel", "1", *config))[0] == 0
        await world.step()
        assert (await world.order()).state == "cancelled"
        kinds = [kind for kind, _ in await world.letters()]
        assert kinds == ["question", "order-cancelled", "shop-dead"]
