"""What the reader holds in hand between card and seal: card data and PIN, in buffers that are wiped."""

from card_reader_fw.crypto.ccm import wipe
from card_reader_fw.track import track2

PIN_MAX = 12


class Hand:
    """track2: Track2 or None; jis2, emv: bytearrays; pin: 12 digit values, of which `pin_length` count.

    Never printed.
    """

    def __init__(self):
        self.track2 = None
        self.jis2 = bytearray()
        self.emv = bytearray()
        self.pin = bytearray(PIN_MAX)
        self.pin_length = 0

    def take_stripe(self, card):
        """A card.Card: its buffers are ours from now on."""
        self.wipe()
        self.track2, self.jis2 = card.track2, card.jis2

    def take_chip(self, chip):
        """An emv.flow.ChipCard; a PIN that was keyed before stays. Raises StripeError stripe-format."""
        self.emv = bytearray(chip.emv)
        self.track2 = track2.from_text(chip.track2)

    def key(self, digit):
        """One more digit of the PIN."""
        if self.pin_length < PIN_MAX:
            self.pin[self.pin_length] = ord(digit) - 0x30
            self.pin_length += 1

    def wipe_pin(self):
        """The PIN is gone."""
        wipe(self.pin)
        self.pin_length = 0

    def wipe(self):
        """All is gone."""
        if self.track2 is not None:
            wipe(self.track2.text)
        for buffer in (self.jis2, self.emv):
            wipe(buffer)
        self.track2, self.jis2, self.emv = None, bytearray(), bytearray()
        self.wipe_pin()

    def __repr__(self):
        return "<Hand>"
