"""AES-CMAC (RFC 4493, NIST SP 800-38B)."""


def cmac(block, message):
    """encrypt_block of a key and the message (bytes) -> MAC, 16 bytes."""
    subkey = _double(block(bytes(16)))
    whole = (max(len(message), 1) - 1) // 16 * 16  # all but the last block
    last = message[whole:]
    if len(last) < 16:
        subkey = _double(subkey)
        last = last + b"\x80" + bytes(15 - len(last))
    mac = bytes(16)
    for at in range(0, whole, 16):
        mac = block(_xor(mac, message[at : at + 16]))
    return block(_xor(mac, _xor(last, subkey)))


def _double(value):
    """Multiplication by x in GF(2^128) (section 2.3)."""
    doubled = int.from_bytes(value, "big") << 1
    reduced = doubled & (1 << 128) - 1 ^ (0x87 if doubled >> 128 else 0)
    return reduced.to_bytes(16, "big")


def _xor(a, b):
    return bytes([x ^ y for x, y in zip(a, b)])
