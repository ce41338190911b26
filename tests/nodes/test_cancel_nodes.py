"""A cancel at one node and its sale at another, at the same moment: one of them has the key."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from postgres_world import fresh_url

from mail_gateway.admin import keys, merchants, readers
from mail_gateway.settings import GatewaySettings, KeySettings
from mail_gateway.store import cancels, inbox, nodes
from mail_gateway.store.engine import open_store
from mail_gateway.store.inbox import Arrival, Verdict
from mail_gateway.store.sheet import Stale
from mail_gateway.store.writer import Writer

TIMES = 6


async def test_one_key_is_taken_once_and_the_other_is_told(tmp_path: Path) -> None:
    gateway, root = GatewaySettings("pay.example", database=fresh_url()), KeySettings(f"file:{tmp_path}/key")
    keys.new_bdk(gateway, root)
    merchants.add(gateway, merchants.NewMerchant("Hagaki Store", "shop@carrier.example", "en"))
    key_id = readers.enrol(gateway, root, 1).initial_key_id
    two = open_store(gateway.database), open_store(gateway.database)
    node = await two[0].run(nodes.begin_life, 1)
    for counter in range(1, TIMES):
        ksn = key_id + counter.to_bytes(4, "big")
        row = {"reader": 1, "ksn": ksn, "node": node, "received_ms": 1, "amount_minor": 1200}
        told = await asyncio.gather(*(store.run(cancels.burn, row) for store in two), return_exceptions=True)
        assert sorted(type(one) for one in told if not isinstance(one, int)) == [Stale], told
        arrival = mail(ksn, node)
        kept = await asyncio.gather(*(store.run(inbox.keep, arrival) for store in two))
        assert sorted(one.verdict for one in kept) == [Verdict.NEW, Verdict.REPEAT]
        assert kept[0].payment_id == kept[1].payment_id
    for store in two:
        await store.close()


async def test_one_mail_twice_in_one_group_waits_for_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway, root = GatewaySettings("pay.example", database=fresh_url()), KeySettings(f"file:{tmp_path}/key")
    keys.new_bdk(gateway, root)
    merchants.add(gateway, merchants.NewMerchant("Hagaki Store", "shop@carrier.example", "en"))
    key_id = readers.enrol(gateway, root, 1).initial_key_id
    store, waited = open_store(gateway.database), []
    node = await store.run(nodes.begin_life, 1)
    monkeypatch.setattr(Writer, "_wait", lambda _, before: waited.append(before))
    arrival = mail(key_id + (1).to_bytes(4, "big"), node)
    kept = await asyncio.gather(*(store.run(inbox.keep, arrival) for _ in range(8)))
    await store.close()
    assert sorted(one.verdict for one in kept) == [Verdict.NEW, *[Verdict.REPEAT] * 7]
    assert not waited


def mail(ksn: bytes, node: int) -> Arrival:
    """The same mail, as two of our addresses get it."""
    given: dict[str, Any] = {
        "received_ms": 1,
        "sender": "shop@carrier.example",
        "recipients": ("a@b.example",),
    }
    given |= {"message_id": "<1@carrier.example>", "peer": "192.0.2.1", "slug": "", "raw": b"mail"}
    return Arrival(**given, envelope=b"sealed " + ksn, pad=bytes(7 + len(ksn)), ksn=ksn, node=node)
