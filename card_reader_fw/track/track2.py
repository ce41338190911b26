"""Track 2 (ISO/IEC 7811-6 coding, ISO/IEC 7813 layout): bits or text -> fields of the card."""

from card_reader_fw.track.f2f import StripeError, decode

CHARACTERS_MAX = 40  # both sentinels and the LRC included
ALPHABET = "0123456789:;<=>?"
START = 11
END = 15


class Track2:
    """The fields of one track 2. Its repr is masked: the first six and last four digits only.

    text: all between the sentinels; pan: 12..19 digits; expiry: YYMM; service_code: 3 digits; discretionary:
    the rest; luhn_ok: the check digit fits (house cards without one exist, so it only informs).
    """

    __slots__ = ("discretionary", "expiry", "luhn_ok", "pan", "service_code", "text")

    def __init__(self, text, separator):
        self.text = text
        self.pan = text[:separator]
        self.expiry = text[separator + 1 : separator + 5]
        self.service_code = text[separator + 5 : separator + 8]
        self.discretionary = text[separator + 8 :]
        self.luhn_ok = luhn(self.pan)

    def masked(self):
        """PAN as PCI DSS 3.4.1 lets it be shown."""
        return self.pan[:6] + "*" * (len(self.pan) - 10) + self.pan[-4:]

    def __repr__(self):
        return "<Track2 %s luhn_ok=%s>" % (self.masked(), self.luhn_ok)


def read(intervals):
    """Flux intervals of a swipe in either direction -> Track2. Raises StripeError."""
    try:
        return parse(decode(intervals))
    except StripeError as forward:
        first = forward.slug
    try:
        return parse(decode(list(reversed(intervals))))
    except StripeError as backward:
        last = backward.slug
    # the direction that found a start sentinel knows better what went wrong
    raise StripeError(last if first == "stripe-no-start" else first)


def parse(bits):
    """Bits in reading order -> Track2.

    Raises StripeError stripe-no-start, stripe-parity, stripe-no-end, stripe-too-long, stripe-lrc or
    stripe-format.
    """
    at = _first_one(bits)
    if at < 0 or _character(bits, at) != START:
        raise StripeError("stripe-no-start")
    values = [START]
    while values[-1] != END:
        if len(values) == CHARACTERS_MAX - 1:
            raise StripeError("stripe-too-long")
        at += 5
        values.append(_character(bits, at))
    lrc = 0
    for value in values:
        lrc ^= value
    if _character(bits, at + 5) != lrc:
        raise StripeError("stripe-lrc")
    return from_text("".join([ALPHABET[value] for value in values[1:-1]]))


def from_text(text):
    """The text between the sentinels -> Track2. Raises StripeError stripe-format."""
    separator = text.find("=")
    digits = text[:separator] + text[separator + 1 : separator + 8]
    if not (12 <= separator <= 19 and len(text) >= separator + 8 and len(text) <= CHARACTERS_MAX - 3):
        raise StripeError("stripe-format")
    if not all([c in "0123456789" for c in digits]) or not all([c in "0123456789:<=>" for c in text]):
        raise StripeError("stripe-format")
    if not "01" <= text[separator + 3 : separator + 5] <= "12":
        raise StripeError("stripe-format")
    return Track2(text, separator)


def luhn(pan):
    """True if the last digit is the check digit of ISO/IEC 7812-1 annex B."""
    total = 0
    for place, digit in enumerate(reversed(pan)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _first_one(bits):
    for at, bit in enumerate(bits):
        if bit:
            return at
    return -1


def _character(bits, at):
    """The value of the 4 data bits at `at`, least significant first; the fifth makes the parity odd."""
    five = bits[at : at + 5]
    if len(five) < 5:
        raise StripeError("stripe-no-end")
    if sum(five) % 2 == 0:
        raise StripeError("stripe-parity")
    return five[0] | five[1] << 1 | five[2] << 2 | five[3] << 3
