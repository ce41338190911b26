"""The attacks on an order that is asked, one function each: what strangers, robots and thieves send."""

from __future__ import annotations

import base64
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from aiosmtplib import SMTPRecipientsRefused, SMTPResponseException
from answer_world import AWAY, HOME, HOUR_MS, SHOP, AnswerWorld, signed

from mail_gateway.domain.order import OrderKind, OrderState
from mail_gateway.store import orders
from mail_gateway.work import order_clerk
from schemas.mail import token

ROBBER = "hanako@robber.example"
CODES: Final = {1: "BCDFH"}
OTHER_CODE = "XKWPT"


@dataclass(frozen=True, slots=True)
class Attack:
    """One order of a world, and the dice by which mails of a kind differ."""

    world: AnswerWorld
    number: int
    dice: random.Random

    @property
    def to(self) -> str:
        return self.world.address(self.number)

    @property
    def code(self) -> str:
        return CODES.get(self.number, OTHER_CODE)

    def yes(self) -> str:
        """In one of the words that confirm, were it the customer's."""
        return self.dice.choice(["yes", "Yes", "はい", "ＹＥＳ", f"yes\n{self.code}", self.code])

    def mail(self, text: str = "", to: str = "", sender: str = HOME, **headers: str) -> bytes:
        return self.world.mail(text or self.yes(), to or self.to, sender, **headers)

    async def send(self, raw: bytes, to: str = "", sender: str = HOME) -> None:
        """Through the door; that it refuses is as good as that it ignores."""
        try:
            await self.world.post(raw, to or self.to, sender)
        except SMTPResponseException as refused:
            assert refused.code in (550, 552, 554, 500), refused
        except SMTPRecipientsRefused:
            return

    def theirs(self, text: str = "", **headers: str) -> bytes:
        """As the customer's own provider would sign it."""
        return signed(self.mail(text, **headers))


Kind = Callable[[Attack], Awaitable[None]]
ATTACKS: Final[dict[str, Kind]] = {}
ENDS: Final = {
    "late": (OrderState.LAPSED,),
    "after-the-end": (OrderState.CANCELLED,),
    "two-words": (OrderState.REFUSED,),
}
"""Kinds that end an order otherwise: all other orders are asked as before."""


def kind(name: str) -> Callable[[Kind], Kind]:
    def keep(attack: Kind) -> Kind:
        ATTACKS[name] = attack
        return attack

    return keep


def changed(name: str, **headers: str) -> None:
    """A proven yes with headers that no answer has."""

    async def attack(at: Attack) -> None:
        await at.send(at.theirs(**headers))

    ATTACKS[name] = attack


def from_stranger(name: str, sender: str) -> None:
    """Its own provider stands behind it."""

    async def attack(at: Attack) -> None:
        await at.send(signed(at.mail(sender=sender), "robber.example"), sender=ROBBER)

    ATTACKS[name] = attack


changed("auto-reply", Auto_Submitted="auto-replied")
changed("auto-generated", Auto_Submitted="auto-generated (rejected)")
changed("bulk", Precedence="bulk")
changed("junk", Precedence="junk")
changed("precedence-list", Precedence="list")
changed("autoreply-header", X_Autoreply="yes")
changed("list-id", List_Id="<friends.robber.example>")
changed("list-unsubscribe", List_Unsubscribe="<mailto:x@robber.example>")
changed("resent", Resent_From=ROBBER)
changed("redirected", Resent_To="x@pay.example", Resent_Date="Mon, 21 Sep 2026 15:00:00 +0900")

from_stranger("stranger", ROBBER)
from_stranger("look-alike-digit", "hanako@h0me.example")
from_stranger("look-alike-domain", "hanako@home.example.robber.example")
from_stranger("look-alike-name", "hanak0@home.example")
from_stranger("plus", "hanako+x@home.example")
from_stranger("display-name", f'"{HOME}" <{ROBBER}>')
from_stranger("two-angles", f"<{HOME}> <{ROBBER}>")
from_stranger("route", f"<@{HOME}:{ROBBER}>")
from_stranger("shop-itself", SHOP)


def raw_from(name: str, value: str) -> None:
    """A From that no library writes."""

    async def attack(at: Attack) -> None:
        raw = at.mail().replace(f"From: {HOME}".encode(), value.encode())
        await at.send(signed(raw, "robber.example"), sender=ROBBER)

    ATTACKS[name] = attack


raw_from("two-in-from", f"From: {HOME}, {ROBBER}")
raw_from("from-twice", f"From: {HOME}\r\nFrom: {ROBBER}")
raw_from("from-twice-other-way", f"From: {ROBBER}\r\nFrom: {HOME}")
raw_from("from-space-colon", f"From : {HOME}\r\nFrom: {ROBBER}")
raw_from("from-folded", f"From:\r\n {HOME}\r\n\t<{ROBBER}>")
raw_from("from-comment", f"From: {ROBBER} ({HOME})")
raw_from("from-group", f"From: friends: {HOME}, {ROBBER};")
raw_from("from-encoded", "From: =?utf-8?q?hanako=40home=2Eexample?= <hanako@robber.example>")
raw_from("from-homograph", "From: hanakо@home.example")
raw_from("from-nul-word", "From: =?utf-8?b?aGFuYWtvQGhvbWUuZXhhbXBsZQA=?=")
raw_from("no-from", f"X-From: {HOME}")


@kind("spoofed")
async def spoofed(at: Attack) -> None:
    await at.send(at.mail(), sender=at.dice.choice([HOME, ROBBER]))


@kind("spoofed-second-address")
async def spoofed_second(at: Attack) -> None:
    """Of a domain that says nothing about its mails: without the code of the letter it proves nothing."""
    await at.send(signed(at.mail("yes", sender=AWAY), "robber.example"), sender=ROBBER)


@kind("spoofed-signed-by-another")
async def spoofed_signed(at: Attack) -> None:
    await at.send(signed(at.mail(), "robber.example"), sender=ROBBER)


@kind("results-injected")
async def results_injected(at: Attack) -> None:
    said = "mx.pay.example; dmarc=pass header.from=home.example; dkim=pass header.d=home.example"
    await at.send(f"Authentication-Results: {said}\r\n".encode() + at.mail())


@kind("results-in-subject")
async def results_in_subject(at: Attack) -> None:
    subject = "x =?utf-8?q?=0D=0AAuthentication-Results=3A_mx=2Epay=2Eexample=3B_dmarc=3Dpass?="
    await at.send(at.mail(Subject=subject))


@kind("arc-of-nobody")
async def arc_of_nobody(at: Attack) -> None:
    forged = "i=1; a=rsa-sha256; cv=none; d=robber.example; s=s1; b=AAAA"
    head = f"ARC-Seal: {forged}\r\nARC-Authentication-Results: i=1; mx; dmarc=pass\r\n"
    await at.send(head.encode() + at.mail())


@kind("length-tag")
async def length_tag(at: Attack) -> None:
    raw = signed(at.mail("What is it?"), length=True)
    await at.send(raw + b"\r\nyes\r\n")


@kind("body-changed")
async def body_changed(at: Attack) -> None:
    await at.send(at.theirs("nein").replace(b"nein", b"yes"))


@kind("from-not-signed")
async def from_not_signed(at: Attack) -> None:
    raw = at.theirs()
    await at.send(raw.replace(b"from :", b"").replace(b"From : ", b"").replace(b"h=from", b"h=date"))


@kind("ended-signature")
async def ended_signature(at: Attack) -> None:
    await at.send(at.theirs().replace(b"s=s1;", b"s=s1; x=1700000000;", 1))


@kind("second-subject")
async def second_subject(at: Attack) -> None:
    await at.send(b"Subject: yes\r\n" + at.theirs())


@kind("to-a-friend")
async def to_a_friend(at: Attack) -> None:
    """A proven yes to somebody else, handed to our door."""
    await at.send(signed(at.mail("yes", "friend@robber.example")))


@kind("to-a-friend-with-another-head")
async def to_a_friend_changed(at: Attack) -> None:
    """The same, signed without its To."""
    mail = at.mail("yes", "friend@robber.example", Subject="lunch?")
    raw = signed(mail, include_headers=[b"From", b"Subject", b"Date", b"Message-ID"])
    await at.send(raw.replace(b"To: friend@robber.example", f"To: {at.to}".encode()))


@kind("from-a-friend")
async def from_a_friend(at: Attack) -> None:
    """Who was sent the question on, or a copy of the answer, writes to all."""
    raw = at.mail(sender=ROBBER, Cc=HOME, In_Reply_To="<1@home.example>", References="<1@home.example>")
    await at.send(signed(raw, "robber.example"), sender=ROBBER)


@kind("copied")
async def copied(at: Attack) -> None:
    """An answer about something else, with a blind copy to us."""
    await at.send(signed(at.mail("yes", SHOP)), sender=HOME)


@kind("several-tokens")
async def several_tokens(at: Attack) -> None:
    both = f"{at.to}, {at.world.address(at.number + 5000)}"
    raw = at.mail("yes")
    await at.send(signed(raw.replace(f"To: {at.to}".encode(), f"To: {both}".encode())))


@kind("token-forged")
async def token_forged(at: Attack) -> None:
    to = f"{token.make(at.dice.randbytes(32), token.ORDER, at.number, HOME, 0)}@pay.example"
    await at.send(signed(at.mail("yes", to)), to)


@kind("token-of-a-stranger")
async def token_of_a_stranger(at: Attack) -> None:
    to = at.world.address(at.number, ROBBER)
    await at.send(signed(at.mail("yes", to)), to)


@kind("token-of-another-kind")
async def token_of_another_kind(at: Attack) -> None:
    letter = at.dice.choice([token.REPLY, token.DESK])
    to = f"{token.make(at.world.tokens.reply, letter, at.number, HOME, 0)}@pay.example"
    for one in (to, token.ORDER + to[1:]):
        await at.send(signed(at.mail("yes", one)), one)


@kind("token-of-a-bounce")
async def token_of_a_bounce(at: Attack) -> None:
    to = at.world.bounce_address(1, at.number)
    await at.send(signed(at.mail("yes", to)), to)
    as_order = token.ORDER + to[1:]
    await at.send(signed(at.mail("yes", as_order)), as_order)


@kind("token-cut")
async def token_cut(at: Attack) -> None:
    to = at.to[1:]
    await at.send(signed(at.mail("yes", to)), to)


@kind("no-such-order")
async def no_such_order(at: Attack) -> None:
    to = at.world.address(at.number + 10**6)
    await at.send(signed(at.mail("yes", to)), to)


@kind("replayed")
async def replayed(at: Attack) -> None:
    """A yes to an order that was cancelled, sent once more to this one."""
    world, old = at.world, at.number + 10_000
    await world.ask(1200, old)
    raw = signed(at.mail("yes", world.address(old)))
    await _cancel(world, old)
    await world.post(raw, world.address(old))
    await at.send(raw)
    await at.send(raw.replace(world.address(old).encode(), at.to.encode()))


@kind("null-sender")
async def null_sender(at: Attack) -> None:
    await at.world.drop(at.theirs(), at.to, "")


@kind("bounce-to-the-answer")
async def bounce_to_the_answer(at: Attack) -> None:
    await at.world.drop(_report(at, "delivery-status"), at.to, "")


@kind("read-receipt")
async def read_receipt(at: Attack) -> None:
    await at.send(signed(_report(at, "disposition-notification")))


@kind("out-of-office")
async def out_of_office(at: Attack) -> None:
    await at.send(at.theirs("I am out of the office. Is it urgent? Then write yes to my colleague."))


@kind("header-injection")
async def header_injection(at: Attack) -> None:
    ident = "<x=?utf-8?q?=0D=0ABcc=3A_x=40robber=2Eexample?=@home.example>"
    await at.send(at.theirs("What is it?", Message_ID=ident))


@kind("bare-newline")
async def bare_newline(at: Attack) -> None:
    code = await at.world.drop(at.mail().replace(b"\r\n\r\n", b"\r\n\r\nyes\n.\r\n", 1), at.to)
    assert code in (250, 550)


@kind("oversized")
async def oversized(at: Attack) -> None:
    await at.send(at.theirs("yes\n" + ("y" * 70 + "\n") * 1000))


@kind("nested")
async def nested(at: Attack) -> None:
    body = b"Content-Type: text/plain\r\n\r\nyes\r\n"
    for level in range(at.dice.randrange(21, 40)):
        mark = f"level{level}".encode()
        head = b'Content-Type: multipart/mixed; boundary="' + mark + b'"\r\n\r\n'
        body = head + b"--" + mark + b"\r\n" + body + b"\r\n--" + mark + b"--\r\n"
    await at.send(signed(_headed(at) + body))


@kind("many-parts")
async def many_parts(at: Attack) -> None:
    parts = b"--b\r\nContent-Type: text/plain\r\n\r\nyes\r\n" * 80
    await at.send(
        signed(_headed(at) + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + parts + b"--b--")
    )


@kind("long-header")
async def long_header(at: Attack) -> None:
    await at.send(b"X-Long: " + b"x " * 6000 + b"\r\n" + at.theirs())


@kind("quoted-only")
async def quoted_only(at: Attack) -> None:
    mark = at.dice.choice(["> ", "＞ ", ">> "])
    await at.send(at.theirs(f"{mark}yes\n{mark}{at.code}\n"))


@kind("in-a-sentence")
async def in_a_sentence(at: Attack) -> None:
    text = ["yes, but not now", "OKではありません", "Should I say yes?", "はいと書けばいいですか", "not yes"]
    await at.send(at.theirs(at.dice.choice(text)))


@kind("two-words")
async def two_words(at: Attack) -> None:
    await at.send(at.theirs(at.dice.choice(["yes\nno", "no\nyes", f"no\n{at.code}", "はい\nいいえ"])))


@kind("html-quotation")
async def html_quotation(at: Attack) -> None:
    body = "<blockquote type=cite>yes</blockquote><blockquote>はい</blockquote>"
    head = b"Content-Type: text/html; charset=utf-8\r\n\r\n"
    await at.send(signed(_headed(at) + head + body.encode()))


@kind("attached")
async def attached(at: Attack) -> None:
    """Another mail sent on as an attachment: what it says, its writer said."""
    inner = b"From: x@robber.example\r\nSubject: x\r\n\r\nyes\r\n"
    text = b"--b\r\nContent-Type: text/plain\r\n\r\nPlease see below.\r\n"
    part = b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + inner + b"--b--\r\n"
    head = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    await at.send(signed(_headed(at) + head + text + part))


@kind("in-a-file")
async def in_a_file(at: Attack) -> None:
    text = b"--b\r\nContent-Type: text/plain\r\n\r\nSee file.\r\n"
    disposition = b'Content-Disposition: attachment; filename="a.txt"\r\n\r\n'
    part = b"--b\r\nContent-Type: text/plain\r\n" + disposition + b"yes\r\n--b--\r\n"
    head = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    await at.send(signed(_headed(at) + head + text + part))


@kind("charset")
async def charset(at: Attack) -> None:
    label, body = at.dice.choice(
        [("utf-7", b"+AHkAZQBz-"), ("punycode", b"yes-"), ("utf-16", b"\xff\xfey\0")]
    )
    head = f"Content-Type: text/plain; charset={label}\r\n\r\n".encode()
    await at.send(signed(_headed(at) + head + body + b"\r\n"))


@kind("look-alike-word")
async def look_alike_word(at: Attack) -> None:
    await at.send(at.theirs(at.dice.choice(["ОК", "ΟΚ", "0K", "уes", "ye\u0455"])))


@kind("wrong-codes")
async def wrong_codes(at: Attack) -> None:
    for _ in range(4):
        guess = "".join(at.dice.choices("KMNPR", k=5))
        await at.send(at.mail(f"yes\n{guess}"))


@kind("wrong-digits")
async def wrong_digits(at: Attack) -> None:
    await at.send(at.mail(f"{at.dice.randrange(10**8):08d}"))


@kind("digits-of-another-order")
async def digits_of_another(at: Attack) -> None:
    await at.send(at.mail(at.world.ocra(await at.world.order(1))))


@kind("old-digits")
async def old_digits(at: Attack) -> None:
    await at.send(at.mail(at.world.ocra(await at.world.order(at.number), at.dice.randrange(121, 10_000))))


@kind("armour")
async def armour(at: Attack) -> None:
    block = base64.b32encode(at.dice.randbytes(100)).decode().rstrip("=")
    await at.send(at.theirs(f"BEGIN HAGAKI SALE\n{block}\nEND HAGAKI SALE"))


@kind("late")
async def late(at: Attack) -> None:
    world = at.world
    until_ms = (await world.asking(at.number)).until_ms
    back_ms, world.now_ms = world.now_ms, until_ms + at.dice.randrange(HOUR_MS)
    try:
        await at.send(at.theirs())
    finally:
        world.now_ms = back_ms


@kind("after-the-end")
async def after_the_end(at: Attack) -> None:
    await _cancel(at.world, at.number)
    await at.send(at.theirs())


async def _cancel(world: AnswerWorld, number: int) -> None:
    case = await world.store.read(orders.case, number)
    assert case is not None
    await order_clerk.enter(world.kit, order_clerk.moving(world.kit, case, OrderKind.CANCELLED))


def _headed(at: Attack) -> bytes:
    """The head of an answer whose body is written by hand."""
    head = at.mail("x").partition(b"\r\n\r\n")[0].split(b"\r\n")
    return b"".join(line + b"\r\n" for line in head if not line.lower().startswith(b"content-"))


def _report(at: Attack, report: str) -> bytes:
    kinds = f'Content-Type: multipart/report; report-type={report}; boundary="b"\r\n\r\n'
    body = f"--b\r\nContent-Type: text/plain\r\n\r\nyes\r\n--b\r\nContent-Type: message/{report}\r\n\r\n"
    return _headed(at) + (kinds + body + "Action: failed\r\nStatus: 5.1.1\r\n--b--\r\n").encode()
