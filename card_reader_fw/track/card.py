"""One swipe of a card, heard by one head or several: every stripe by the same decoder, whichever it is.

The head does not say which track it stands on, nor in which direction the card went: parity, sentinels and
LRC do. All that is read is held in bytearrays, so that it can be wiped.
"""

from card_reader_fw.track import track2
from card_reader_fw.track.coding import ALPHA, JIS2, NUMERIC, characters
from card_reader_fw.track.f2f import StripeError, decode

TRACK1, TRACK2, TRACK3, FRONT = "track1", "track2", "track3", "jis2"


class Card:
    """What one swipe gave: track2 (Track2 or None) and jis2, the 69 characters of the JIS II front stripe
    (bytearray, empty if there is none). Its repr is masked."""

    __slots__ = ("jis2", "track2")

    def __init__(self, track, jis2):
        self.track2 = track
        self.jis2 = jis2

    def __repr__(self):
        return "<Card %r jis2=%d>" % (self.track2, len(self.jis2))

    def has_chip(self):
        """Does the stripe say that the card has a chip?"""
        return self.track2 is not None and self.track2.has_chip()

    def wipe(self):
        """Overwrite all card data."""
        if self.track2 is not None:
            _wipe(self.track2.text)
        _wipe(self.jis2)


def read(stripes):
    """What each head heard (list of lists of flux intervals, in either direction) -> Card.

    Raises StripeError stripe-* as of the stripe that was nearest to a card; stripe-no-track2 if only others
    could be read.
    """
    found = {}
    nearest = StripeError("stripe-noise", -1)
    for intervals in stripes:
        try:
            kind, text = stripe(intervals)
            found[kind] = text
        except StripeError as error:
            nearest = _nearer(nearest, error)
    card = None
    try:
        card = _card(found, nearest)
    finally:
        for kind in found:
            if card is None or kind in (TRACK1, TRACK3):
                _wipe(found[kind])
    return card


def stripe(intervals):
    """One stripe's flux intervals -> (which track, its text as a bytearray). Raises StripeError.

    A few characters may fit by chance in the wrong direction or coding: the reading that takes up most of the
    stripe is meant.
    """
    nearest = StripeError("stripe-noise", -1)
    found, most = None, 0
    for direction in (1, -1):
        try:
            bits = decode(intervals[::direction])
        except StripeError as error:
            nearest = _nearer(nearest, error)
            continue
        for coding, kinds in ((NUMERIC, (TRACK2, TRACK3)), (JIS2, (FRONT,)), (ALPHA, (TRACK1,))):
            try:
                text = characters(bits, coding)
            except StripeError as error:
                nearest = _nearer(nearest, error)
                continue
            if len(text) * coding.bits > most:
                found, most = (kinds, text), len(text) * coding.bits
    if found is None:
        raise nearest
    kinds, text = found
    return _kind(text, kinds), text


def _nearer(one, other):
    return other if other.far > one.far else one


def _kind(text, kinds):
    """Tracks 2 and 3 have one coding: what is longer than a track 2 can be is a track 3."""
    if kinds == (FRONT,) and not all([0x20 <= letter <= 0x7E for letter in text]):
        raise StripeError("stripe-format", len(text))
    return kinds[-1] if len(text) > track2.LENGTH_MAX else kinds[0]


def _card(found, nearest):
    if TRACK2 in found:
        return Card(track2.from_text(found[TRACK2]), found.get(FRONT, bytearray()))
    if FRONT in found and nearest.far < 1 and len(found) == 1:  # a card without an ISO stripe
        return Card(None, found[FRONT])
    raise StripeError("stripe-no-track2", nearest.far) if found else nearest


def _wipe(buffer):
    for at in range(len(buffer)):
        buffer[at] = 0
