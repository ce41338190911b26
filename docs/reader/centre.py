"""A small centre for one reader whose initial key it knows: opens its sales, seals results.

As schemas/envelope/SPEC.md says it; under MicroPython too, on the firmware's own ciphers.
"""

from card_reader_fw.crypto import aes, ccm, dukpt
from schemas.envelope import armour, cose, derivation, outcome, payload


class Centre:
    """initial_key: 16 bytes; random: count -> bytes, for approval numbers."""

    def __init__(self, initial_key, random):
        self._initial_key = initial_key
        self._random = random
        self._told = {}  # KSN: the last version
        self.sales = []  # (KSN, payload.Sale), oldest first

    def open(self, text):
        """Armour text of a sale -> payload.Sale."""
        ksn, _, sealed = cose.unpack(armour.from_text(text)[1])
        block = aes.cipher(self._key(ksn, derivation.SEAL_SALE))
        opened = ccm.open_sealed(block, cose.nonce(ksn, 0), cose.enc_structure(cose.AAD_SALE), sealed)
        sale = payload.decode_sale(bytes(opened))
        self.sales.append((ksn, sale))
        return sale

    def result(self, found):
        """Outcome for the newest sale -> armour text of the next version of its result."""
        ksn, sale = self.sales[-1]
        version = self._told[ksn] = self._told.get(ksn, 0) + 1
        result = payload.Result(
            outcome=found, version=version, amount_minor=sale.amount_minor, currency=sale.currency
        )
        if found == outcome.APPROVED:
            result.approval_number = "%06d" % (int.from_bytes(self._random(3), "big") % 1000000)
        text = bytearray(payload.encode_result(result))
        block = aes.cipher(self._key(ksn, derivation.SEAL_RESULT))
        ccm.seal(block, cose.nonce(ksn, version), cose.enc_structure(cose.AAD_RESULT), text)
        return armour.to_text(armour.RESULT, cose.pack(ksn, version, bytes(text)))

    def _key(self, ksn, usage):
        """The host's walk (ANSI X9.24-3:2017 section 6.2)."""
        key, walked = self._initial_key, 0
        for bit in range(31, -1, -1):
            if int.from_bytes(ksn[8:], "big") >> bit & 1:
                walked |= 1 << bit
                ident = ksn[4:8] + walked.to_bytes(4, "big")
                key = aes.cipher(key)(derivation.data(derivation.KEY_DERIVATION, ident))
        return dukpt.working_key(aes.cipher, key, usage, ksn)
