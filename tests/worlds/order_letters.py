"""An order as its letters tell of it, and the letters of it, read back."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from typing import Any, Final

from mail_gateway.domain.confirmation import Policy
from mail_gateway.domain.customer import Customer
from mail_gateway.domain.news import Composed
from mail_gateway.domain.order import Foreign, Line, Order, OrderState, Settle
from mail_gateway.domain.order_news import OrderNews, Parties, Seller
from mail_gateway.domain.order_return import OrderReturn
from mail_gateway.domain.outcome import Letter
from mail_gateway.outbox.compose import Compose, TokenKeys
from mail_gateway.outbox.order_letters import OrderWriter
from mail_gateway.settings import (
    GatewaySettings,
    KeySettings,
    Settings,
    SiteSettings,
    SmarthostSettings,
    SmtpSettings,
)
from schemas.deal.layout import Deal, encode
from schemas.mail.read import Mail, read_mail

TOKENS: Final = TokenKeys(b"r" * 32, b"b" * 32)
SETTINGS: Final = Settings(
    GatewaySettings(domain="pay.example", reply_domain="r.pay.example"),
    KeySettings(),
    SmtpSettings(hostname="mx.pay.example"),
    SmarthostSettings(),
    site=SiteSettings(public_url="https://pay.example"),
)
WRITER: Final = OrderWriter(SETTINGS, TOKENS, Compose(SETTINGS, TOKENS))
PLACED_MS: Final = 1_795_258_000_000
LINES: Final = (
    Line("信州りんごジャム", "JAM-01", 540, 2, None, 8),
    Line("上高地ペナント", "", 1_265, 1),
    Line("登山靴 26.5cm 防水", "BOOT-265", 10_000, 1),
)
TOTAL: Final = 12_345
DEAL: Final = encode(
    Deal(
        shop="山の店",
        deal_id="D-20261121-0042",
        time_s=PLACED_MS // 1000,
        currency=392,
        total_minor=TOTAL,
        lines=[(line.name, line.model, line.unit_minor, line.quantity) for line in LINES],
    )
)
ORDER: Final = Order(
    id=7,
    merchant=1,
    deal_id="D-20261121-0042",
    customer=1,
    means=1,
    state=OrderState.ASKED,
    epoch=1,
    code="KXWTR",
    deal=DEAL,
    placed_ms=PLACED_MS,
    currency=392,
    total_minor=TOTAL,
    tax_minor=1_104,
    delivery="長野県松本市安曇上高地1-2-3 山田花子 様",
    foreign=Foreign(840, 8_305, "148.65", "ECB 2026-11-20"),
    settle=Settle.CONFIRMED,
    ask_first=False,
    until_ms=PLACED_MS + 72 * 3_600_000,
    due_ms=None,
    made_ms=None,
    tries=0,
    letters=1,
    remark="",
)
BACK: Final = OrderReturn(1, "R-1", 1_265, "瓶が割れていたため", PLACED_MS, payment=3)
POLICY: Final = Policy(10_000, 100_000)
OCRA_ONLY: Final = Policy(0, 0)


def news(kind: Letter, language: str = "ja", *, policy: Policy = POLICY, **changes: Any) -> OrderNews:
    """News of the order with these of its fields changed."""
    shop, name = ("山の店", "山田花子") if language == "ja" else ("Yama Store", "Hanako Yamada")
    seller = Seller(1, shop, "shop@carrier.example", language, policy)
    customer = Customer(1, "C-7Q4KDM", name, "hanako@docomo.example", "second@home.example", language, "")
    parties = Parties(seller, customer, LINES, "Visa **** 1111")
    back = changes.pop("back", BACK if kind.value.endswith("returned") else None)
    return OrderNews(kind, 1, replace(ORDER, **changes), parties, PLACED_MS + 5_000, back=back)


def composed(told: OrderNews) -> Composed:
    """The letter of that news."""
    return WRITER.compose(told)


def read(told: OrderNews) -> Mail:
    """The letter of that news as a mail program reads it."""
    mail = read_mail(composed(told).raw)
    assert isinstance(mail, Mail)
    return mail


def html_of(told: OrderNews) -> str:
    """Its HTML part, empty where there is none."""
    parts = message_from_bytes(composed(told).raw).walk()
    found = [part.get_payload(decode=True) for part in parts if part.get_content_type() == "text/html"]
    return b"".join(data for data in found if isinstance(data, bytes)).decode()
