"""Attacks on an order that is asked, by who sends and how it comes: strangers, robots, thieves of tokens."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from aiosmtplib import SMTPRecipientsRefused, SMTPResponseException
from answer_world import AWAY, HOME, SHOP, AnswerWorld, signed

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


@kind("to-a-friend-with-a-copy-to-us")
async def to_a_friend_copied(at: Attack) -> None:
    """The same, signed with its To: a Cc is added, or another one."""
    both = [b"From", b"To", b"Subject", b"Date", b"Message-ID"]
    text, cc = f"yes\n\n> {at.code}", f"Cc: {at.to}\r\n".encode()
    await at.send(cc + signed(at.mail(text, "friend@robber.example"), include_headers=both))
    raw = at.mail(text, "friend@robber.example", Cc="other@robber.example")
    await at.send(cc + signed(raw, include_headers=[*both, b"Cc"]))


@kind("subject-says-no")
async def subject_says_no(at: Attack) -> None:
    """The code below tells only which order is meant."""
    for subject in ("Cancel my order", "ご注文キャンセルの件", "Re: No, I do not want it"):
        await at.send(at.theirs(at.code, Subject=subject))


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


@kind("token-huge")
async def token_huge(at: Attack) -> None:
    for ident in (2**63, 2**64 - 1):
        for letter in (token.ORDER, token.REPLY, token.DESK, token.ORDER_BOUNCE):
            to = f"{token.make(at.dice.randbytes(32), letter, ident, HOME, 0)}@pay.example"
            await at.send(at.mail("yes", to), to)


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
    await cancel(world, old)
    await world.post(raw, world.address(old))
    await at.send(raw)
    await at.send(raw.replace(world.address(old).encode(), at.to.encode()))


@kind("null-sender")
async def null_sender(at: Attack) -> None:
    await at.world.drop(at.theirs(), at.to, "")


@kind("bounce-to-the-answer")
async def bounce_to_the_answer(at: Attack) -> None:
    await at.world.drop(report_of(at, "delivery-status"), at.to, "")


@kind("read-receipt")
async def read_receipt(at: Attack) -> None:
    await at.send(signed(report_of(at, "disposition-notification")))


async def cancel(world: AnswerWorld, number: int) -> None:
    case = await world.store.read(orders.case, number)
    assert case is not None
    await order_clerk.enter(world.kit, order_clerk.moving(world.kit, case, OrderKind.CANCELLED))


def headed(at: Attack) -> bytes:
    """The head of an answer whose body is written by hand."""
    head = at.mail("x").partition(b"\r\n\r\n")[0].split(b"\r\n")
    return b"".join(line + b"\r\n" for line in head if not line.lower().startswith(b"content-"))


def report_of(at: Attack, report: str) -> bytes:
    kinds = f'Content-Type: multipart/report; report-type={report}; boundary="b"\r\n\r\n'
    body = f"--b\r\nContent-Type: text/plain\r\n\r\nyes\r\n--b\r\nContent-Type: message/{report}\r\n\r\n"
    return headed(at) + (kinds + body + "Action: failed\r\nStatus: 5.1.1\r\n--b--\r\n").encode()
