"""A mail server that wants a password or encryption: a wrong one loses no sale and refuses none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from phone_world import SALE, Sink, Told, phone, settings

from handset.smtp import Later, Server, send
from handset.spool import Spool, name_of


class Guarded(Sink):
    """Takes mail only from the shop that knows the password. Without TLS, which the library warns about."""

    def _connection(self) -> SMTP:
        with pytest.warns(UserWarning, match="Requiring AUTH while not requiring TLS"):
            return SMTP(
                self,
                hostname="sink.example",
                loop=asyncio.get_running_loop(),
                authenticator=lambda *parts: AuthResult(
                    success=parts[-1] == LoginPassword(b"shop", b"sesame"), handled=False
                ),
                auth_required=True,
                auth_require_tls=False,
            )


@pytest.fixture
async def guarded() -> AsyncIterator[tuple[Guarded, int]]:
    sink = Guarded()
    yield sink, await sink.listen()
    sink.close()


async def test_posted_after_login(tmp_path: Path, guarded: tuple[Guarded, int]) -> None:
    told, (sink, port) = Told(), guarded
    Spool(tmp_path / "phone").put(SALE)
    async with phone(settings(tmp_path, smtp_port=port, smtp_user="shop", smtp_password="sesame"), told):
        await told.wait("handset.posted")
    assert len(sink.mails) == 1


async def test_a_wrong_password_keeps_the_sale_waiting(tmp_path: Path, guarded: tuple[Guarded, int]) -> None:
    told, (sink, port) = Told(), guarded
    Spool(tmp_path / "phone").put(SALE)
    async with phone(settings(tmp_path, smtp_port=port, smtp_user="shop", smtp_password="wrong"), told):
        reason = (await told.wait("handset.waiting", times=2))["reason"]
    assert "535" in str(reason)
    assert "wrong" not in str(reason)
    assert sink.mails == []
    assert Spool(tmp_path / "phone").sales.names() == [name_of(SALE)]


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_without_the_encryption_that_was_asked_for_nothing_is_sent(tls: str) -> None:
    sink = Sink()
    server = Server("127.0.0.1", await sink.listen(), timeout_ms=500, tls=tls)
    outcome = await send(server, "shop@carrier.example", "sale@pay.example", b"Subject: x\r\n\r\n")
    sink.close()
    assert isinstance(outcome, Later)
    assert sink.mails == []
