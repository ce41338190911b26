"""What a reader keeps over a power cycle: keys, the next slip number, the last ten sales; in one record."""

from card_reader_fw.crypto import dukpt
from card_reader_fw.open_sale import REENTRIES_MAX, OpenSale, from_row
from schemas.envelope import cbor, outcome

OPEN_MAX = 10
SLIP_MAX = 99999


class Vault:
    """keys: dukpt.Keys; slip, reentry: what the next sale carries; sales: OpenSale, oldest first."""

    def __init__(self, journal, keys, language):
        self._journal = journal
        self.keys = keys
        self.language = language
        self.slip = 1
        self.reentry = 0
        self._following = 1  # the next new slip number, while a re-entry repeats an old one
        self.sales = []

    def save(self):
        """Write everything durably. Raises JournalError."""
        keys = [self.keys.key_id, self.keys.counter, bytes(self.keys.registers)]
        slips = [self.slip, self.reentry, self._following]
        self._journal.save(cbor.encode([self.language, keys, slips, [sale.row() for sale in self.sales]]))

    def next_key(self, cipher):
        """(KSN, transaction key bytearray), saved as used before it is given; None when all are used."""
        step = dukpt.advance(cipher, self.keys)
        if step is None:
            return None
        self.keys.erase()
        self.keys, ksn, key = step  # a save that fails still skips this key
        self.save()
        return ksn, key

    def keep(self, ksn, amount_minor, result_key, code_key):
        """Remember a sale about to leave under the current slip, durably; of eleven the oldest goes."""
        sale = OpenSale(ksn, amount_minor, self.slip, self.reentry)
        sale.result_key, sale.code_key = result_key, code_key
        self.sales.append(sale)
        while len(self.sales) > OPEN_MAX:
            self.sales.pop(0).erase()
        if not self.reentry:
            self._following = self.slip % SLIP_MAX + 1
        self.new_slip()
        return sale

    def drop(self, ksn):
        """Forget a sale that never left the reader."""
        for sale in [sale for sale in self.sales if sale.ksn == ksn]:
            sale.erase()
            self.sales.remove(sale)
        self.save()

    def new_slip(self):
        """The next sale is a new one, not a re-entry."""
        self.slip, self.reentry = self._following, 0
        self.save()

    def shown(self, sale):
        """Save what a sale shows; after "re-enter" the next has the same slip, three times at most."""
        if sale.outcome == outcome.RE_ENTER and sale.reentry < REENTRIES_MAX:
            self.slip, self.reentry = sale.slip, sale.reentry + 1
        self.save()

    def find(self, ksn):
        """The remembered sale of a KSN, or None."""
        for sale in self.sales:
            if sale.ksn == ksn:
                return sale
        return None


def create(journal, keys, language):
    """Write the first record of a new reader."""
    vault = Vault(journal, keys, language)
    vault.save()
    return vault


def load(journal):
    """The vault as last saved, or None on a reader without keys."""
    if journal.payload is None:
        return None
    language, keys, slips, rows = cbor.decode(journal.payload)
    vault = Vault(journal, dukpt.Keys(keys[0], keys[1], bytearray(keys[2])), language)
    vault.slip, vault.reentry, vault._following = slips
    vault.sales = [from_row(row) for row in rows]
    return vault
