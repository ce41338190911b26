"""A chip sale through the real PC/SC service: pyscard, pcscd, a virtual reader, the test card behind it."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

import pytest
from needs import need
from pcsc_world import READER, Pcscd, hagaki, pcscd
from reader_centre import INITIAL_KEY, KEY_ID, open_sale

from card_reader_fw.board.desk import device
from card_reader_fw.board.desk.chip import issuer, pcsc
from schemas.envelope import payload


@pytest.fixture(scope="module")
def service():
    need(
        "pyscard (the extra pcsc; it is built with swig and libpcsclite-dev)", present=pcsc.scard is not None
    )
    with tempfile.TemporaryDirectory(prefix="pcsc") as folder, pcscd(Path(folder)) as running:
        yield running


def read(service: Pcscd, wait_s: int = 20, amount: int = 1980) -> tuple[int, dict]:
    """`hagaki card read` -> its exit code and what it says."""
    command = [hagaki(), "card", "read", "--wait", str(wait_s), "--amount", str(amount), "--json"]
    command += ["--slot", f"pcsc:{READER}"]
    done = subprocess.run(
        command, env=service.environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("card", ["jcb", "visa", "t0"])
def test_a_card_in_the_reader_gives_a_cryptogram(service: Pcscd, card: str) -> None:
    with service.card("--card", card):
        code, said = read(service)
    assert code == 0
    assert said["emv"]["9F02"] == "000000001980"
    assert said["emv"]["9F27"] == "80"
    assert said["emv"]["9F36"] == "0001"
    assert "*" in said["card"]


def test_a_sale_is_sealed_from_a_card_in_the_reader(service: Pcscd, tmp_path: Path) -> None:
    """The whole firmware: amount, payment condition, chip, seal; the centre finds the card's data in it."""
    path = tmp_path / "reader.dev"
    device.create(path, KEY_ID, INITIAL_KEY)
    command = [hagaki(), "reader", "insert", "--device", str(path), "--amount", "1980", "--json"]
    with service.card("--card", "two"):
        assert read(service, amount=1)[0] == 0  # the service has seen the card
        done = subprocess.run(
            [*command, "--slot", f"pcsc:{READER}", "--application", "2"],
            env=service.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    _, sale = open_sale(json.loads(done.stdout)["sale"])
    assert (sale.entry_mode, sale.amount_minor) == (payload.CHIP, 1980)
    assert sale.track2.startswith("4761739001010028=")
    assert issuer.agrees("4761739001010028", sale.emv)


@pytest.mark.parametrize(
    ("fault", "slug", "may_fall_back"),
    [("declines", "chip-declined", False), ("removed", "chip-removed", False), ("cut", "chip-tlv", True)],
)
def test_a_faulty_card_is_told_apart(service: Pcscd, fault: str, slug: str, may_fall_back: bool) -> None:
    with service.card("--fault", fault):
        code, said = read(service)
    assert code == 1
    assert said == {"slug": slug, "may_fall_back": may_fall_back}


def test_an_empty_reader_says_so(service: Pcscd) -> None:
    code, said = read(service, wait_s=0)
    assert code == 1
    assert said["slug"] == "chip-removed"
