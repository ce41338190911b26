"""Mails as phones, webmail, gateways, robots and attackers make them, put together by dice."""

from __future__ import annotations

import base64
import quopri
import random

from schemas.envelope import armour, cose

KSN = bytes.fromhex("123456780000000100000001")
SEALED = [cose.pack(KSN, 0, bytes(range(n, n + 40))) for n in range(3)]
BLOCKS = [armour.block(armour.SALE, sealed) for sealed in SEALED]

CHARSETS = (
    *(
        "utf-8",
        "us-ascii",
        "iso-2022-jp",
        "Shift_JIS",
        "euc-jp",
        "utf-16",
        "windows-31j",
        "iso-8859-1",
        "punycode",
    ),
    *(
        "idna",
        "unicode_escape",
        "hex",
        "rot13",
        "undefined",
        "mbcs",
        "utf-7",
        "x",
        "",
        "utf-8\0",
        "\xff",
        "zlib",
    ),
)
ENCODINGS = (
    "7bit",
    "8bit",
    "binary",
    "base64",
    "quoted-printable",
    "x-uuencode",
    "BASE64",
    "none",
    "",
    "x-gzip64",
)
HEADERS = (
    "From: shop@carrier.example",
    "From: =?iso-2022-jp?B?GyRCOzMkTkU5GyhC?= <a..b@docomo.ne.jp>",
    'From: "shop@example.com" <evil@x.example>',
    "From: a@x.example, b@y.example",
    "From: <@r1,@r2:u@d.example>",
    "From: (comment (nested) u@d.example",
    "To: sale@pay.example",
    "Subject: sale",
    "Subject: =?utf-8?Q?=0D=0ABcc:_x@y.example?= =?utf-8?B?////?= =?x?B?A?=",
    "Subject: =?iso-2022-jp?B?GyRCJUYlOSVIGyhC?=\r\n =?ISO-2022-JP?B?GyRC?=",
    "Message-ID: <1@carrier.example>",
    "Message-ID: no brackets <<>> <a b@c>",
    "In-Reply-To: <r1abc@pay.example>",
    "References: <1@x> <2@x>\r\n\t<3@x>",
    "Date: Sat, 21 Nov 2026 03:00:00 +0900 (JST)",
    "Date: yesterday",
    "Auto-Submitted: auto-replied",
    "Precedence: bulk",
    "X-Autoreply: yes",
    "Received: from a by b; Sat, 21 Nov 2026 03:00:00 +0900",
    "MIME-Version: 1.0",
    "Return-Path: <>",
    "X : space before the colon",
    ": no name",
    "no colon at all",
    " folded first",
    "X-Long: " + "y" * 3000,
    "Content-Disposition: attachment; filename*0*=utf-8''%41; filename*1=b; filename=c",
    "Content-Type: text/plain; charset*=utf-8'ja'utf-8; charset=x",
    'Content-Type: ;;;=""; charset',
    "Content-Transfer-Encoding: =?utf-8?B?YmFzZTY0?=",
)
KINDS = ("mixed", "alternative", "related", "report; report-type=delivery-status", "digest", "signed", "x")
TEXTS = (
    "山の店です。よろしくお願いします。\r\n",
    "ＯＫ ﾊｲ ① ￥１２００\r\n",
    "On Mon, shop <sale@pay.example> wrote:\r\n> BEGIN HAGAKI SALE\r\n> AB\r\n",
    "<html><body><pre>%s</pre><br>&lt;END HAGAKI&gt;&#x41;</body></html>",
    "<div>BEGIN&nbsp;HAGAKI SALE<br>%s</div><style>x</style><!-- ",
    "BEGIN HAGAKI RESULT\r\nAAAA\r\nEND HAGAKI RESULT\r\n",
    "",
    ".\r\n..\r\n",
    "flowed text that \r\n> goes on \r\n>> and on \r\n-- \r\n",
)


def mail(dice: random.Random) -> bytes:
    """One mail: headers and a tree of parts, with CRLF or not."""
    raw = _headers(dice) + _part(dice, 0)
    return raw if dice.random() < 0.8 else raw.replace(b"\r\n", dice.choice((b"\n", b"\r", b"\n\r")))


def _headers(dice: random.Random) -> bytes:
    chosen = [*dice.sample(HEADERS, dice.randint(0, 9)), *dice.sample(HEADERS, dice.randint(0, 3))]
    return "".join(line + "\r\n" for line in chosen).encode()


def _part(dice: random.Random, depth: int) -> bytes:
    if depth < dice.choice((0, 1, 2, 3, 30)) and dice.random() < 0.7:
        return _container(dice, depth)
    kind = dice.choice(
        ("text/plain", "text/html", "application/octet-stream", "TEXT/x-y", "image/png", "text")
    )
    more = dice.choice(
        ("", "; format=flowed", "; format=flowed; delsp=yes", '; name="a;b"', "; x*0=a; x*2=c")
    )
    charset, encoding = dice.choice(CHARSETS), dice.choice(ENCODINGS)
    head = f"Content-Type: {kind}; charset={charset}{more}\r\nContent-Transfer-Encoding: {encoding}\r\n"
    disposition = dice.choice(("", "", "Content-Disposition: attachment\r\n"))
    return (head + disposition + "\r\n").encode() + _encoded(dice, _text(dice).encode(), encoding) + b"\r\n"


def _container(dice: random.Random, depth: int) -> bytes:
    if dice.random() < 0.15:
        return b"Content-Type: message/rfc822\r\n\r\n" + _headers(dice) + _part(dice, depth + 1)
    boundary = dice.choice(("b", "=_b", "--", "a b", "'()+_,-./:=?", "x" * 70)) + str(depth)
    named = dice.choice(
        (f'"{boundary}"', boundary, f'"{boundary}', f"*0={boundary[:1]}; boundary*1={boundary[1:]}")
    )
    head = f"Content-Type: multipart/{dice.choice(KINDS)}; boundary={named}\r\n\r\npreamble\r\n".encode()
    opening = f"--{boundary}\r\n".encode()
    parts = b"".join(opening + _part(dice, depth + 1) for _ in range(dice.randint(0, 4)))
    return head + parts + dice.choice((f"--{boundary}--\r\nepilogue\r\n".encode(), b""))


def _text(dice: random.Random) -> str:
    block = dice.choice(BLOCKS).replace("\n", "\r\n")
    text = dice.choice((block, block, *TEXTS))
    return text.replace("%s", block)


def _encoded(dice: random.Random, data: bytes, encoding: str) -> bytes:
    if dice.random() < 0.2:
        return data  # it says one thing and does another
    if encoding.lower() == "base64":
        return base64.encodebytes(data)
    return quopri.encodestring(data) if encoding == "quoted-printable" else data
