"""Attacks on an order that is asked, by what the mail says: quotations, parts, codes, words, its moment."""

from __future__ import annotations

import base64

from answer_world import HOUR_MS, signed
from hostile_answers import Attack, cancel, headed, kind


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
    await at.send(signed(headed(at) + body))


@kind("many-parts")
async def many_parts(at: Attack) -> None:
    parts = b"--b\r\nContent-Type: text/plain\r\n\r\nyes\r\n" * 80
    await at.send(
        signed(headed(at) + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + parts + b"--b--")
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
    await at.send(signed(headed(at) + head + body.encode()))


@kind("attached")
async def attached(at: Attack) -> None:
    """Another mail sent on as an attachment: what it says, its writer said."""
    inner = b"From: x@robber.example\r\nSubject: x\r\n\r\nyes\r\n"
    text = b"--b\r\nContent-Type: text/plain\r\n\r\nPlease see below.\r\n"
    part = b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + inner + b"--b--\r\n"
    head = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    await at.send(signed(headed(at) + head + text + part))


@kind("in-a-file")
async def in_a_file(at: Attack) -> None:
    text = b"--b\r\nContent-Type: text/plain\r\n\r\nSee file.\r\n"
    disposition = b'Content-Disposition: attachment; filename="a.txt"\r\n\r\n'
    part = b"--b\r\nContent-Type: text/plain\r\n" + disposition + b"yes\r\n--b--\r\n"
    head = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    await at.send(signed(headed(at) + head + text + part))


@kind("charset")
async def charset(at: Attack) -> None:
    label, body = at.dice.choice(
        [("utf-7", b"+AHkAZQBz-"), ("punycode", b"yes-"), ("utf-16", b"\xff\xfey\0")]
    )
    head = f"Content-Type: text/plain; charset={label}\r\n\r\n".encode()
    await at.send(signed(headed(at) + head + body + b"\r\n"))


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
    await cancel(at.world, at.number)
    await at.send(at.theirs())
