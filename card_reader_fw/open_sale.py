"""What a reader remembers of a sale that left it: enough to check the answer, nothing of the card."""

from card_reader_fw.crypto.ccm import wipe
from schemas.envelope import outcome

WRONG_CODES_MAX = 3
REENTRIES_MAX = 3
# An approval may still be voided by the centre, so its keys stay until ten newer sales push it out.
FINAL = (outcome.DECLINED, outcome.RE_ENTER, outcome.CANCELLED, outcome.EXPIRED, outcome.REFUSED)


class View:
    """One outcome as the display shows it. slip: int; note: approval number or the centre's reason."""

    __slots__ = ("ksn", "note", "outcome", "reentry", "slip", "version")

    def __init__(self, sale):
        self.ksn = sale.ksn
        self.slip = sale.slip
        self.reentry = sale.reentry
        self.outcome = sale.outcome
        self.version = sale.version
        self.note = sale.note


class OpenSale:
    """ksn 12 bytes; amount_minor; slip; reentry 0..3; result_key and code_key (usages 3001 and 2001,
    bytearrays, empty once the outcome is final); version, outcome, note and digest of the result shown last
    (version 0 = none yet); wrong: check codes that did not fit. Never printed.
    """

    __slots__ = (
        "amount_minor",
        "code_key",
        "digest",
        "ksn",
        "note",
        "outcome",
        "reentry",
        "result_key",
        "slip",
        "version",
        "wrong",
    )

    def __init__(self, ksn, amount_minor, slip, reentry):
        self.ksn = ksn
        self.amount_minor = amount_minor
        self.slip = slip
        self.reentry = reentry
        self.result_key = bytearray()
        self.code_key = bytearray()
        self.version = 0
        self.outcome = 0
        self.note = ""
        self.digest = b""
        self.wrong = 0

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
        return self.outcome in (0, outcome.IN_DOUBT, outcome.MORE_WANTED)

    def row(self):
        """As a list for the journal."""
        sale = [self.ksn, self.amount_minor, self.slip, self.reentry]
        keys = [bytes(self.result_key), bytes(self.code_key)]
        return sale + keys + [self.version, self.outcome, self.note, self.digest, self.wrong]


def from_row(row):
    """The inverse of `OpenSale.row`."""
    sale = OpenSale(row[0], row[1], row[2], row[3])
    sale.result_key, sale.code_key = bytearray(row[4]), bytearray(row[5])
    sale.version, sale.outcome, sale.note, sale.digest, sale.wrong = row[6:]
    return sale
