"""A damaged sale still says whose it was; a forged or mangled number says nothing."""

from __future__ import annotations

import pytest

from mail_gateway.intake.accept import Intake, Onward, Route
from mail_gateway.intake.gate import Addresses, Allowance, Pace, Places, has_bare_newline
from mail_gateway.intake.remains import ksn_of
from mail_gateway.ports import Ports
from mail_gateway.settings import GatewaySettings
from mail_gateway.store import inbox
from schemas.envelope import armour, cose
from schemas.mail import token
from schemas.mail.read import Mail, read_mail

KSN = bytes.fromhex("123456780000000100000001")
BLOCK = armour.block(armour.SALE, cose.pack(KSN, 0, bytes(range(40))))


def mail_of(text: str) -> Mail:
    mail = read_mail(b"\r\n" + text.encode())
    assert isinstance(mail, Mail)
    return mail


@pytest.mark.parametrize(
    "text",
    [
        BLOCK[:130],
        BLOCK[:-40] + "B" + BLOCK[-39:],
        "".join(f"> {line.lower()}\n" for line in BLOCK.splitlines()[:3]),
        BLOCK.replace("BEGIN", "—BEGIN").replace("END", "?"),
    ],
)
def test_the_reader_is_known_from_the_remains(text: str) -> None:
    assert ksn_of(mail_of(text)) == KSN


def test_one_letter_changed_in_the_number_names_nobody() -> None:
    for at in range(BLOCK.index("\n") + 1, BLOCK.index("\n") + 60):
        other = "A" if BLOCK[at] != "A" else "B"
        assert ksn_of(mail_of(BLOCK[:at] + other + BLOCK[at + 1 :])) in (None, KSN)


@pytest.mark.parametrize(
    "text", ["", "BEGIN HAGAKI SALE", "BEGIN HAGAKI SALE\nAB", "hello", "BEGIN HAGAKI SALE " * 50_000]
)
def test_nothing_is_read_out_of_nothing(text: str) -> None:
    assert ksn_of(mail_of(text)) is None


async def test_the_door_keeps_a_damaged_sale_under_its_reader() -> None:
    kept: list[inbox.Arrival] = []

    class Store:
        async def run(self, unit, arrival, resend_after_ms):
            kept.append(arrival)
            return inbox.Kept(1, 9, inbox.Verdict.NEW)

    woken: list[int] = []
    ports = Ports(lambda: 5, bytes, lambda verb, **facts: None)
    intake = Intake(Store(), Onward(woken.append), GatewaySettings(domain="x.jp"), ports)
    answer = await intake.accept(b"\r\n" + BLOCK[:130].encode(), Route("", ("sale@x.jp",), "p"))
    assert answer.code == 250
    assert (kept[0].envelope, kept[0].ksn, kept[0].slug) == (None, KSN, "armour-unfinished")
    assert (kept[0].received_ms, woken) == (5, [9])


def test_recipients_that_are_ours() -> None:
    ours = Addresses(GatewaySettings(domain="x.jp", reply_domain="r.x.jp"))
    reply = token.make(bytes(32), token.REPLY, 1, "a@b.jp", 0)
    yes = ["sale@x.jp", "SALE@X.JP", "postmaster@x.jp", "Postmaster@r.x.jp", f"{reply.upper()}@r.x.jp"]
    no = ["sale@r.x.jp", "sale@x.jp.evil", "x@x.jp", f"{reply}@x.jp", f"{reply[:-1]}@r.x.jp", "sale", ""]
    assert [who for who in yes + no if ours.is_ours(who)] == yes
    assert Addresses(GatewaySettings(domain="x.jp")).is_ours(f"{reply}@x.jp")


def test_bare_newlines() -> None:
    assert not has_bare_newline(b"a\r\nb\r\n\r\n")
    assert all(map(has_bare_newline, (b"a\nb", b"a\rb", b"\r\r\n", b"\n\r", b"a\0", b"a\r")))


def test_places_are_given_back() -> None:
    places = Places(3, 2)
    assert [places.take(peer) for peer in ("a", "a", "a", "b", "c")] == [True, True, False, True, False]
    places.leave("a")
    assert places.take("c")
    assert not places.take("a")


def test_strangers_fill_no_disk() -> None:
    hour = Allowance(100)
    assert [hour.take(60, moment) for moment in (5_000_000, 5_000_001, 5_000_002)] == [60, 40, 0]
    assert hour.take(60, 5_000_000 + 3_600_000) == 60


def test_pace_counts_each_window_anew_and_zero_means_any() -> None:
    pace = Pace(10, 3)
    pace.note(29)
    assert not pace.is_kept()
    pace.note(30)
    assert pace.is_kept()
    assert not pace.is_kept()
    assert Pace(0, 3).is_kept()
