"""Reading a mail: Japanese text, senders, hostile mails, time."""

from __future__ import annotations

import base64
import itertools
import quopri
import random

import pytest
from cost import cost_s

from schemas.envelope import armour
from schemas.errors import WireError
from schemas.mail import charset, html
from schemas.mail.find import find_block
from schemas.mail.headers import decode_words, message_ids, single_address
from schemas.mail.read import Mail, Unreadable, read_mail

SEALED = bytes(range(120))
BLOCK = armour.block(armour.SALE, SEALED)
FAST_S = 5
"""Generous, for a busy machine; what is quadratic needs minutes."""


def mail_of(headers: str = "", body: str = "") -> Mail:
    mail = read_mail(f"{headers}\r\n{body}".encode())
    assert isinstance(mail, Mail)
    return mail


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"\x1b$B8+@Q\x1b(B ok", "見積 ok"),
        (b'\x1b$B-"\x1b(B', "②"),  # NEC row 13
        (b"\x1b(I1?\x1b(B", "ｱｿ"),
        (b"\xb1\xbf", "ｱｿ"),
        (b"\x1b$(D0!\x1b(B", "丂"),
        (b"\x1b$B8+\n@Q", "見\n@Q"),  # a line that forgot to return to ASCII spoils no other
        (b"\x1b$B8+\x7f\x7f@Q\x1b(BBEGIN", "見\ufffd積BEGIN"),
        (b"\x1b$B8+@\x1b(BBEGIN", "見\ufffdBEGIN"),
        (b"\x1b$B8+ @Q\x1b(B", "見 積"),
        (b"\x1b(JABC", "ABC"),
    ],
)
def test_iso_2022_jp_as_carriers_send_it(raw: bytes, text: str) -> None:
    assert charset.decode(raw, "ISO-2022-JP") == text


def test_every_pair_of_jis_x_0208_reads_as_python_reads_it() -> None:
    differing = []
    for row, cell in itertools.product(range(0x21, 0x75), range(0x21, 0x7F)):
        raw = b"\x1b$B" + bytes((row, cell)) + b"\x1b(B"
        try:
            text = raw.decode("iso-2022-jp")
        except UnicodeDecodeError:
            continue
        if charset.decode_cp50221(raw) != text:
            differing.append(text)
    assert "".join(differing) == "〜‖−¢£¬"  # Microsoft's table has other characters for these signs


@pytest.mark.parametrize(
    ("label", "raw", "text"),
    [
        ("Shift_JIS", "①髙".encode("cp932"), "①髙"),
        ("us-ascii", "é".encode(), "é"),
        ("nonsense", b"\xe9", "é"),
        ("utf-8", b"ok \xff", "ok ÿ"),
        ("EUC-JP", "日本".encode("euc_jp"), "日本"),
        ("utf-16", "日本".encode("utf-16"), "日本"),
    ],
)
def test_charset_labels(label: str, raw: bytes, text: str) -> None:
    assert charset.decode(raw, label) == text


def test_flowed_lines_join_within_one_depth_and_the_signature_rule_stays() -> None:
    text = "見 \n積\n> a \n> b\n-- \nme"
    assert charset.unflow(text, delsp=True) == "見積\n> ab\n-- \nme"
    assert charset.unflow(text, delsp=False) == "見 積\n> a b\n-- \nme"


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>a<br>b</p>c", "\na\nb\nc"),
        ("<style>x{}</style>a<!-- b -->c", "ac"),
        ("1 < 2 &gt; 0 &amp;&#x3042;", "1 < 2 > 0 &あ"),
        ("a<script>never closed", "a"),
        ("<SCRIPT>b</SCRIPT>c", "c"),
        ("<br/>x<b", "\nx"),
    ],
)
def test_html(markup: str, text: str) -> None:
    assert html.strip(markup) == text


@pytest.mark.parametrize(
    ("value", "sender"),
    [
        ("a@b.jp", "a@b.jp"),
        ("<a..b@docomo.ne.jp>", "a..b@docomo.ne.jp"),
        ('"Yamada, Taro" <a@b.jp>', "a@b.jp"),
        ("=?utf-8?B?5bGx?= <a@b.jp>", "a@b.jp"),
        ("shop@example.com <evil@x.net>", ""),
        ("a@b.jp, c@d.jp", ""),
        ('<a@"x"b.jp>', ""),
        ("<@r:a@b.jp>", ""),
        ("group: a@b.jp;", ""),
        ("a@b.jp (comment)", ""),
        ('"a@b.jp" <evil@x.net>', "evil@x.net"),
        ("", ""),
    ],
)
def test_a_sender_is_named_only_when_nobody_can_read_another(value: str, sender: str) -> None:
    assert single_address(value) == sender


def test_two_from_headers_name_nobody() -> None:
    assert mail_of("From: a@b.jp\r\nFrom: c@d.jp\r\n").from_address == ""


def test_hints_of_a_mail() -> None:
    headers = (
        "From: a@b.jp\r\nSubject: =?iso-2022-jp?B?GyRCPjU=?=\r\n =?iso-2022-jp?B?RycbKEI=?= ok\r\n"
        "Message-ID: <1@x>\r\nIn-Reply-To: <2@y>\r\nReferences: <1@x>\r\n\t<2@y>\r\n"
        "Auto-Submitted: auto-replied\r\nDate: Sat, 21 Nov 2026 09:00:00 +0900\r\n"
    )
    mail = mail_of(headers, "hello")
    assert (mail.subject, mail.message_id, mail.in_reply_to) == ("承認 ok", "1@x", "2@y")
    assert (mail.references, mail.auto_submitted) == (("1@x", "2@y"), "auto-replied")
    assert (mail.date, mail.texts) == ("Sat, 21 Nov 2026 09:00:00 +0900", ("hello",))


def test_encoded_words() -> None:
    assert decode_words("a =?utf-8?Q?=E6=97=A5_x?= b") == "a 日 x b"
    assert decode_words("=?utf-8?B?!!?=") == "=?utf-8?B?!!?="
    assert decode_words("=?utf-8?Q?a?= =?us-ascii?Q?b?=") == "ab"
    assert message_ids("<a@b> junk <c d> <>") == ("a@b",)


TEXT_MANGLINGS = {
    "quoted": lambda text: "".join(f"> {line}\n" for line in text.splitlines()),
    "bars": lambda text: "".join(f"｜＞{line}\n" for line in text.splitlines()),
    "joined": lambda text: " ".join(text.split("\n")),
    "wrapped": lambda text: "".join(c + ("\n" if n % 31 == 30 else "") for n, c in enumerate(text)),
    "lower": str.lower,
    "wide": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    "invisible": lambda text: "\u200b".join(text),
    "greeting": lambda text: f"よろしく\nBEGIN\n{text}-- \nme\n",
}
CARRIAGES = {
    "utf-8": ("text/plain; charset=utf-8", "8bit", lambda text: text.encode()),
    "base64": (
        "text/plain; charset=utf-8",
        "base64",
        lambda text: base64.encodebytes(text.encode()),
    ),
    "quoted-printable": (
        "text/plain; charset=utf-8",
        "quoted-printable",
        lambda text: quopri.encodestring(text.encode()),
    ),
    "iso-2022-jp": (
        "text/plain; charset=iso-2022-jp",
        "7bit",
        lambda text: text.replace("\u200b", "").encode("iso-2022-jp", "replace"),
    ),
    "html": (
        "text/html; charset=utf-8",
        "8bit",
        lambda text: ("<div>" + text.replace(">", "&gt;").replace("\n", "<br>\n") + "</div>").encode(),
    ),
}


@pytest.mark.parametrize("carriage", CARRIAGES)
@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(TEXT_MANGLINGS, 2)))
def test_a_block_survives_two_manglings_on_any_carriage(first: str, second: str, carriage: str) -> None:
    kind, encoding, encode = CARRIAGES[carriage]
    body = encode(TEXT_MANGLINGS[second](TEXT_MANGLINGS[first](BLOCK)))
    raw = f"Content-Type: {kind}\nContent-Transfer-Encoding: {encoding}\n\n".encode() + body
    mail = read_mail(raw)
    assert isinstance(mail, Mail)
    assert find_block(mail, armour.SALE) == (armour.SALE, SEALED)


def test_no_changed_letter_passes() -> None:
    lines = BLOCK.splitlines()
    for at in range(len(lines[1])):
        other = "B" if lines[1][at] != "B" else "C"
        changed = "\n".join([lines[0], lines[1][:at] + other + lines[1][at + 1 :], *lines[2:]])
        with pytest.raises(WireError) as raised:
            find_block(mail_of("", changed), armour.SALE)
        assert raised.value.slug.startswith("armour-")


HOSTILE = {
    "semicolons": b"Content-Type: text/plain" + b";" * 8000 + b"\n\nx",
    "quotes": b"Content-Type: text/plain; x=" + b'"' * 8000 + b"\n\nx",
    "comments": b"From: " + b"(" * 8000 + b"\n\nx",
    "words": b"Subject: " + b"=?utf-8?Q?a?= " * 580 + b"\n\nx",
    "angles": b"Content-Type: text/html\n\n" + b"<" * 1_000_000,
    "unclosed": b"Content-Type: text/html\n\n" + b"<!--" * 250_000,
    "styles": b"Content-Type: text/html\n\n" + b"<style>" * 140_000,
    "entities": b"Content-Type: text/html\n\n" + b"&#" + b"9" * 1_000_000,
    "punycode": b"Content-Type: text/plain; charset=punycode\n\n" + b"a-" * 500_000,
    "escapes": b"Content-Type: text/plain; charset=iso-2022-jp\n\n" + b"\x1b$B" * 340_000,
    "pairs": b"Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$B" + b"~~" * 500_000,
    "begins": b"\nBEGIN HAGAKI SALE\n" * 50_000,
    "soft-ends": b"\n" + b"=20" * 340_000 + b"x",
    "spaces": b"\n" + b" " * 1_000_000 + b"x",
    "ligatures": b"\n" + "ﷺ".encode() * 340_000,
    "boundaries": b'Content-Type: multipart/mixed; boundary="x"\n\n' + b"--x\n\n" * 200_000,
    "declared": b"\n" + b"boundary=" * 110_000,
    "messages": b"Content-Type: message/rfc822\n\n" * 3000,
    "nested": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000)
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_mail_costs_no_time_and_raises_nothing(name: str) -> None:
    def read() -> None:
        mail = read_mail(HOSTILE[name][:1_048_576])
        if isinstance(mail, Mail):
            with pytest.raises(WireError):
                find_block(mail, armour.SALE)

    assert cost_s(read, enough_s=FAST_S) < FAST_S


def test_thousands_of_damaged_mails_raise_nothing() -> None:
    chance = random.Random(1)
    good = (
        b'From: a@b\nSubject: =?utf-8?B?5bGx?=\nContent-Type: multipart/mixed; boundary="x"\n\n--x\n'
        b"Content-Type: text/plain; charset=iso-2022-jp; format=flowed\nContent-Transfer-Encoding: base64\n\n"
        b"AAAA\n--x\nContent-Type: message/rfc822\n\nSubject: x\n\n--x\nContent-Disposition: attachment\n"
        b"Content-Transfer-Encoding: uuencode\n\nbegin 644 x\n#AAAA\nend\n--x--\n"
    )
    for _ in range(4_000):
        raw = bytearray(good)
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(raw))
            raw[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        assert isinstance(read_mail(bytes(raw)), Mail | Unreadable)


def test_unreadable_says_why() -> None:
    assert read_mail(b"x" * 1_048_577) == Unreadable("mail-too-big", "1048577")
    assert read_mail(b"") == Mail("", "", "", "", "", (), "", ("",))
    assert read_mail(b"A: " + b"x" * 8190 + b"\n\n") == Unreadable("mail-header-long", "8193")


def test_lines_and_containers_are_limited_because_the_parser_compares_each_with_each() -> None:
    lines = read_mail(b"Subject: x\r\n\r\n" + b"\r\n" * 70_000)
    assert isinstance(lines, Unreadable)
    assert lines.slug == "mail-lines-many"
    nested = b"".join(
        b"Content-Type:\n multipart/mixed; boundary*0=b%d\n\n--b%d\n" % (n, n) for n in range(60)
    )
    containers = read_mail(nested)
    assert isinstance(containers, Unreadable)
    assert containers.slug == "mail-parts-many"
