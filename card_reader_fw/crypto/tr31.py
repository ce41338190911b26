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
    covered = bytearray(parts.head)
    _decrypt_to(covered, decipher(encryption), parts.mac, parts.sealed)
    whole = memoryview(covered)  # a slice of a bytearray would be a copy of the key
    try:
        if not same(cmac(cipher(authentication), whole), parts.mac):
            raise WireError("keyblock-mac", "mac")
        return layout.key_of(whole[layout.HEAD_LENGTH :])
    finally:
        wipe(whole)


def check_value(cipher, key):
    """The key check value: first three bytes of AES-CMAC over a zero block, as 6 hex capitals."""
    return cmac(cipher(bytes(key)), bytes(16))[:3].hex().upper()


def _decrypt_to(buffer, block, vector, sealed):
    """AES-CBC backwards, appended to a bytearray."""
    for at in range(0, len(sealed), 16):
        part = sealed[at : at + 16]
        for x, y in zip(block(part), vector):
            buffer.append(x ^ y)
        vector = part
