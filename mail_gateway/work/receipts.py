"""A receipt: written once, kept as it was written, and given out again as the same bytes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from mail_gateway.domain import receipt as rules
from mail_gateway.domain.desk import Details
from mail_gateway.domain.payment import State
from mail_gateway.domain.receipt import YEN, Receipt
from mail_gateway.domain.takings import DEBIT, way
from mail_gateway.store import desk as store
from mail_gateway.store import shops
from mail_gateway.store.desk import Issued

if TYPE_CHECKING:
    from datetime import date

    from mail_gateway.domain.receipt import Band
    from mail_gateway.domain.takings import Sale
    from mail_gateway.store.desk import Done
    from mail_gateway.work.asked import Asked


async def give(asked: Asked, sale: Sale) -> Done:
    """The receipt of that payment; the first time it is made. What proved not collected has none any more.
    Raises GatewayError(retry)."""
    issued: Issued | None = await asked.kit.store.read(store.issued, sale.id)
    if issued is None or sale.state is State.UNPAID:
        return await _first(asked, sale)
    details = asked.command.details
    if details not in (Details(), rules.details_in(issued.facts)):
        return asked.letter(asked.words.issued_before(asked.reply, sale, issued.issued_ms))
    return asked.letter(asked.words.receipt(asked.reply, sale, issued.body, issued.pdf))


async def _first(asked: Asked, sale: Sale) -> Done:
    details = asked.command.details
    sold_as = await _tax_of_original(asked, sale)
    if why := rules.refusal(sale, details, sold_as):
        return asked.which(why, (sale,))
    made = await _receipt(asked, sale, rules.reduced_of(sale, details, sold_as))
    body, pdf = asked.words.written(made)
    issued = Issued(sale.id, asked.now_ms, rules.facts_of(details, made.bands), body, pdf)
    return replace(asked.letter(asked.words.receipt(asked.reply, sale, body, pdf)), receipt=issued)


async def _tax_of_original(asked: Asked, sale: Sale) -> tuple[Band, ...]:
    """Of a return: what the receipt of its sale says, if it has one."""
    if sale.original is None:
        return ()
    issued: Issued | None = await asked.kit.store.read(store.issued, sale.original)
    return () if issued is None else rules.bands_in(issued.facts)


async def _receipt(asked: Asked, sale: Sale, reduced_minor: int | None) -> Receipt:
    read, merchant = asked.kit.store.read, asked.reply.merchant
    shop = await read(shops.shop_of, merchant.id)
    sold = sale if sale.original is None else await read(store.sale, merchant.id, sale.original)
    day = _day(sale, asked)
    return Receipt(
        shop=shop,
        language="ja" if merchant.language == "ja" else "en",
        reference=f"{sale.id:012d}",
        slip=sale.slip,
        amount_minor=sale.amount_minor,
        currency=sale.currency,
        bands=rules.bands_of(sale.amount_minor, shop, reduced_minor) if sale.currency == YEN else (),
        sold_on=day if sold is None else _day(sold, asked),
        masked_card=sale.masked_card,
        approval_number=sale.approval_number,
        recipient=asked.command.details.recipient,
        description=asked.command.details.description,
        returned_on=day if sale.kind.is_return else None,
        original="" if sale.original is None else f"{sale.original:012d}",
        is_debit=way((sold or sale).condition) == DEBIT,
    )


def _day(sale: Sale, asked: Asked) -> date:
    """The day on which it became final."""
    zone = ZoneInfo(asked.kit.settings.time_zone)
    return datetime.fromtimestamp((sale.posted_ms or sale.received_ms) // 1000, zone).date()
