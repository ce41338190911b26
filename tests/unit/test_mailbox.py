"""Mail out of a mailbox, without a socket: whose it is, what is done next, what a server's lines say."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from acquirer_sdk.port import SettingsError
from mail_gateway.domain.errors import GatewayError
from mail_gateway.intake.accept import Reply, Route
from mail_gateway.intake.gate import Addresses
from mail_gateway.intake.imap import assert_way_in
from mail_gateway.intake.mailbox import (
    Delays,
    Fate,
    Look,
    Move,
    Take,
    Taken,
    Trouble,
    Wait,
    Weigh,
    pause_s,
    rounds,
)
from mail_gateway.intake.mailbox_mail import PEER, UNKNOWN, Slot, route_of
from mail_gateway.settings import (
    GatewaySettings,
    ImapSettings,
    KeySettings,
    ProofSettings,
    Settings,
    SmarthostSettings,
    SmtpSettings,
)
from schemas.mail import imap, token

ADDRESSES = Addresses(GatewaySettings("pay.example", reply_domain="r.pay.example"))
TOKEN = token.make(bytes(32), token.REPLY, 7, "a@b.example", 0) + "@r.pay.example"

ROUTES = {
    "Postfix, Maildir": (
        f"Return-Path: <shop@a.example>\nX-Original-To: {TOKEN}\nDelivered-To: box@pay.example\n"
        "Received: from a\nReturn-Path: <>\nTo: all@a.example\n",
        ("shop@a.example", (TOKEN,)),
    ),
    "Exim": (
        f"Return-path: <>\nEnvelope-to: {TOKEN.upper()}\nTo: undisclosed-recipients:;\n",
        ("", (TOKEN,)),
    ),
    "the account's own name, and the address in To": (
        f"Delivered-To: sale@pay.example\nReceived: from a\nTo: Shop <{TOKEN}>,\n <x@y.example>\n",
        (UNKNOWN, ("sale@pay.example", TOKEN)),
    ),
    "in Cc": (
        "Return-Path: a@b.example\nCc: postmaster@pay.example\n",
        ("a@b.example", ("postmaster@pay.example",)),
    ),
    "below the topmost": (
        "Delivered-To: other@pay.example\nDelivered-To: sale@pay.example\n",
        (UNKNOWN, ()),
    ),
    "in the text": ("From: a@b.example\n\nTo: sale@pay.example\n", (UNKNOWN, ())),
    "nothing": ("", (UNKNOWN, ())),
    "a sender that moves a terminal": ("Return-Path: <a\x1b[2J@b.example>\n", (UNKNOWN, ())),
    "a sender without end": (f"Return-Path: <{'a' * 9_000}@b.example>\n", (UNKNOWN, ())),
    "a sender that is not said": ("Return-Path:\n", (UNKNOWN, ())),
}


@pytest.mark.parametrize("head,expected", ROUTES.values(), ids=ROUTES)
def test_headers_say_who_sent_it_and_for_whom(head: str, expected: tuple[str, tuple[str, ...]]) -> None:
    raw = f"{head}\nhello\n".replace("\n", "\r\n").encode()
    route = route_of(raw, ADDRESSES, "m:1:2")
    assert (route.sender, route.recipients) == expected
    assert (route.peer, route.place) == (PEER, "m:1:2")


class Door:
    """Answers what it is told to."""

    def __init__(self, code: int) -> None:
        self.code = code
        self.seen: list[bytes] = []

    async def accept(self, raw: bytes, _: Route) -> Reply:
        self.seen.append(raw)
        return Reply(self.code, "2.0.0 x")


@pytest.mark.parametrize(
    "raw,code,expected",
    [
        (b"To: sale@pay.example\r\n\r\nx\r\n", 250, Taken(Fate.DONE)),
        (b"To: sale@pay.example\r\n\r\nx\r\n", 451, Taken(Fate.LATER)),
        (b"To: sale@pay.example\r\n\r\nx\r\n", 550, Taken(Fate.REFUSED)),
        (b"To: you@other.example\r\n\r\nx\r\n", 250, Taken(Fate.REFUSED, "not-ours")),
        (b"To: sale@pay.example\r\n\r\nx\0\r\n", 250, Taken(Fate.REFUSED, "bare-newline")),
        (b"To: sale@pay.example\r\n\r\nx\ny\r\n", 250, Taken(Fate.REFUSED, "bare-newline")),
        (b"Received: a\r\n" * 51 + b"To: sale@pay.example\r\n\r\n", 250, Taken(Fate.REFUSED, "mail-loop")),
    ],
)
async def test_the_rules_are_those_of_the_smtp_door(raw: bytes, code: int, expected: Taken) -> None:
    door = Door(code)
    assert await Slot(door, ADDRESSES).take(raw, "m:1:2") == expected  # type: ignore[arg-type]
    assert door.seen == ([] if expected.slug else [raw])


class Play:
    """Plays the steps against a table: UID -> what becomes of the mail."""

    def __init__(self, fates: dict[int, Fate], size: int = 100) -> None:
        self.fates, self.size, self.now_ms = fates, size, 0
        self.delays = Delays(lambda: self.now_ms)
        self.log: list[str] = []
        self.most = 0

    def run(self, until_ms: int) -> list[str]:
        steps, answer = rounds(self.delays, 1000, 60_000), None
        while self.now_ms < until_ms:
            answer = self.answer(steps.send(answer))
        return self.log

    def answer(self, step: Any) -> Any:
        match step:
            case Look():
                return sorted(self.fates)
            case Weigh(uids):
                self.most = max(self.most, len(uids))
                return dict.fromkeys(uids, self.size)
            case Take(uid):
                self.log.append(f"take {uid}")
                return Taken(self.fates[uid])
            case Move(taken, fate):
                self.log.append(f"{fate} {','.join(map(str, taken))}")
                self.fates = {uid: one for uid, one in self.fates.items() if uid not in taken}
            case Wait(wait_ms, _):
                self.now_ms += max(wait_ms, 1)
        return None


def test_each_mail_is_taken_once_and_then_moved() -> None:
    play = Play({5: Fate.DONE, 7: Fate.REFUSED, 9: Fate.DONE})
    assert play.run(10**6) == ["take 5", "take 7", "take 9", "done 5,9", "refused 7"]


def test_what_is_too_big_is_refused_without_being_fetched() -> None:
    assert Play({5: Fate.DONE}, size=1001).run(1) == ["refused 5"]


def test_five_thousand_mails_go_in_small_batches_whatever_lies_before_them() -> None:
    stuck = dict.fromkeys(range(1, 101), Fate.LATER)
    play = Play({**stuck, **dict.fromkeys(range(101, 5_001), Fate.DONE)})
    play.run(3_600_000)
    assert set(play.fates) == set(stuck)
    assert play.most <= 20
    tries = [play.log.count(f"take {uid}") for uid in stuck]
    assert max(tries) <= 12


def test_a_pause_doubles_up_to_its_limit() -> None:
    assert [pause_s(Trouble.DOWN, failures) for failures in (1, 2, 3, 9, 99)] == [1, 2, 4, 256, 300]
    assert [pause_s(Trouble.LOGIN, failures) for failures in (1, 2, 99)] == [60, 120, 3600]
    assert [pause_s(Trouble.SECRET, failures) for failures in (1, 2, 99)] == [10, 20, 600]


@pytest.mark.parametrize("password", ["secretpw", 'sec"ret\\pw', "秘密pw"])
def test_nothing_of_a_password_is_told_where_a_server_repeats_it(password: str) -> None:
    for before in range(imap.SAID_MAX - 12, imap.SAID_MAX + 1):
        for repeated in (password, imap.quoted(password)):
            said = imap.said([("x " * (before // 2) + repeated).encode()], "shop", password)
            assert set(said) <= {"x", " ", '"'}
    refused = imap.said([b"[AUTHENTICATIONFAILED] no \x1b[2J"], "shop", password)
    assert refused == "[AUTHENTICATIONFAILED] no [2J"
    assert imap.said([], "shop", password) == ""


def test_lines_of_a_server_are_read() -> None:
    selected = [b"3 EXISTS", b"OK [UIDVALIDITY 17] UIDs valid", b"OK [UIDNEXT 4] next", b"[READ-WRITE] done"]
    assert (imap.number("UIDVALIDITY", selected), imap.number("HIGHESTMODSEQ", selected)) == (17, None)
    assert imap.found_uids([b"SEARCH 4 2", b"11", b"Search completed (0.001 + 5 secs)."]) == [2, 4, 11]
    answer = [
        b"1 FETCH (UID 4 RFC822.SIZE 90)",
        b"2 FETCH (RFC822.SIZE 7 UID 5)",
        b"3 FETCH (FLAGS ())",
        b"OK",
    ]
    assert imap.sizes(answer) == {4: 90, 5: 7}
    assert imap.content([b"1 FETCH (UID 4 BODY[] {3}", bytearray(b"\0\r\xff"), b")", b"OK"]) == b"\0\r\xff"
    assert imap.content([b"OK"]) is None
    assert imap.quoted('a"b\\c') == '"a\\"b\\\\c"'


@pytest.mark.parametrize(
    "changed,key",
    [
        ({"user": ""}, "user"),
        ({"password": ""}, "password"),
        ({"user": "a\r\nb"}, "user"),
        ({"secret_command": ("pass", "mail")}, "secret_command"),
        ({"sign_in": "xoauth2"}, "secret_command"),
        ({"folder": "受信"}, "folder"),
        ({"refused": "inbox"}, "done"),
    ],
)
def test_a_mailbox_that_cannot_be_is_named_by_its_key(changed: dict[str, Any], key: str) -> None:
    usual = {"user": "hagaki", "password": "sesame"}
    with pytest.raises(SettingsError) as caught:
        ImapSettings("imap.example", **{**usual, **changed})
    assert caught.value.key == key
    assert "sesame" not in repr(ImapSettings("imap.example", **usual))


def test_a_gateway_that_no_mail_can_come_to_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GatewayError, match="mail-no-way-in"):
        assert_way_in(SmtpSettings("mx", listen=False), ImapSettings())
    assert_way_in(SmtpSettings("mx"), ImapSettings())
    named = ImapSettings("imap.example", user="hagaki", password="sesame", tls_ca="/nowhere.pem")
    with pytest.raises(GatewayError, match="tls-certificate"):
        assert_way_in(SmtpSettings("mx"), named)
    monkeypatch.setitem(sys.modules, "aioimaplib", None)
    with pytest.raises(GatewayError, match="imap-missing"):
        assert_way_in(SmtpSettings("mx"), named)


@pytest.mark.parametrize(
    "listen,way,named,expected",
    [
        (True, "relay", "", ("direct", "mx.ours.example")),
        (False, "relay", "", ("relay", "mx.ours.example")),
        (True, "relay", "mx.theirs.example", ("relay", "mx.theirs.example")),
        (True, "none", "mx.theirs.example", ("relay", "mx.theirs.example")),
        (True, "none", "", ("none", "mx.ours.example")),
    ],
)
def test_a_relay_proves_only_what_comes_by_it(
    listen: bool, way: str, named: str, expected: tuple[str, str]
) -> None:
    settings = Settings(
        GatewaySettings("pay.example"),
        KeySettings("file:x"),
        SmtpSettings("mx", listen=listen),
        SmarthostSettings(),
        proof=ProofSettings(way, "mx.ours.example"),
        imap=ImapSettings("imap.example", user="u", password="p", relay=named),
    )
    own = settings.mailbox_proof
    assert (own.way, own.relay) == expected
    assert settings.proof.way == way
