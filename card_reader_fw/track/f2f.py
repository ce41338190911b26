"""F2F (Aiken biphase, ISO/IEC 7811-2): the flux intervals of one swipe become bits.

A flux change stands at every bit's edge and in the middle of a 1: an interval is a 0, or two are a 1. What
fits a whole stretch best is found by dynamic programming (Viterbi's algorithm with one survivor at each flux
change), and every survivor keeps its own bit time, which follows the hand. The errors are those of flux
changes that stand off their places independently: a 0 has two of them, a 1 three, its halves share one.
"""

LEAD_ZEROS = 6  # clocking zeros in a row before a 1 is believed
BITS_MIN = 60  # fewer bits than the shortest card number with its frame is noise
INTERVALS_MAX = 4000  # three times what any track of one card can hold
GAP_MAX = 100_000  # longer ones are silence; keeps all numbers below 30 bits

_FINE = 8  # the bit time is kept in eighths of the unit
_FOLLOW = 8  # an eighth of the difference goes into the bit time
_BIT = 256  # differences are measured in 256ths of a bit time
# Flux changes 8 % of a bit off their places on the average: beyond that parity and LRC may fit by chance.
_COST_MAX = 6 * 21 * 21


class StripeError(Exception):
    """A swipe that gives no card. slug: which check failed; far: characters that were good before it.

    The text never holds card data.
    """

    def __init__(self, slug, far=0):
        super().__init__(slug)
        self.slug = slug
        self.far = far


def decode(intervals):
    """Flux intervals (list of ints, any one unit of time) in head order -> list of bits (0/1).

    The longest steady stretch is the stripe, so noise before and after it does no harm. Raises StripeError
    stripe-too-long or stripe-noise.
    """
    if len(intervals) > INTERVALS_MAX:
        raise StripeError("stripe-too-long")
    best = []
    at = 0
    while at < len(intervals):
        bits, at = _stretch(intervals, at)
        if len(bits) > len(best):
            best = bits
    if len(best) < BITS_MIN:
        raise StripeError("stripe-noise")
    return best


def _stretch(intervals, first):
    """Bits from `first` up to the next irregular interval, and where to look next."""
    if not 0 < intervals[first] <= GAP_MAX:
        return [], first + 1
    # a survivor is (cost, bit time, intervals of its last bit, bits so far), or None
    older, old = None, (0, intervals[first] * _FINE, 0, 0)
    steps = bytearray(1)  # per flux change after `first`: intervals of the survivor's last bit, 0 for none
    end, last = old, 0
    for here in range(first, len(intervals)):
        gap = intervals[here]
        if not 0 < gap <= GAP_MAX or (old is None and older is None):
            break
        best = _zero(old, gap)
        if here > first:
            best = _better(best, _one(older, intervals[here - 1], gap))
        older, old = old, best
        steps.append(best[2] if best else 0)
        if best is not None:
            end, last = best, len(steps) - 1
    if end[3] < LEAD_ZEROS or end[0] > _COST_MAX * last:
        return [], first + 1
    return _bits(steps, last), first + last


def _zero(before, gap):
    """The survivor if this interval is a 0; None if it is none."""
    if before is None:
        return None
    cost, clock, _, count = before
    off = gap * _FINE * _BIT // clock - _BIT
    if off * 2 < -_BIT or off * 2 > _BIT:
        return None
    return cost + 3 * off * off, clock + (gap * _FINE - clock) // _FOLLOW, 1, count + 1


def _one(before, first_half, gap):
    """The survivor if these two intervals are a 1; None if they are none."""
    if before is None or before[3] < LEAD_ZEROS:
        return None
    cost, clock, _, count = before
    both = (first_half + gap) * _FINE
    off = both * _BIT // clock - _BIT
    tilt = (first_half - gap) * _FINE * _BIT // clock
    if off * 2 < -_BIT or off * 2 > _BIT or tilt * 3 < -2 * _BIT or tilt * 3 > 2 * _BIT:
        return None
    return cost + 3 * off * off + tilt * tilt, clock + (both - clock) // _FOLLOW, 2, count + 1


def _better(one, other):
    if one is None or other is None:
        return one or other
    return other if other[0] < one[0] else one


def _bits(steps, last):
    """The bits on the way to the last survivor."""
    bits = []
    while last:
        bits.append(steps[last] - 1)
        last -= steps[last]
    bits.reverse()
    return bits
