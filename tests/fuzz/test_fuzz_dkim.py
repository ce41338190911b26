"""Random mails, signed: the canonical forms and the signatures are those of another implementation."""

from __future__ import annotations

import random

import dkim.canonicalization as theirs
import dkim_world as world
from dice import play

from mail_gateway.domain.signing_key import Kind
from mail_gateway.envelope.keys import KeyRing
from mail_gateway.outbox.dkim import Hand, Signable, canonical_body, canonical_field
from mail_gateway.outbox.wire import in_lines
from schemas.mail.build import build_mail

PIECES = (b" ", b"\t", b"\r\n", b"a", b"\xe3\x81\x82", b"x y", b".", b"\x1b$B", b" \r\n", b":")
HEAD = {"From": "Hagaki <sale@pay.example>", "To": "shop@docomo.example", "Message-ID": "<1@pay.example>"}


def test_canonical_forms() -> None:
    def case(dice: random.Random) -> None:
        body = b"".join(dice.choices(PIECES, k=dice.randrange(60)))
        assert canonical_body(body) == theirs.Relaxed.canonicalize_body(body)
        value = b"".join(dice.choices(PIECES, k=dice.randrange(20))).replace(b"\r\n", b"\r\n ")
        ((name, same),) = theirs.Relaxed.canonicalize_headers([(b"Subject", value + b"\r\n")])
        assert canonical_field(b"Subject", value) == name + b":" + same

    play(500, case)


def test_letters_hold() -> None:
    key = world.key(KeyRing(bytes(32), bytes), "e1", Kind.ED25519, 1)
    hand = Hand(key.domain, key.selector, "ed25519", world.signer(Kind.ED25519, 0).sign)

    def case(dice: random.Random) -> None:
        text = "".join(dice.choices("a b\t\n. \u3042\u627f\u5186\n\n", k=dice.randrange(200)))
        subject = "".join(dice.choices("ab \u627f\u8a8d,-", k=dice.randrange(120))).strip()
        charset = dice.choice(("utf-8", "iso-2022-jp"))
        lines = in_lines(build_mail({**HEAD, "Subject": subject}, text, charset=charset))
        done = Signable(lines).signatures([hand], dice.randrange(1_700_000_000)) + lines
        assert world.holds(done, key) == [True]

    play(60, case)
