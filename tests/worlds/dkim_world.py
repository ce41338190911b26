"""Keys that letters are signed with, their records as a DNS would give them, and dkimpy, which checks."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import dkim

from mail_gateway.admin.keys import Desk
from mail_gateway.domain.signing_key import Kind, SigningKey
from mail_gateway.envelope.keys import KeyRing
from mail_gateway.envelope.signing import Signer, made
from mail_gateway.settings import GatewaySettings, KeySettings
from mail_gateway.store import dkim_keys
from mail_gateway.store.backend import guest

DOMAIN = "pay.example"


@cache
def signer(kind: Kind, number: int) -> Signer:
    """A key made once for all tests: RSA takes its time."""
    return made(kind)


def key(ring: KeyRing, selector: str, kind: Kind, started_ms: int | None, number: int = 0) -> SigningKey:
    """That key as it is kept."""
    name = f"{selector}._domainkey.{DOMAIN}"
    own = signer(kind, number)
    return SigningKey(
        selector, DOMAIN, kind, own.public(), own.wrapped(ring, name), made_ms=1, started_ms=started_ms
    )


@cache
def _prepared() -> bytes:
    """A database without a row, made once and copied for every test."""
    with TemporaryDirectory() as folder:
        with guest(f"sqlite:///{folder}/hagaki.db", write=True):
            pass
        return Path(folder, "hagaki.db").read_bytes()


def office(folder: Path) -> Desk:
    """A desk with a root key and a new database."""
    desk = Desk(
        GatewaySettings(DOMAIN, database=f"sqlite:///{folder}/hagaki.db"),
        KeySettings(f"file:{folder}/root.key"),
        "operator",
    )
    (folder / "root.key").write_text("5a" * 32)
    (folder / "root.key").chmod(0o400)
    (folder / "hagaki.db").write_bytes(_prepared())
    return desk


def keep(desk: Desk, *keys: SigningKey) -> None:
    """They were made some time ago."""
    with guest(desk.gateway.database, write=True) as conn:
        for one in keys:
            dkim_keys.put(conn, one)


def holds(raw: bytes, *keys: SigningKey) -> list[bool]:
    """What an independent implementation says of each signature, from the top, with these keys published."""
    records = {f"{one.name}.".encode(): one.record.encode() for one in keys}
    count = raw.partition(b"\r\n\r\n")[0].count(b"DKIM-Signature:")

    def asked(name: bytes, timeout: int = 0) -> bytes | None:
        return records.get(name)

    def one(index: int) -> bool:
        try:
            return bool(dkim.DKIM(raw, minkey=1024).verify(index, dnsfunc=asked))
        except dkim.DKIMException:
            return False

    return [one(index) for index in range(count)]
