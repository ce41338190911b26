"""The merchant's desk: an answer that is one of its words is done, and answered, in one unit of work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from mail_gateway.domain import desk
from mail_gateway.domain.day import day_begun
from mail_gateway.domain.desk import OF_ONE_SALE, Command, Verb
from mail_gateway.domain.payment import TAKEN
from mail_gateway.domain.takings import Takings
from mail_gateway.store import desk as store
from mail_gateway.store.desk import Done, Order
from mail_gateway.work import receipts
from mail_gateway.work.asked import Asked

if TYPE_CHECKING:
    from mail_gateway.domain.reply import Reply
    from mail_gateway.domain.takings import Sale
    from mail_gateway.work.asked import Words
    from mail_gateway.work.kit import Kit

HOUR_MS: Final = 3_600_000
LIST_MS: Final = 3 * 24 * HOUR_MS
LIST_MAX: Final = 61
"""One more than a letter lists, by which it knows that there are more."""

UNCLEAR_PER_HOUR_MAX: Final = 3
"""Two machines that do not understand each other soon fall silent."""


class Desk:
    """Two stages for the answers of merchants: one before all others, one behind them."""

    def __init__(self, words: Words) -> None:
        self._words = words

    async def take(self, kit: Kit, reply: Reply) -> bool:
        """An answer that begins with a command. Raises Stale, GatewayError: nothing was done."""
        command = desk.first(reply.lines)
        if command is not None:
            await self._obey(kit, reply, command)
        return command is not None

    async def take_last(self, kit: Kit, reply: Reply) -> bool:
        """Any answer: a command that stands somewhere in it, or what nobody understands."""
        await self._obey(kit, reply, desk.only(reply.lines) or Command(Verb.UNCLEAR))
        return True

    async def _obey(self, kit: Kit, reply: Reply, command: Command) -> None:
        asked = Asked(kit, reply, self._words, command, kit.ports.now_ms())
        verb, done, sale = await _judged(asked)
        order = Order(reply.mail, reply.merchant.id, verb, None if sale is None else sale.id)
        await kit.store.run(store.answer, order, done, asked.now_ms)
        kit.ports.tell("desk.answered", merchant=reply.merchant.id, asked=verb.value, payment=order.payment)
        kit.letter_queued()


async def _judged(asked: Asked) -> tuple[Verb, Done, Sale | None]:
    """What is done, unless there were too many in this hour: then that is said once."""
    kit, verb, whose = asked.kit, asked.command.verb, asked.reply.merchant.id
    counts = await kit.store.read(store.orders_since, whose, asked.now_ms - HOUR_MS)
    told = counts.pop(Verb.BUSY, 0)
    if sum(counts.values()) >= kit.settings.desk_per_hour_max:
        return Verb.BUSY, Done() if told else asked.letter(asked.words.help(asked.reply, "busy")), None
    if verb is Verb.UNCLEAR and counts.get(verb, 0) >= UNCLEAR_PER_HOUR_MAX:
        return verb, Done(), None
    if verb not in OF_ONE_SALE:
        return verb, await _of_all(asked), None
    found = await _meant(asked)
    if len(found) == 1:
        return verb, await _of_one(asked, found[0]), found[0]
    why = "number-missing" if not asked.command.number else "several" if found else "unknown"
    return verb, asked.which(why, found), None


async def _of_all(asked: Asked) -> Done:
    """What is asked of no sale in particular."""
    reply, read, now_ms = asked.reply, asked.kit.store.read, asked.now_ms
    if asked.command.verb is Verb.LIST:
        sales = await read(store.of_merchant, reply.merchant.id, now_ms - LIST_MS, LIST_MAX)
        return asked.letter(asked.words.listed(reply, sales, now_ms))
    if asked.command.verb is Verb.TODAY:
        return asked.letter(asked.words.today(reply, await _takings(asked)))
    why = "unclear" if asked.command.verb is Verb.UNCLEAR else ""
    return asked.letter(asked.words.help(reply, why))


async def _takings(asked: Asked) -> Takings:
    settings, whose = asked.kit.settings, asked.reply.merchant.id
    from_ms = day_begun(asked.now_ms, ZoneInfo(settings.time_zone), settings.digest_at)
    final = await asked.kit.store.read(store.taken, whose, from_ms, asked.now_ms)
    still_open = await asked.kit.store.read(store.still_open, whose)
    return Takings(from_ms, asked.now_ms, tuple(final), tuple(still_open))


async def _meant(asked: Asked) -> list[Sale]:
    """The sales that the number fits; without one, the sale whose letter was answered."""
    read, whose, number = asked.kit.store.read, asked.reply.merchant.id, asked.command.number
    if number:
        found: list[Sale] = await read(store.found, whose, number)
        return found
    if asked.reply.payment is None:
        return []
    sale: Sale | None = await read(store.sale, whose, asked.reply.payment)
    return [] if sale is None else [sale]


async def _of_one(asked: Asked, sale: Sale) -> Done:
    if asked.command.verb is Verb.RECEIPT:
        return await receipts.give(asked, sale)
    if sale.state in TAKEN and sale.is_given_back:  # its result says that the goods may be handed over
        return asked.which("given-back", (sale,))
    if await asked.kit.store.read(store.has_result, sale.id):
        return Done(again_ms=asked.kit.settings.resend_after_s * 1000)
    return asked.which("no-result", (sale,))
