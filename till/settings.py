"""How a till or a vending machine is set up: the gateway, its journal, what it sells, and its receipts."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class TillSettings:
    """[till]: a till or vending machine of a shop: where its gateway is, and what stands on its receipts."""

    url: str = field(default="", metadata={"help": "the shop API: https://HOST[:PORT]"})
    key: str = field(
        default="",
        repr=False,
        metadata={
            "help": 'key of hagaki merchant key new: "env:NAME" or "file:PATH"',
            "secret": True,
        },
    )
    ca: str = field(
        default="", metadata={"help": "authorities trusted, a PEM file; empty: the system's", "path": ""}
    )
    name: str = field(default="till-1", metadata={"help": "of this device, begins its deal IDs"})
    journal: str = field(default="var/till", metadata={"help": "folder of journal and receipts", "path": ""})
    prices: str = field(
        default="",
        metadata={"help": "price file, CSV; empty: the gateway's products of this shop", "path": ""},
    )
    scanner: str = field(
        default="", metadata={"help": "serial device of the scanner; empty: it types like a keyboard"}
    )
    baud: int = field(
        default=9600, metadata={"help": "bits a second on that line, 8N1", "min": 300, "max": 921600}
    )
    language: str = field(default="ja", metadata={"help": "of screen and receipts", "choices": ("ja", "en")})
    currency: int = field(default=392, metadata={"help": "ISO 4217 numeric", "min": 1, "max": 999})
    delivery: str = field(default="", metadata={"help": "where and how goods go, as customers are told"})
    ask_minutes: int = field(
        default=15, metadata={"help": "so long a customer may think, minutes", "min": 1, "max": 43200}
    )
    timeout_ms: int = field(
        default=10_000,
        metadata={"help": "longest wait for the gateway's answer, ms", "min": 100, "max": 600_000},
    )
    retry_first_ms: int = field(
        default=500,
        metadata={"help": "wait before it is asked again, ms; doubles", "min": 1, "max": 60_000},
    )
    retry_max_ms: int = field(
        default=10_000, metadata={"help": "longest such wait, ms", "min": 1, "max": 600_000}
    )
    shop: str = field(default="", metadata={"help": "the shop's name on receipts"})
    address: str = field(default="", metadata={"help": "its address there"})
    registration_number: str = field(
        default="", metadata={"help": "qualified invoice issuer, T and 13 digits; empty: none"}
    )
