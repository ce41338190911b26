"""How characters stand on a stripe: ISO/IEC 7811-2 and 7811-6 and JIS X 6302-2, as one table."""

from card_reader_fw.track.f2f import StripeError


class Coding:
    """word: bits of one character without its parity bit, and whether that makes the ones odd (1) or not (0);
    sentinels: values of start and end; base: character code of value 0; most: characters with both
    sentinels and LRC; lrc_from: how many characters at the beginning the LRC leaves out.
    """

    __slots__ = ("base", "bits", "end", "lrc_from", "most", "odd", "start")

    def __init__(self, word, sentinels, base, most, lrc_from=0):
        self.bits, self.odd = word
        self.start, self.end = sentinels
        self.base = base
        self.most = most
        self.lrc_from = lrc_from


NUMERIC = Coding((4, 1), (11, 15), 0x30, 107)  # ; to ?: tracks 2 (at most 40 characters) and 3
ALPHA = Coding((6, 1), (5, 31), 0x20, 79)  # % to ?: track 1
JIS2 = Coding((7, 0), (0x7F, 0x7F), 0, 72, lrc_from=1)  # Annex JA


def characters(bits, coding):
    """Bits in reading order -> the text between the sentinels, a bytearray (the caller wipes it).

    Raises StripeError stripe-no-start, stripe-parity, stripe-no-end, stripe-too-long or stripe-lrc.
    """
    at = _first_one(bits)
    if at < 0 or _value(bits, at, coding, 0) != coding.start:
        raise StripeError("stripe-no-start")
    values = [coding.start]
    while len(values) == 1 or values[-1] != coding.end:
        if len(values) == coding.most - 1:
            raise StripeError("stripe-too-long", len(values))
        at += coding.bits + 1
        values.append(_value(bits, at, coding, len(values)))
    lrc = 0
    for value in values[coding.lrc_from :]:
        lrc ^= value
    if _value(bits, at + coding.bits + 1, coding, len(values)) != lrc:
        raise StripeError("stripe-lrc", len(values))
    return bytearray([coding.base + value for value in values[1:-1]])


def _first_one(bits):
    for at, bit in enumerate(bits):
        if bit:
            return at
    return -1


def _value(bits, at, coding, far):
    """The value of the character at `at`, least significant bit first, its parity checked."""
    word = bits[at : at + coding.bits + 1]
    if len(word) <= coding.bits:
        raise StripeError("stripe-no-end", far)
    if sum(word) % 2 != coding.odd:
        raise StripeError("stripe-parity", far)
    return sum([word[place] << place for place in range(coding.bits)])
