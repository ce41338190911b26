"""What a reader remembers of a sale that left it: enough to check the answer, nothing of the card."""

from card_reader_fw.crypto.ccm import wipe
from schemas.envelope import outcome, payload

WRONG_CODES_MAX = 3
REENTRIES_MAX = 3
# An approval may still be voided by the centre, so its keys stay until ten newer sales push it out.
FINAL = (outcome.DECLINED, outcome.RE_ENTER, outcome.CANCELLED, outcome.EXPIRED, outcome.REFUSED)
OPEN = (0, outcome.IN_DOUBT, outcome.MORE_WANTED)
ASKED, UNDONE = "asked", "undone"
"""A sale's cancel is under way; or has come true: nothing was charged, or all of it was given back."""


class View:
    """One sale as the display shows it. slip: int; note: approval number or the centre's reason; left: how
    much of it can still be given back; undoing: ASKED, UNDONE or ""; sendable: it has no last word yet, and
    its seal is kept. What was undone is cancelled, whatever its own answer was or will be.
    """

    __slots__ = ("amount_minor", "condition", "count", "kind", "ksn", "left", "note", "original")
    __slots__ += ("original_slip", "outcome", "reentry", "sendable", "slip", "undoing", "version")

    def __init__(self, sale, left=0, original_slip=0, undoing=""):
        self.ksn, self.slip, self.reentry = sale.ksn, sale.slip, sale.reentry
        self.kind, self.amount_minor = sale.kind, sale.amount_minor
        self.condition, self.count = sale.condition, sale.count
        self.original, self.original_slip = sale.original, original_slip
        self.version, self.outcome, self.note = sale.version, sale.outcome, sale.note
        self.left, self.undoing = left, undoing
        if undoing == UNDONE:
            self.outcome, self.note, self.left = outcome.CANCELLED, "", 0
        self.sendable = self.is_open() and bool(sale.cell)

    def is_open(self):
        """Is its outcome still unknown, or not the last word?"""
        return self.outcome in OPEN

    def is_waiting(self):
        """Is a cancel under way? Then nobody may say whether it is charged, but that it is not."""
        if self.kind == payload.CANCEL:
            return self.is_open()
        return self.undoing == ASKED and self.outcome not in FINAL

    def can_be_cancelled(self):
        """May the merchant ask that it is never done?"""
        return self.kind == payload.SALE and self.is_open() and not self.undoing

    def comes_again(self):
        """May it be entered again, under the same slip?"""
        if self.kind == payload.CANCEL or self.undoing:
            return False
        return self.outcome == outcome.RE_ENTER and self.reentry < REENTRIES_MAX


class OpenSale:
    """ksn 12 bytes; kind, amount_minor, condition, count as in the payload; slip; reentry 0..3; original: KSN
    of the sale that it gives back or cancels, or b""; cell: where its seal is kept, 0 = no more; result_key
    and code_key (usages 3001 and 2001, bytearrays, empty once the outcome is final); version, outcome, note
    and digest of the result shown last (version 0 = none yet); wrong: check codes that did not fit. Never
    printed.
    """

    KEPT = ("ksn", "kind", "amount_minor", "slip", "reentry", "condition", "count", "original", "cell")
    KEPT += ("result_key", "code_key", "version", "outcome", "note", "digest", "wrong")
    __slots__ = KEPT

    def __init__(self, ksn, amount_minor, slip, reentry):
        self.ksn = ksn
        self.kind = payload.SALE
        self.amount_minor = amount_minor
        self.slip = slip
        self.reentry = reentry
        self.condition = self.count = self.cell = 0
        self.original = self.digest = b""
        self.result_key = bytearray()
        self.code_key = bytearray()
        self.version = self.outcome = self.wrong = 0
        self.note = ""

    def __repr__(self):
        return "<OpenSale %s slip %d version %d>" % (self.ksn.hex(), self.slip, self.version)

    def show(self, found, version, note, digest):
        """Take over an outcome that was proven genuine; erase the keys if nothing can follow it."""
        self.outcome, self.version, self.note, self.digest = found, version, note, digest
        self.wrong = 0
        if found in FINAL:
            self.erase()

    def erase(self):
        """Wipe both answer keys."""
        for key in (self.result_key, self.code_key):
            wipe(key)
        self.result_key = bytearray()
        self.code_key = bytearray()

    def takes_code(self):
        """Can a check code still be typed for it?"""
        return bool(self.code_key) and self.tries_left() > 0

    def tries_left(self):
        """Check codes that may still be wrong."""
        return WRONG_CODES_MAX - self.wrong

    def awaited(self):
        """Is its outcome still unknown, or not the last word?"""
        return self.outcome in OPEN

    def gives_back(self):
        """How much of its original it gives back or may yet: minor units."""
        return self.amount_minor if self.outcome in OPEN or self.outcome == outcome.APPROVED else 0

    def row(self):
        """As a list for the journal."""
        values = [getattr(self, name) for name in OpenSale.KEPT]
        return [bytes(value) if type(value) is bytearray else value for value in values]


def from_row(row):
    """The inverse of `OpenSale.row`."""
    sale = OpenSale(b"", 0, 0, 0)
    for at in range(len(row)):
        setattr(sale, OpenSale.KEPT[at], row[at])
    sale.result_key, sale.code_key = bytearray(sale.result_key), bytearray(sale.code_key)
    return sale
