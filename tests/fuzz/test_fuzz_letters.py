"""Values of others in our letters: whatever a host, a merchant or a phone says, no header is forged."""

from __future__ import annotations

import random
import re
from dataclasses import fields, replace
from email import message_from_bytes

from dice import play
from order_letters import composed
from order_letters import news as order_news

from mail_gateway.domain.news import News
from mail_gateway.domain.order_news import Parties
from mail_gateway.domain.outcome import NOTICES, OF_ORDERS, Letter, Outcome
from mail_gateway.outbox.compose import Compose, TokenKeys
from mail_gateway.settings import GatewaySettings, KeySettings, Settings, SmarthostSettings, SmtpSettings
from schemas.errors import WireError
from schemas.mail.build import build_mail
from schemas.mail.read import Mail, read_mail

SETTINGS = Settings(
    GatewaySettings(domain="pay.example.jp", reply_domain="r.pay.example.jp"),
    KeySettings(),
    SmtpSettings(hostname="mx.pay.example.jp"),
    SmarthostSettings(),
)
COMPOSE = Compose(SETTINGS, TokenKeys(b"r" * 32, b"b" * 32), frozenset({"old@docomo.ne.jp"}))
NEWS = News(
    *(
        7,
        Letter.APPROVED,
        Outcome.APPROVED,
        1,
        1234,
        392,
        "411111******1111",
        "123456",
        12,
        "000012345678",
        "",
    ),
    *(1_800_000_000_999, "ja", "山の店", "mise@docomo.ne.jp", "abc@docomo.ne.jp", bytes(90), "12345678"),
)
HEADERS = (
    *(
        "From",
        "To",
        "Reply-To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "X-Auto-Response-Suppress",
    ),
    *("In-Reply-To", "References", "MIME-Version", "Content-Type"),
)
PIECES = (
    *(
        "\r\nBcc: evil@x.example",
        "\nBcc: evil@x.example",
        "\r\n\r\nbody",
        "\r",
        "\n",
        "\0",
        "\x85",
        "\u2028",
        "\x1e",
    ),
    *(
        "=?utf-8?Q?=0D=0ABcc:_evil@x.example?=",
        "=?",
        "?=",
        "=\u200b?utf-8?Q?x?=",
        "\u202e",
        "\ud800",
        "\U000e0041",
    ),
    *(
        "<1@x>",
        "<a@b> <c@d>",
        "<a@b>\r\n c",
        "山の店",
        "x" * 2000,
        "{{ 7*7 }}",
        "{% raw %}",
        "END HAGAKI RESULT",
    ),
    *(
        "evil@x.example",
        ",",
        ";",
        '"',
        "(",
        ".",
        "..",
        "\r\n.\r\n",
        "From ",
        "＝？",
        "\ufeff",
        "é",
        "a b",
        "%0d%0a",
    ),
)


def text(dice: random.Random) -> str:
    return "".join(dice.choice(PIECES) for _ in range(dice.randrange(1, 5)))


def test_no_letter_has_a_header_more_than_ours() -> None:
    texts = [f.name for f in fields(News) if f.type == "str" and f.name not in ("language", "masked_card")]

    def case(dice: random.Random) -> None:
        changed = {name: text(dice) for name in texts if dice.random() < 0.4}
        kind = dice.choice([kind for kind in Letter if kind not in NOTICES | OF_ORDERS])
        news = replace(NEWS, letter=kind, language=dice.choice(("ja", "en", "xx")), **changed)
        try:
            composed = COMPOSE.compose(news)
        except WireError as error:
            assert error.slug == "address-form"
            assert news.recipient != NEWS.recipient
            return
        must_be_ours(composed.raw)
        assert composed.recipient == news.recipient
        assert COMPOSE.compose(news) == composed

    play(400, case)


def test_no_letter_of_an_order_has_a_header_more_than_ours() -> None:
    """Customers, shops and what they sell have any name."""

    def case(dice: random.Random) -> None:
        told = replace(
            order_news(dice.choice(sorted(OF_ORDERS)), dice.choice(("ja", "en")), delivery=text(dice)),
            why=text(dice),
            in_reply_to=text(dice),
        )
        parties = told.parties
        customer = replace(parties.customer, name=text(dice), second_mail="")
        seller = replace(parties.seller, name=text(dice), registration_number=text(dice))
        lines = tuple(replace(line, name=text(dice), model=text(dice)) for line in parties.lines)
        told = replace(told, parties=Parties(seller, customer, lines, text(dice)))
        letter = composed(told)
        must_be_ours(letter.raw, "pay.example")
        assert composed(told) == letter

    play(150, case)


def must_be_ours(raw: bytes, domain: str = "pay.example.jp") -> None:
    head = raw.partition(b"\r\n\r\n")[0]
    parsed = message_from_bytes(raw)
    assert set(parsed.keys()) <= {*HEADERS, "Content-Transfer-Encoding"}
    assert len(parsed.keys()) == len(set(parsed.keys()))
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert head.isascii()
    own = re.compile(rb"=\?(?:UTF-8|ISO-2022-JP)\?B\?[A-Za-z0-9+/=]*\?=")
    assert b"=?" not in own.sub(b"", head)
    found = read_mail(raw)
    assert isinstance(found, Mail)
    assert found.from_address == f"sale@{domain}"
    assert found.auto_submitted in ("auto-replied", "auto-generated")


def test_a_mail_is_written_with_just_its_headers_or_not_at_all() -> None:
    def case(dice: random.Random) -> None:
        headers = {dice.choice(("Subject", "To", "X-A", text(dice))): text(dice) for _ in range(3)}
        name = dice.choice(("a.txt", text(dice)))
        kind = dice.choice(("text/plain", "text/csv", "application/pdf", text(dice)))
        content = dice.choice((b"AB", dice.randbytes(40), text(dice).encode("utf-8", "replace")))
        attachments = dice.choice(((), ((name, kind, content),)))
        try:
            raw = build_mail(headers, text(dice), attachments, charset=dice.choice(("utf-8", "iso-2022-jp")))
        except WireError:
            return
        parsed = message_from_bytes(raw)
        wanted = [*headers, "MIME-Version", "Content-Type"]
        assert [key for key in parsed if key != "Content-Transfer-Encoding"] == wanted

    play(1500, case)
