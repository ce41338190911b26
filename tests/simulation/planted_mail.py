"""Bugs of the mail: dedup, outbox, addresses, and what leaks."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace

from planted import Bed, wrapped

from acquirer_sdk.values import CardData
from mail_gateway.outbox import compose, send, smarthost
from mail_gateway.outbox.smarthost import Fate, Handed
from mail_gateway.store import handover, inbox, letters
from mail_gateway.work import sale, taking

BED = Bed()


@BED.bug("mail-doubled")
def a_repeated_mail_is_a_new_sale(patch):
    def keep(old, conn, arrival, *more):
        salted = hashlib.sha256(arrival.envelope + str(arrival.received_ms).encode()).digest()

        class Salted:
            @staticmethod
            def sha256(_):
                return hashlib.sha256(salted)

        patch.setattr(inbox, "hashlib", Salted)
        return old(conn, arrival, *more)

    wrapped(patch, inbox, "keep", keep)


@BED.bug("mail-doubled,mail-lost")
def a_repeated_mail_is_not_looked_for(patch):
    wrapped(patch, inbox, "_known", lambda old, *given: (None, *old(*given)[1:]))


@BED.bug("mail-lost,cut")
def a_letter_is_marked_before_it_is_taken(patch):
    async def one(old, self, letter, connection):
        sent = [handover.Mark(letter.id, "sent", "250 OK")]
        await self._store.run(handover.settle, sent, self._ports.now_ms())
        await connection.connect()
        await connection.hand_over(letter)

    wrapped(patch, send.Sender, "_one", one)


@BED.bug("mail-lost,cut")
def an_uncertain_letter_counts_as_sent(patch):
    async def hand_over(old, self, letter):
        handed = await old(self, letter)
        return Handed(Fate.SENT, "") if handed.fate is Fate.UNCERTAIN else handed

    wrapped(patch, smarthost.Smarthost, "hand_over", hand_over)


@BED.bug("mail-lost", seed=2)
def come_again_counts_as_sent(patch):
    async def hand_over(old, self, letter):
        handed = await old(self, letter)
        return Handed(Fate.SENT, "") if handed.fate is Fate.LATER else handed

    wrapped(patch, smarthost.Smarthost, "hand_over", hand_over)


@BED.bug("none")
def every_letter_goes_to_the_first_merchant(patch):
    def to_first(old, self, news):
        return old(self, replace(news, recipient="shop0@carrier.example"))

    wrapped(patch, compose.Compose, "compose", to_first)


@BED.bug("none")
def a_letter_is_never_due(patch):
    patch.setattr(handover, "claim", lambda *_: handover.Claimed((), None))


@BED.bug("mail-bounced")
def a_repeated_sale_pulls_no_letter(patch):
    patch.setattr(letters, "again", lambda *_: False)


@BED.bug("none")
def a_card_stands_in_an_event(patch):
    async def dispatch(old, kit, ready):
        kit.ports.tell("acquirer.asked", payment=ready.payment.id, reason=ready.request.card.track2)
        return await old(kit, ready)

    wrapped(patch, sale, "dispatch", dispatch)


@BED.bug("none")
def a_card_is_not_masked(patch):
    patch.setattr(CardData, "masked", property(lambda card: card.pan))


@BED.bug("none")
def a_key_stands_in_an_event(patch):
    def opened(old, kit, payment):
        found = old(kit, payment)
        kit.ports.tell("keys.used", payment=payment.id, reason=kit.keys.bdk(payment.ksn[:4]).hex())
        return found

    wrapped(patch, taking, "unsealed", opened)


@BED.bug("none")
def a_card_stands_in_the_log(patch):
    def request(old, payment, opened):
        logging.getLogger("mail_gateway").error("cannot read %s", opened.sale.track2)
        return old(payment, opened)

    wrapped(patch, sale, "_request", request)
