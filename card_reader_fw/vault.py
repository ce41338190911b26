"""What a reader keeps over a power cycle: settings, keys, slip numbers, the last ten sales; in one record.

The seals of sales without an answer stand beside it, on the `shelf`.
"""

from card_reader_fw.crypto import dukpt
from card_reader_fw.journal import JournalError
from card_reader_fw.open_sale import ASKED, UNDONE, View, from_row
from card_reader_fw.shelf import Shelf
from schemas.envelope import cbor, outcome, payload

OPEN_MAX = 10
SLIP_MAX = 99999
LANGUAGES = ("en", "ja")


class Vault:
    """language; pin_on: PIN entry is allowed; keys: dukpt.Keys, their counter 0 on a reader without any;
    following: the next new slip number; again: KSN of the sale that is to be entered again, or b"";
    sales: OpenSale, oldest first."""

    def __init__(self, journal):
        self._journal = journal
        self._shelf = Shelf(journal.flash)
        self.language = "en"
        self.pin_on = False
        self.keys = dukpt.Keys(bytes(8), 0, bytearray(16 * dukpt.REGISTERS))
        self.following = 1
        self.again = b""
        self.sales = []
        if self._journal.payload is not None:
            self._take(cbor.decode(self._journal.payload))
            self._shelf.keep_only(self._cells())

    def _take(self, record):
        (self.language, pin), keys, (self.following, self.again), rows = record
        self.pin_on = bool(pin)
        self.keys = dukpt.from_row(keys)
        self.sales = [from_row(row) for row in rows]

    def save(self):
        """Write everything durably, then clear the seals that nothing names any more. Raises JournalError."""
        settings = [self.language, int(self.pin_on)]
        slips = [self.following, self.again]
        rows = [sale.row() for sale in self.sales]
        self._journal.save(cbor.encode([settings, self.keys.row(), slips, rows]))
        self._shelf.keep_only(self._cells())

    def keyless(self):
        """Are there no keys, or none left?"""
        return self.keys.counter == 0

    def take_keys(self, keys):
        """New keys (dukpt.Keys) instead of the old, durably. What was sold before stays.

        Raises JournalError: then the old ones stand.
        """
        old, self.keys = self.keys, keys
        try:
            self.save()
        except JournalError:
            self.keys = old
            raise
        old.erase()

    def next_key(self, cipher):
        """(KSN, transaction key bytearray), saved as used before it is given; None when all are used."""
        step = dukpt.advance(cipher, self.keys)
        if step is None:
            return None
        self.keys.erase()
        self.keys, ksn, key = step  # a save that fails still skips this key
        self.save()
        return ksn, key

    def numbers(self, kind, original):
        """Slip and re-entry number of the next sale, void or refund (original: KSN of what it gives back); a
        cancel has its sale's slip."""
        if kind == payload.CANCEL:
            return self.find(original).slip, 0
        before = self.find(self.again)
        if before and (before.kind, before.original) == (kind, original):
            return before.slip, before.reentry + 1
        return self.following, 0

    def keep(self, sale, sealed):
        """Remember a sale that is sealed (OpenSale, COSE bytes), durably. Of eleven the oldest goes, but
        never what the new one gives back or cancels. Raises JournalError: then it is not remembered.
        """
        try:
            sale.cell = self._shelf.put(sealed, self._cells())
            self.sales.append(sale)
            if sale.kind != payload.CANCEL:
                self._number_on(sale)
            while len(self.sales) > OPEN_MAX:
                self.sales.pop(int(self.sales[0].ksn == sale.original)).erase()
            self.save()
        except JournalError:
            self._forget(sale.ksn)
            raise

    def _number_on(self, sale):
        if not sale.reentry:
            self.following = sale.slip % SLIP_MAX + 1
        self.again = b""

    def sealed(self, ksn):
        """The very bytes that were sealed for a sale, or None if it has its answer."""
        sale = self.find(ksn)
        return self._shelf.get(sale.cell) if sale else None

    def drop(self, ksn):
        """Forget a sale that never left the reader."""
        self._forget(ksn)
        self.save()

    def new_slip(self):
        """The next sale is a new one, not a re-entry."""
        self.again = b""
        self.save()

    def change_language(self):
        """The display's next language."""
        self.language = LANGUAGES[1 - LANGUAGES.index(self.language)]
        self.save()

    def shown(self, sale):
        """Save what a sale shows. With its last word its seal goes; after "re-enter" the next one may have
        its slip, three times at most."""
        if self.view(sale).comes_again():
            self.again = sale.ksn
        if not sale.awaited():
            sale.cell = 0
        original = self.find(sale.original)
        if original and self._undoing(original) == UNDONE:
            original.cell = 0
        self.save()

    def find(self, ksn):
        """The remembered sale of a KSN, or None."""
        for sale in self.sales:
            if sale.ksn == ksn:
                return sale
        return None

    def view(self, sale):
        """A sale as the display shows it."""
        original = self.find(sale.original)
        return View(sale, self._left(sale), original.slip if original else 0, self._undoing(sale))

    def fresh(self, view):
        """The same sale as it is to be shown by now."""
        sale = self.find(view.ksn)
        return self.view(sale) if sale else view

    def awaited(self):
        """How many sales have no last word. A cancel is its sale's, not one more."""
        views = [self.view(sale) for sale in self.sales if sale.kind != payload.CANCEL]
        return len([view for view in views if view.is_open()])

    def stands_again(self, cancel):
        """The sale whose outcome was not said while its cancel was under way, now that the cancel has failed;
        else None."""
        original = self.find(cancel.original) if cancel.kind == payload.CANCEL else None
        return original if original and original.outcome and not self._undoing(original) else None

    def _undoing(self, sale):
        """What the newest cancel of a sale has come to: see open_sale.View."""
        cancels = [
            other for other in self.sales if other.kind == payload.CANCEL and other.original == sale.ksn
        ]
        if not cancels:
            return ""
        if cancels[-1].awaited():
            return ASKED
        return UNDONE if cancels[-1].outcome in (outcome.APPROVED, outcome.CANCELLED) else ""

    def _left(self, sale):
        """Of an approved sale, what is not given back. What gives back is newer, so none of it is missing."""
        if (sale.kind, sale.outcome) != (payload.SALE, outcome.APPROVED):
            return 0
        returns = [other.gives_back() for other in self.sales if other.original == sale.ksn]
        return max(0, sale.amount_minor - sum(returns))

    def _cells(self):
        return [sale.cell for sale in self.sales if sale.cell]

    def _forget(self, ksn):
        for sale in [sale for sale in self.sales if sale.ksn == ksn]:
            sale.erase()
            self.sales.remove(sale)


def create(journal, keys, language, *, pin_on=False):
    """Write the first record of a new reader."""
    vault = Vault(journal)
    vault.keys, vault.language, vault.pin_on = keys, language, pin_on
    vault.save()
    return vault


def load(journal):
    """The vault as last saved; without keys on a flash that holds none."""
    return Vault(journal)
