"""A key that is started on one PostgreSQL: every node signs the same letters with it, with the same bytes."""

from __future__ import annotations

from pathlib import Path

from dkim_world import DOMAIN, holds
from postgres_world import fresh_url

from mail_gateway.admin import dkim
from mail_gateway.admin.keys import Desk
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.signing_key import Kind
from mail_gateway.outbox.signing import LOOK_MS, Signing
from mail_gateway.settings import GatewaySettings, KeySettings
from mail_gateway.store.engine import open_store
from mail_gateway.store.letters import LetterRow

RAW = b"From: Hagaki <sale@pay.example>\r\nTo: a@x.example\r\nSubject: x\r\n\r\ntext\r\n"


def letter(created_ms: int) -> LetterRow:
    return LetterRow(1, 1, Letter.APPROVED, 1, "<1@x>", "s@x", "a@x.example", RAW, 0, created_ms)


async def test_no_two_nodes_differ_whenever_they_look(tmp_path: Path) -> None:
    (tmp_path / "root.key").write_text("5a" * 32)
    gateway = GatewaySettings(DOMAIN, database=fresh_url())
    desk = Desk(gateway, KeySettings(f"file:{tmp_path}/root.key"), "operator")
    dkim.new(desk, Kind.ED25519, "s1")
    stores = [open_store(gateway.database) for _ in range(2)]
    early, late = (Signing(store, desk.ring(), lambda *_, **__: None) for store in stores)
    try:
        now_ms = dkim.kept(desk)[0].made_ms
        await early.look(now_ms)
        started_ms = dkim.start(desk, "s1")["started_ms"]
        for at_ms in (started_ms - 1, started_ms, started_ms + LOOK_MS):
            await early.look(at_ms)
            await late.look(at_ms)
            contents = {node.content(letter(at_ms)) for node in (early, late)}
            assert len(contents) == 1
            assert holds(contents.pop(), *dkim.kept(desk)) == [True] * (at_ms >= started_ms)
        assert dkim.retire(desk, "s1")["signing"] == []
    finally:
        for store in stores:
            await store.close()
