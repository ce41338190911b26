"""Opening a key block of X9.143 version D: the key that a reader is given, and whose it is.

Both keys come from the key block protection key by AES-CMAC. The data is decrypted (AES-CBC, the MAC is the
vector), and counts only if the AES-CMAC over head and data is that MAC.
"""

from card_reader_fw.crypto.ccm import same, wipe
from card_reader_fw.crypto.cmac import cmac
from schemas.errors import WireError
from schemas.keyblock import layout


def unwrap(cipher, decipher, protection, parts):
    """-> the initial key (bytearray) in `layout.Parts`. protection: 16 bytes.

    Raises WireError keyblock-mac (another key, or damage) or keyblock-key; nothing of the key stays then.
    """
    protect = cipher(bytes(protection))
    encryption = cmac(protect, layout.derivation(layout.ENCRYPTION))
    authentication = cmac(protect, layout.derivation(layout.AUTHENTICATION))
    data = _decrypted(decipher(encryption), parts.mac, parts.sealed)
    try:
        if not same(cmac(cipher(authentication), parts.head + bytes(data)), parts.mac):
            raise WireError("keyblock-mac", "mac")
        return layout.key_of(data)
    finally:
        wipe(data)


def check_value(cipher, key):
    """The key check value: first three bytes of AES-CMAC over a zero block, as 6 hex capitals."""
    return cmac(cipher(bytes(key)), bytes(16))[:3].hex().upper()


def _decrypted(block, vector, sealed):
    data = bytearray()
    for at in range(0, len(sealed), 16):
        part = sealed[at : at + 16]
        data.extend(bytes([x ^ y for x, y in zip(block(part), vector)]))
        vector = part
    return data
