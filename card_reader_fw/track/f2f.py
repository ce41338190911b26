"""F2F (Aiken biphase, ISO/IEC 7811-2): the flux intervals of one swipe become bits."""

LEAD_ZEROS = 6  # clocking zeros in a row before a stretch is believed
BITS_MIN = 60  # fewer bits than the shortest card number with its frame is noise
INTERVALS_MAX = 4000  # three times what any track of one card can hold


class StripeError(Exception):
    """A swipe that gives no card. slug: which check failed; the text never holds card data."""

    def __init__(self, slug):
        super().__init__(slug)
        self.slug = slug


def decode(intervals):
    """Flux intervals (list of ints, any one unit of time) in head order -> list of bits (0/1).

    A flux change stands at every bit's edge and in the middle of a 1. The bit time follows the hand at each
    bit. The longest steady stretch is the stripe, so noise before and after it does no harm. Raises
    StripeError stripe-too-long or stripe-noise.
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
    bits = []
    clock = intervals[first]
    half = 0
    at = first
    while at < len(intervals):
        gap = intervals[at]
        if gap * 4 < clock or gap * 2 > clock * 3:
            break
        if gap * 4 > clock * 3:
            if half:
                break
            bits.append(0)
            clock = (clock + gap) // 2
        elif half:
            bits.append(1)
            clock = (clock + half + gap) // 2
            half = 0
        elif len(bits) < LEAD_ZEROS:
            break
        else:
            half = gap
        at += 1
    if len(bits) < LEAD_ZEROS:
        return [], first + 1
    return bits, at
