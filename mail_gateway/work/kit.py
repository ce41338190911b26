"""What every stage works with, handed in by app.py."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from mail_gateway.settings import OrderSettings
from mail_gateway.work.lookout import Lookout

if TYPE_CHECKING:
    from collections.abc import Callable

    from mail_gateway.domain.news import Composed, News
    from mail_gateway.domain.notice import Notice
    from mail_gateway.domain.order_news import OrderNews
    from mail_gateway.envelope.keys import KeyRing
    from mail_gateway.ports import Ports
    from mail_gateway.settings import GatewaySettings
    from mail_gateway.store.engine import Store
    from mail_gateway.work.switch import Switch


class Writer(Protocol):
    """Turns news into a letter. Pure: the same news gives the same bytes."""

    def compose(self, news: News) -> Composed: ...


class NoticeWriter(Protocol):
    """Turns a notice into a letter. now_ms: unix ms, for its date."""

    def compose(self, notice: Notice, now_ms: int) -> Composed: ...


class OrderLetters(Protocol):
    """Turns news about an order into a letter. Pure: the same news gives the same bytes."""

    def compose(self, news: OrderNews) -> Composed: ...


class _NoOrderLetters:
    """Where no orders are taken."""

    def compose(self, news: OrderNews) -> Composed:
        raise LookupError(news.kind)


def nobody_listens(_: int) -> None:
    """Where no orders are taken."""


@dataclass(frozen=True, slots=True)
class Kit:
    """node: this life of the gateway. letter_queued: wakes the sender. order_moved: told the number of an
    order whenever one of its payments has moved, or it was answered.

    line: held while a sale is open in memory and at the acquirer, so that a burst waits sealed.
    """

    store: Store
    keys: KeyRing
    acquirers: Switch
    writer: Writer
    notices: NoticeWriter
    settings: GatewaySettings
    ports: Ports
    node: int
    letter_queued: Callable[[], None]
    line: asyncio.Semaphore
    order_moved: Callable[[int], None] = nobody_listens
    order_letters: OrderLetters = field(default_factory=_NoOrderLetters)
    orders: OrderSettings = field(default_factory=OrderSettings)
    lookout: Lookout = field(default_factory=Lookout)
