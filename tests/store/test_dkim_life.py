"""The life of a key that signs letters: made, published, started, retired; never to be seen in clear."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from dkim_world import DOMAIN, keep, key, office, signer
from zone_server import ZoneServer, zone_server

from hagaki import cli
from mail_gateway.admin import backups, dkim, doctor, keys
from mail_gateway.admin.dkim import LEAD_MS
from mail_gateway.admin.dkim_check import advice, published
from mail_gateway.admin.keys import Desk
from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.signing_key import Kind
from mail_gateway.envelope import signing
from mail_gateway.proof.dns import DnsTrouble
from mail_gateway.store.backend import guest
from mail_gateway.store.clock import clock_ms

CONFIG = """[gateway]
domain = "pay.example"
database = "sqlite:///hagaki.db"
[keys]
root = "file:root.key"
[smtp]
hostname = "mx.pay.example"
[proof]
servers = ["127.0.0.1"]
dns_port = {port}
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key is made twice for the tests."""
    monkeypatch.setattr(signing, "made", lambda kind: signer(kind, 0))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return office(tmp_path)


def now_ms(desk: Desk) -> int:
    with guest(desk.gateway.database) as conn:
        return clock_ms(conn)


def states(desk: Desk) -> dict[str, str]:
    return {row["selector"]: row["state"] for row in dkim.listed(desk)}


def test_a_key_signs_only_when_it_is_told_to_and_a_newer_one_takes_over(desk: Desk) -> None:
    made = dkim.new(desk, Kind.RSA, "old")
    assert (made["state"], made["name"]) == ("made", f"old._domainkey.{DOMAIN}")
    assert "".join(made["strings"]) == made["value"]
    assert made["value"].startswith("v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"), "2048 bits"
    assert max(map(len, made["strings"])) <= 255
    assert dkim.start(desk, "old")["started_ms"] >= now_ms(desk) + LEAD_MS - 1000, "every node knows by then"
    assert states(desk) == {"old": "waiting"}
    keep(desk, key(desk.ring(), "older", Kind.RSA, 1), key(desk.ring(), "edwards", Kind.ED25519, 1))
    keep(desk, key(desk.ring(), "newer", Kind.RSA, 2))
    assert states(desk) == {"old": "waiting", "older": "resting", "edwards": "signing", "newer": "signing"}
    done = dkim.retire(desk, "older")
    assert done["signing"] == ["edwards", "old"], "when it ends, the one that waits has begun"
    assert done["keep_until_ms"] > done["retired_ms"] > now_ms(desk)
    done = dkim.retire(desk, "old")
    assert (done["unsent"], done["rsa_signs"]) == (0, True)
    assert not dkim.retire(desk, "newer")["rsa_signs"], "the other kind is left, which few verify"
    assert [row["kind"] for row in keys.history(desk)] == [
        *("dkim-made", "dkim-started", "dkim-retired", "dkim-retired", "dkim-retired"),
    ]


def test_what_cannot_be_is_refused(desk: Desk) -> None:
    dkim.new(desk, Kind.RSA, "one")
    assert dkim.retire(desk, "one")["keep_until_ms"] is None, "it never signed"
    keep(desk, key(desk.ring(), "two", Kind.RSA, 1))
    for slug, refused in {
        "dkim-taken": lambda: dkim.new(desk, Kind.RSA, "one"),
        "dkim-selector": lambda: dkim.new(desk, Kind.RSA, "a.b"),
        "dkim-unknown": lambda: dkim.start(desk, "three"),
        "dkim-retired": lambda: dkim.start(desk, "one"),
        "dkim-started": lambda: dkim.start(desk, "two"),
    }.items():
        with pytest.raises(GatewayError) as error:
            refused()
        assert error.value.slug == slug
    with pytest.raises(GatewayError, match="retired already"):
        dkim.retire(desk, "one")


def test_nothing_of_a_private_key_is_on_disk_in_a_backup_or_shown(desk: Desk, tmp_path: Path) -> None:
    shown = [dkim.new(desk, kind, kind.value) for kind in Kind]
    copy = tmp_path / "copy.db"
    backups.take(desk.gateway, copy)
    text = json.dumps([shown, dkim.listed(desk), keys.history(desk)]) + repr(dkim.kept(desk))
    files = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert {"hagaki.db", "copy.db"} <= files.keys()
    for kind in Kind:
        der = signer(kind, 0)._key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        secret = der[-32:]  # the seed, or the last of RSA's numbers
        for form in (secret, secret.hex().encode(), base64.b64encode(der)[-40:]):
            assert not [name for name, data in files.items() if form in data or form.upper() in data]
            assert form.decode("latin-1") not in text


def test_the_doctor_names_a_key_that_signs_nothing(desk: Desk, tmp_path: Path) -> None:
    def found(domain: str = DOMAIN, slug: str = "dkim-key-unopened") -> list[Any]:
        slugs = doctor.examine(replace(desk.gateway, domain=domain), desk.keys, now_ms(desk))
        return [one.rows for one in slugs if one.slug == slug]

    keep(desk, key(desk.ring(), "made", Kind.RSA, None), key(desk.ring(), "one", Kind.RSA, 1))
    assert not found()
    assert not found(slug="dkim-domain")
    assert found("new.example", "dkim-domain") == [[{"selector": "one", "domain": DOMAIN}]]
    (tmp_path / "root.key").chmod(0o600)
    (tmp_path / "root.key").write_text("00" * 32)
    assert found() == [[{"selector": "one", "domain": DOMAIN}]]
    (tmp_path / "root.key").unlink()
    assert found() == [[{"selector": "one", "domain": DOMAIN}]]
    dkim.retire(desk, "one")
    assert not found(), "a person has seen to it"


class Zone:
    """A resolver of some TXT records; those that are not there are in trouble if they are None."""

    def __init__(self, **records: tuple[str, ...] | None) -> None:
        self._records = {name.replace("__", "."): found for name, found in records.items()}

    async def ask(self, name: str, kind: str) -> tuple[str, ...]:
        found = self._records.get(name.removesuffix(f".{DOMAIN}").removesuffix("._domainkey"), ())
        if found is None:
            raise DnsTrouble(name)
        return found if kind == "TXT" else ()


async def test_each_fault_of_a_record_is_one_sentence(desk: Desk) -> None:
    own = key(desk.ring(), "s1", Kind.RSA, 1)
    other = key(desk.ring(), "s1", Kind.RSA, 1, number=1)
    good = own.record
    for slug, records in {
        "": (good,),
        "dkim-absent": (),
        "dkim-dns": None,
        "dkim-several": (good, good),
        "dkim-other-key": (other.record,),
        "dkim-revoked": ("v=DKIM1; k=rsa; p=",),
        "dkim-version": (good.replace("DKIM1", "DKIM2"),),
        "dkim-form": ("v=DKIM1; k=rsa",),
        "dkim-hash": (good.replace("k=", "h=sha1; k="),),
        "dkim-service": (good.replace("k=", "s=tlsrpt; k="),),
        "dkim-trial": (good.replace("k=", "t=s:y; k="),),
    }.items():
        assert (await published(own, Zone(s1=records))).slug == slug
    for cut in (good[:-20], good.replace("k=rsa", "k=ed25519")):
        assert (await published(own, Zone(s1=(cut,)))).slug == "dkim-other-key"
    for fine in (f" {good} ;", good.replace("v=DKIM1; ", ""), good[:90] + " " + good[90:]):
        assert (await published(own, Zone(s1=(fine,)))).slug == "", fine


async def test_what_helps_beside_a_signature_is_advice() -> None:
    policy, spf = ("v=DMARC1; p=none",), ("v=spf1 ip4:192.0.2.1 -all",)
    strict = ("v=DMARC1; p=none; aspf=s",)

    async def slugs(zone: Zone, *returns: str) -> list[str]:
        return [one.slug for one in await advice(DOMAIN, returns, zone)]

    assert await slugs(Zone(), DOMAIN) == ["dmarc-absent", "spf-absent"]
    assert await slugs(Zone(_dmarc=policy), DOMAIN) == ["spf-absent"]
    good = Zone(_dmarc=policy, **{DOMAIN: spf, "r": spf})
    assert await slugs(good, DOMAIN, f"r.{DOMAIN}") == []
    far = Zone(_dmarc=strict, **{DOMAIN: spf, "r": spf})
    assert await slugs(far, DOMAIN, f"r.{DOMAIN}") == ["spf-unaligned"]
    assert await slugs(Zone(_dmarc=None, **{DOMAIN: None}), DOMAIN) == [], "no answer is no advice"


async def test_an_operator_makes_publishes_starts_and_retires_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    office(tmp_path)
    monkeypatch.chdir(tmp_path)

    async def hagaki(*words: str) -> tuple[object, str]:
        def run() -> object:
            monkeypatch.setattr(sys, "argv", ["hagaki", "dkim", *words])
            with pytest.raises(SystemExit) as ended:
                cli.main()
            return ended.value.code

        code = await asyncio.to_thread(run)
        said = capsys.readouterr()
        return code, said.out + said.err

    async with zone_server({}) as (server, port):
        Path("config.toml").write_text(CONFIG.format(port=port))
        code, text = await hagaki("new", "--selector", "s1")
        assert code == 0
        row = json.loads((await hagaki("show", "s1", "--json"))[1])
        assert [line for line in text.splitlines() if len(line) > 80] == [row["value"]]
        assert all(f'"{part}"' in text for part in row["strings"])
        assert await hagaki("start", "s1") == (
            1,
            "hagaki: s1._domainkey.pay.example: No TXT record is there. Nothing was changed. [dkim-absent]\n",
        )
        _publish(server, row)
        code, text = await hagaki("check")
        assert (code, text.count("good"), text.count("advice"), "WRONG" in text) == (0, 1, 2, False)
        code, text = await hagaki("start", "s1")
        assert (code, "s1 signs letters written from" in text) == (0, True)
        assert "s1" in (await hagaki("list"))[1]
        server.zone = {}
        code, text = await hagaki("check", "s1", "--json")
        assert (code, json.loads(text.splitlines()[0])["slug"]) == (1, "dkim-absent")
        code, text = await hagaki("retire", "s1")
        assert (code, "then no key signs" in text) == (0, True)
        assert (await hagaki("check"))[1].endswith("[dkim-none]\n")


def _publish(server: ZoneServer, row: dict[str, Any]) -> None:
    server.zone = {(row["name"], "TXT"): [" ".join(f'"{part}"' for part in row["strings"])]}
