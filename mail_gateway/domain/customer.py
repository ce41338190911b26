"""Who buys, how they pay, what is sold, and how a merchant sells: the master data of orders."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from mail_gateway.domain.confirmation import Policy

if TYPE_CHECKING:
    from mail_gateway.domain.order import Settle


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer. customer_id: what a shop is told, such as C-7Q4KDM. second_mail: empty where there is
    none; it hears of a locked confirmation. secret: OCRA key and password hash, wrapped; None: none set."""

    id: int
    customer_id: str
    name: str
    mail: str
    second_mail: str
    language: str
    address: str
    secret: bytes | None = field(default=None, repr=False)


class MeansKind(StrEnum):
    """What pays."""

    CARD = "card"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Means:
    """One way to pay of one customer. shown: masked, for people. wrapped: under the means' own purpose key.

    acquirer: whom to ask; empty: as the routes say.
    """

    id: int
    customer: int
    kind: MeansKind
    shown: str
    acquirer: str
    retired_ms: int | None
    wrapped: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Product:
    """One product of one merchant. code: the merchant's own or the barcode. stock: None: not counted.

    unit_minor: with tax, minor units; tax_rate: percent. reserved: of the stock, for orders not confirmed.
    """

    id: int
    merchant: int
    code: str
    name: str
    model: str
    unit_minor: int
    currency: int
    tax_rate: int
    stock: int | None
    reserved: int
    retired_ms: int | None


@dataclass(frozen=True, slots=True)
class Selling:
    """How a merchant sells by mail. answer_h, remind_h: hours; 0: as [orders] says. webhook: URL or
    empty. hook_secret: wrapped; None where there is no webhook.
    """

    merchant: int
    settle: Settle
    policy: Policy
    answer_h: int
    remind_h: int
    webhook: str
    hook_secret: bytes | None = field(default=None, repr=False)
