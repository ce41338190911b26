"""The one form of X9.143 key block that a reader takes: version D, an AES-128 initial key of AES DUKPT.

144 characters: a head of 48, the sealed key data in hex (64), the MAC in hex (32). SPEC.md has the bytes.
"""

from schemas.errors import WireError

HEAD_LENGTH = 48
DATA_LENGTH = 32
MAC_LENGTH = 16
LENGTH = HEAD_LENGTH + 2 * DATA_LENGTH + 2 * MAC_LENGTH
KEY_LENGTH = 16
FILLER_LENGTH = 14

ENCRYPTION, AUTHENTICATION = 0, 1
"""What a key is derived for from the key block protection key."""

_BEGIN = "D0144B1AX00N0200" + "IK14"
_PADDING = "PB0C"
_BITS = b"\x00\x80"
_HEX = "0123456789ABCDEF"


class Parts:
    """A key block taken apart. head: what the MAC covers besides the data; key_id: of the initial key, 8
    bytes; sealed: the key data, encrypted."""

    __slots__ = ("head", "key_id", "mac", "sealed")

    def __init__(self, head, key_id, sealed, mac):
        self.head = head
        self.key_id = key_id
        self.sealed = sealed
        self.mac = mac


def derivation(purpose):
    """ENCRYPTION or AUTHENTICATION -> the message whose AES-CMAC is that key (X9.143 version D, AES-128)."""
    return bytes((1, 0, purpose, 0, 0, 2, 0, 0x80))


def head(key_id, padding):
    """Initial key ID (8 bytes) and 4 random bytes -> the head, ASCII."""
    if len(key_id) != 8 or len(padding) != 4:
        raise WireError("keyblock-head", "key_id")
    return (_BEGIN + _hex(key_id) + _PADDING + _hex(padding)).encode()


def key_data(key, filler):
    """Key (16 bytes) and 14 random bytes -> the data to encrypt."""
    if len(key) != KEY_LENGTH or len(filler) != FILLER_LENGTH:
        raise WireError("keyblock-key", "length")
    return _BITS + key + filler


def key_of(data):
    """Decrypted data -> the key, a bytearray. Raises WireError keyblock-key."""
    if len(data) != DATA_LENGTH or bytes(data[:2]) != _BITS:
        raise WireError("keyblock-key", "length")
    return bytearray(data[2 : 2 + KEY_LENGTH])


def text(parts):
    """Parts -> the key block."""
    return parts.head.decode() + _hex(parts.sealed) + _hex(parts.mac)


def parse(block):
    """The key block -> Parts. Raises WireError keyblock-length, -head, -hex for what is not of this form."""
    if len(block) != LENGTH:
        raise WireError("keyblock-length", len(block))
    begin, ident, padding = block[:20], block[20:36], block[36:40]
    if begin != _BEGIN or padding != _PADDING:
        raise WireError("keyblock-head", 0)
    for letter in block[20:36] + block[40:]:
        if letter not in _HEX:
            raise WireError("keyblock-hex", 20)
    mac_at = HEAD_LENGTH + 2 * DATA_LENGTH
    sealed, mac = bytes.fromhex(block[HEAD_LENGTH:mac_at]), bytes.fromhex(block[mac_at:])
    return Parts(block[:HEAD_LENGTH].encode(), bytes.fromhex(ident), sealed, mac)


def _hex(data):
    return data.hex().upper()
