"""What the keypad gathered for one sale, void, refund or cancel; and the payment conditions it may name."""

from schemas.envelope import payload

LUMP_SUM = 10
DEBIT = 110
# UnifiedPOS CAT payment conditions.
CONDITIONS = (10, 21, 22, 23, 24, 25, 31, 32, 33, 34, 61, 62, 63, 80)
INSTALMENTS = (61, 62, 63)

STRIPE, CHIP, FALLBACK = "stripe", "chip", "fallback"
"""How the card is read; FALLBACK: its stripe, because its chip failed."""


class Order:
    """kind: payload.SALE, VOID, REFUND or CANCEL; amount_minor; condition; count: of instalments; entry:
    STRIPE, CHIP or FALLBACK; original, original_slip: of the sale that is given back or cancelled. Holds
    nothing of the card."""

    __slots__ = ("amount_minor", "condition", "count", "entry", "kind", "original", "original_slip")

    def __init__(self, kind=payload.SALE, original=b"", original_slip=0):
        self.kind = kind
        self.amount_minor = 0
        self.condition = LUMP_SUM
        self.count = 0
        self.entry = STRIPE
        self.original = original
        self.original_slip = original_slip

    def but(self, **changes):
        """A copy with some fields changed."""
        other = Order(self.kind, self.original, self.original_slip)
        for name in ("amount_minor", "condition", "count", "entry"):
            setattr(other, name, changes.get(name, getattr(self, name)))
        return other

    def __repr__(self):
        return "<Order %d %d>" % (self.kind, self.amount_minor)


def again(sale):
    """The order of a kept sale (open_sale.View), to be sealed once more for another card reading."""
    return _like(sale, Order(sale.kind, sale.original, sale.original_slip))


def cancel_of(sale):
    """The order that cancels a kept sale (open_sale.View)."""
    return _like(sale, Order(payload.CANCEL, sale.ksn, sale.slip))


def _like(sale, order):
    return order.but(amount_minor=sale.amount_minor, condition=sale.condition, count=sale.count)


def conditions(*, pin_on):
    """The payment conditions that may be keyed; debit needs a PIN."""
    return CONDITIONS + (DEBIT,) if pin_on else CONDITIONS
