"""The letters about wants, as a merchant gets them: of one sale, without a gateway."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from mail_gateway.domain.notice import Notice
from mail_gateway.domain.payment import State, Trade
from mail_gateway.outbox.compose import Compose, TokenKeys
from mail_gateway.outbox.notices import Notices
from mail_gateway.settings import GatewaySettings, KeySettings, Settings, SmarthostSettings, SmtpSettings
from mail_gateway.store.payments import Payment
from schemas.mail.read import Mail, read_mail

SETTINGS = Settings(
    GatewaySettings("pay.example"),
    KeySettings("env:ROOT"),
    SmtpSettings("mx.pay.example"),
    SmarthostSettings(),
)
TOKENS = TokenKeys(b"r" * 32, b"b" * 32)
NOW_MS = 1_800_000_000_000
UNTIL_MS = NOW_MS + 7 * 24 * 60 * 60_000
ZONE = ZoneInfo("Asia/Tokyo")


def kit() -> Any:
    """As much of a kit as the writers of letters look at."""
    notices = Notices(TOKENS, Compose(SETTINGS, TOKENS))
    return SimpleNamespace(settings=SETTINGS.gateway, notices=notices)


def payment(language: str = "ja", **changes: Any) -> Payment:
    """An approved sale of 120,000 yen."""
    blank = dict.fromkeys(Payment.__dataclass_fields__)
    numbers = dict.fromkeys(("shunted", "attempts", "version", "returned_minor"), 0)
    sale = {
        **numbers,
        "id": 42,
        "merchant": 1,
        "merchant_name": "山の店",
        "recipient": "shop@carrier.example",
        "language": language,
        "terminal_id": "00000001",
        "merchant_id": "000000000000001",
        "amount_minor": 120_000,
        "currency": 392,
        "masked_card": "411111******1111",
        "approval_number": "123456",
        "slip": 12,
        "keyed_s": NOW_MS // 1000,
        "kind": Trade.SALE,
        "state": State.APPROVED,
        "wanted": "",
    }
    return Payment(**{**blank, **sale, **changes})  # type: ignore[arg-type]


def read(notice: Notice) -> Mail:
    """A notice as it is sent, read again."""
    mail = read_mail(kit().notices.compose(notice, NOW_MS).raw)
    assert isinstance(mail, Mail)
    return mail
