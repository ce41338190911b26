"""Track 2's layout (ISO/IEC 7813): where the card number ends, what the service code says, what is shown."""

from card_reader_fw.track.f2f import StripeError

LENGTH_MAX = 37  # 40 characters less both sentinels and the LRC


class Track2:
    """One track 2. text: bytearray, all between the sentinels in ASCII; separator: the length of the card
    number (12..19 digits); luhn_ok: its check digit fits (house cards without one exist, so it only informs).

    Its repr is masked: the first six and last four digits only.
    """

    __slots__ = ("luhn_ok", "separator", "text")

    def __init__(self, text, separator):
        self.text = text
        self.separator = separator
        self.luhn_ok = luhn(text, separator)

    def has_chip(self):
        """Does the service code (ISO/IEC 7813 table 3) say that the card has a chip?"""
        return self.text[self.separator + 5] in b"26"

    def masked(self):
        """The card number as PCI DSS 3.4.1 lets it be shown."""
        end = self.separator
        return "%s%s%s" % (self.text[:6].decode(), "*" * (end - 10), self.text[end - 4 : end].decode())

    def __repr__(self):
        return "<Track2 %s luhn_ok=%s>" % (self.masked(), self.luhn_ok)


def from_text(text):
    """The text between the sentinels (bytearray, kept) -> Track2. Raises StripeError stripe-format."""
    separator = text.find(b"=")
    if not (12 <= separator <= 19 and separator + 8 <= len(text) <= LENGTH_MAX):
        raise StripeError("stripe-format", len(text))
    for at, letter in enumerate(text):
        is_digit = 0x30 <= letter <= 0x39
        is_free = at >= separator + 8  # discretionary data also has : < = >
        if not (is_digit or at == separator or (is_free and 0x30 <= letter <= 0x3E and letter != 0x3B)):
            raise StripeError("stripe-format", len(text))
    if not 1 <= (text[separator + 3] - 0x30) * 10 + text[separator + 4] - 0x30 <= 12:
        raise StripeError("stripe-format", len(text))
    return Track2(text, separator)


def luhn(digits, length):
    """True if the last of the first `length` digits (ASCII) is the check digit of ISO/IEC 7812-1 annex B."""
    total = 0
    for place in range(length):
        value = (digits[length - 1 - place] - 0x30) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
