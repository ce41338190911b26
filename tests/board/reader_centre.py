"""A fake centre for the reader's tests: the host side of DUKPT and the seals, on pycryptodome alone."""

from Crypto.Cipher import AES
from Crypto.Hash import CMAC

from card_reader_fw.board.desk import stripe
from card_reader_fw.board.desk.flash_file import CELL_SIZE
from card_reader_fw.journal import SLOT
from card_reader_fw.open_sale import OpenSale
from card_reader_fw.shelf import CELLS, FIRST_BANK
from schemas.envelope import armour, checkcode, cose, derivation, payload

KEY_ID = bytes.fromhex("1234567890123456")
INITIAL_KEY = bytes.fromhex("1273671EA26AC29AFA4D1084127652A1")
CARD = "4111111111111111=27122010000012345678"
SWIPE = stripe.intervals_of(CARD)


def encrypt(key, block):
    return AES.new(key, AES.MODE_ECB).encrypt(block)


def transaction_key(initial_key, key_id, counter):
    """The host's walk (ANSI X9.24-3:2017 section 6.2)."""
    key, walked = initial_key, 0
    for bit in reversed(range(32)):
        if counter >> bit & 1:
            walked |= 1 << bit
            ident = key_id[4:] + walked.to_bytes(4, "big")
            key = encrypt(key, derivation.data(derivation.KEY_DERIVATION, ident))
    return key


def working_key(ksn, usage, initial_key=INITIAL_KEY):
    key = transaction_key(initial_key, ksn[:8], int.from_bytes(ksn[8:], "big"))
    return encrypt(key, derivation.data(usage, ksn[4:]))


def ccm(key, ksn, index, aad):
    sealer = AES.new(key, AES.MODE_CCM, nonce=ksn + bytes([index]), mac_len=16)
    sealer.update(cose.enc_structure(aad))
    return sealer


def open_sale(text):
    """Armour text of a sale -> (ksn, payload.Sale); raises ValueError if it is not authentic."""
    kind, body = armour.find(text) if "BEGIN" in text.upper() else armour.from_text(text)
    assert kind == armour.SALE
    ksn, index, sealed = cose.unpack(body)
    opener = ccm(working_key(ksn, derivation.SEAL_SALE), ksn, index, cose.AAD_SALE)
    return ksn, payload.decode_sale(opener.decrypt_and_verify(sealed[:-16], sealed[-16:]))


def seal_bytes(ksn, index, text):
    sealer = ccm(working_key(ksn, derivation.SEAL_RESULT), ksn, index, cose.AAD_RESULT)
    return cose.pack(ksn, index, b"".join(sealer.encrypt_and_digest(text)))


def seal_result(ksn, outcome, amount_minor, *, version=1, index=None, currency=392, **more):
    """-> COSE bytes of a genuine result, unless the caller bends it."""
    result = payload.Result(
        outcome=outcome, version=version, amount_minor=amount_minor, currency=currency, **more
    )
    return seal_bytes(ksn, version if index is None else index, payload.encode_result(result))


def check_code(ksn, outcome, version, amount_minor):
    mac = CMAC.new(working_key(ksn, derivation.MAC_VERIFY), ciphermod=AES)
    mac.update(checkcode.message(ksn, outcome, version, amount_minor))
    return checkcode.digits(mac.digest())


def keep(store, ksn, amount_minor, result_key, code_key):
    """A sale about to leave, as the till keeps it, under the next slip."""
    sale = OpenSale(ksn, amount_minor, *store.numbers(payload.SALE, b""))
    sale.result_key, sale.code_key, sale.condition = result_key, code_key, 10
    store.keep(sale, b"sealed" + ksn)
    return sale


class Memory:
    """Flash in memory; after `cut_after` bytes the power goes (BaseException: nobody catches it by habit)."""

    def __init__(self, banks=None, bank_size=SLOT * 3):
        self.bank_size = bank_size
        sizes = [bank_size] * FIRST_BANK + [CELL_SIZE] * CELLS
        self.banks = banks or [bytearray(b"\xff" * size) for size in sizes]
        self.cut_after = None
        self.written = 0

    def read(self, bank, offset, length):
        return bytes(self.banks[bank][offset : offset + length])

    def write(self, bank, offset, data):
        done = self._power_for(len(data))
        before, after = self.banks[bank][offset : offset + done], data[:done]
        assert not int.from_bytes(after) & ~int.from_bytes(before), "NOR flash sets no bit"
        self.banks[bank][offset : offset + done] = after
        self._count(done, len(data))

    def erase(self, bank):
        size = len(self.banks[bank])
        done = self._power_for(size)
        self.banks[bank][:done] = b"\xff" * done
        self._count(done, size)

    def _power_for(self, wanted):
        return wanted if self.cut_after is None else min(wanted, self.cut_after - self.written)

    def _count(self, done, wanted):
        self.written += done
        if done < wanted:
            raise PowerCut

    def copy(self):
        return Memory([bytearray(bank) for bank in self.banks], self.bank_size)


class PowerCut(BaseException):
    pass
