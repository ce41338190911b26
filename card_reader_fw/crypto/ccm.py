"""AES-CCM (RFC 3610, NIST SP 800-38C) with L = 2: sealing and opening with block *encryption* only.

With a 13-byte nonce and the 16-byte tag this is COSE's AES-CCM-16-128-128 (RFC 9053 section 4.2, algorithm
30).
"""

NONCE_LENGTH = 13
TAG_LENGTH = 16
TEXT_MAX = 65535


def seal(block, nonce, aad, text, tag_length=TAG_LENGTH):
    """Encrypt the bytearray `text` in place, so that no plaintext stays behind, and append the tag to it.

    block: encrypt_block of the AES port; nonce: 13 bytes, never twice under one key; aad: at most 65279
    bytes. Raises ValueError for lengths that CCM with L = 2 cannot carry.
    """
    tag = _tag(block, nonce, aad, text, tag_length)
    _counter_mode(block, nonce, text)
    text.extend(tag)


def open_sealed(block, nonce, aad, sealed, tag_length=TAG_LENGTH):
    """Sealed bytes -> plaintext bytearray, or None (and nothing of it) if the tag does not fit."""
    if len(sealed) < tag_length:
        return None
    text = bytearray(sealed[:-tag_length])
    _counter_mode(block, nonce, text)
    if same(_tag(block, nonce, aad, text, tag_length), sealed[-tag_length:]):
        return text
    wipe(text)
    return None


def same(a, b):
    """Are two byte strings equal, in a time that depends on their length only."""
    difference = len(a) ^ len(b)
    for x, y in zip(a, b):
        difference |= x ^ y
    return difference == 0


def wipe(buffer):
    """Overwrite a bytearray with zeros."""
    for i in range(len(buffer)):
        buffer[i] = 0


def _tag(block, nonce, aad, text, tag_length):
    """CBC-MAC over B0, the associated data and the text, whitened by S0 (RFC 3610 sections 2.2 and 2.3)."""
    if len(nonce) != NONCE_LENGTH or len(text) > TEXT_MAX or len(aad) > 65279:
        raise ValueError("ccm: nonce, text or associated data has a wrong length")
    flags = (0x40 if aad else 0) | (tag_length - 2) // 2 << 3 | 1
    mac = block(bytes([flags]) + nonce + len(text).to_bytes(2, "big"))
    if aad:
        mac = _absorb(block, mac, len(aad).to_bytes(2, "big") + aad)
    mac = _absorb(block, mac, text)
    return _xor(mac, block(_counter_block(nonce, 0)))[:tag_length]


def _absorb(block, mac, data):
    whole = memoryview(data)  # a slice of a bytearray would be a copy of what is secret
    for at in range(0, len(data), 16):
        part = whole[at : at + 16]
        mac = block(_xor(part, mac) + mac[len(part) :])
    return mac


def _counter_mode(block, nonce, text):
    for at in range(0, len(text), 16):
        stream = block(_counter_block(nonce, at // 16 + 1))
        for place in range(at, min(at + 16, len(text))):
            text[place] ^= stream[place - at]


def _counter_block(nonce, number):
    return b"\x01" + nonce + number.to_bytes(2, "big")


def _xor(a, b):
    return bytes([x ^ y for x, y in zip(a, b)])
