"""From an order and the card in hand to a sealed sale: next key, PIN block, seal, and kept in flash. A cancel
has no card."""

from card_reader_fw.answer import CURRENCY
from card_reader_fw.crypto import pin
from card_reader_fw.crypto.ccm import wipe
from card_reader_fw.crypto.dukpt import working_key
from card_reader_fw.open_sale import OpenSale
from card_reader_fw.rooms.order import CHIP, DEBIT, FALLBACK
from card_reader_fw.seal import derive, seal
from schemas.envelope import derivation, payload
from schemas.errors import WireError


class Till:
    """cipher: the AES port; vault; hand: card and PIN, wiped after each sale; random: port, may be None on a
    board without PIN and chip."""

    def __init__(self, cipher, vault, hand, random):
        self._cipher = cipher
        self._vault = vault
        self._hand = hand
        self._random = random

    def sell(self, order, now_s):
        """Seal and keep it -> OpenSale, or None when no key is left. Card and PIN are wiped in every case.

        Raises JournalError, and WireError payload-* for a card that no sale can carry.
        """
        try:
            has_card = order.kind != payload.CANCEL
            if has_card and order.condition == DEBIT and self._hand.track2 is None:
                raise WireError("payload-missing", "sale.track2")  # no card number to bind the PIN to
            taken = self._vault.next_key(self._cipher)
            return self._seal(order, now_s, taken) if taken else None
        finally:
            self._hand.wipe()

    def _seal(self, order, now_s, taken):
        ksn, key = taken
        sale = self._payload(order, now_s)
        if self._hand.pin_length:
            sale.pin_block = self._pin_block(ksn, key)
        kept = OpenSale(ksn, order.amount_minor, sale.slip, sale.reentry)
        kept.kind, kept.original = order.kind, order.original
        kept.condition, kept.count = order.condition, order.count
        seal_key, kept.result_key, kept.code_key = derive(self._cipher, ksn, key)
        self._vault.keep(kept, seal(self._cipher, seal_key, ksn, sale))
        return kept

    def _payload(self, order, now_s):
        sale = payload.Sale(kind=order.kind, amount_minor=order.amount_minor, currency=CURRENCY)
        sale.slip, sale.reentry = self._vault.numbers(order.kind, order.original)
        sale.reader_time_s = now_s
        sale.condition, sale.condition_count = order.condition, order.count
        sale.original_ksn = order.original
        if order.kind == payload.CANCEL:
            return sale
        hand = self._hand
        sale.entry_mode = _entry_mode(order.entry, hand.jis2)
        sale.track2 = hand.track2.text if hand.track2 else bytearray()
        sale.jis2, sale.emv = hand.jis2, hand.emv
        return sale

    def _pin_block(self, ksn, transaction_key):
        """Under usage 1000 of the sale's own KSN; the PIN is wiped at once."""
        pin_key = bytearray(working_key(self._cipher, transaction_key, derivation.PIN, ksn))
        encrypt = self._cipher(bytes(pin_key))
        wipe(pin_key)
        hand = self._hand
        digits = memoryview(hand.pin)[: hand.pin_length]
        number = memoryview(hand.track2.text)[: hand.track2.separator]
        done = pin.block(encrypt, digits, number, self._random(8))
        hand.wipe_pin()
        return done


def _entry_mode(entry, jis2):
    if entry == CHIP:
        return payload.CHIP
    if entry == FALLBACK:
        return payload.FALLBACK_STRIPE
    return payload.STRIPE_JIS2 if jis2 else payload.STRIPE
