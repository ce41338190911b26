"""Sealing a sale: three working keys from one transaction key, COSE_Encrypt0 under the first (RFC 9052)."""

from card_reader_fw.crypto import ccm
from card_reader_fw.crypto.dukpt import working_key
from schemas.envelope import cose, derivation, payload


def derive(cipher, ksn, transaction_key):
    """Transaction key (bytearray, wiped here) -> keys of the usages 3000, 3001, 2001 as bytearrays."""
    usages = (derivation.SEAL_SALE, derivation.SEAL_RESULT, derivation.MAC_VERIFY)
    keys = [bytearray(working_key(cipher, transaction_key, usage, ksn)) for usage in usages]
    ccm.wipe(transaction_key)
    return keys


def seal(cipher, seal_key, ksn, sale):
    """payload.Sale -> COSE bytes; wipes the key and the sale's card data and PIN block (all bytearrays).

    The one buffer that holds them as CBOR is encrypted in place.
    """
    text = payload.encode_sale_to_wipe(sale)
    for secret in (sale.track2, sale.jis2, sale.emv, sale.pin_block):
        if secret:
            ccm.wipe(secret)
    block = cipher(bytes(seal_key))
    ccm.wipe(seal_key)
    ccm.seal(block, cose.nonce(ksn, 0), cose.enc_structure(cose.AAD_SALE), text)
    return cose.pack(ksn, 0, bytes(text))
