"""The answer of OCRA (RFC 6287): eight digits from a key, a password, a question and the minute."""

import binascii
import hashlib

from schemas.errors import WireError

try:
    from unicodedata import normalize
except ImportError:  # a microcontroller: passwords of ASCII only, which normalising leaves as they are
    normalize = None

SUITE = "OCRA-1:HOTP-SHA256-8:QH64-PSHA256-T1M"
KEY_LENGTH = 32
HASH_LENGTH = 32
QUESTION_LENGTH = 128
MINUTE_MAX = 0xFFFFFFFFFFFFFFFF
DIGITS = 8
KEY_LETTERS = 56
"""A key as people are given it: base32 of the key and the first three bytes of its SHA-256."""

_BLOCK = 64
_CHECK = 3
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def answer(key, password_hash, question_hex, minute):
    """-> eight digits. key: 32 bytes; password_hash: see there; question_hex: 64 digits; minute: unix s / 60.

    Raises WireError: ocra-key, ocra-password, ocra-question, ocra-minute.
    """
    if len(key) != KEY_LENGTH:
        raise WireError("ocra-key", len(key))
    return digits(hmac_sha256(key, _data(password_hash, question_hex, minute)), DIGITS)


def matches(key, password_hash, question_hex, given, minutes):
    """The newest of the minutes whose answer is the given one, None if none is.

    given: text, as it was typed. minutes: a range. Every minute is computed and compared in full, so that
    the time tells nothing. Raises WireError as `answer`.
    """
    found = None
    for minute in minutes:
        if _same(answer(key, password_hash, question_hex, minute), given):
            found = minute
    return found


def password_hash(password):
    """A password -> 32 bytes, SHA-256 over its UTF-8 after NFKC. Raises WireError: ocra-password."""
    if normalize is not None:
        password = normalize("NFKC", password)
    elif not all([ord(letter) < 0x80 for letter in password]):
        raise WireError("ocra-password", 0)
    return hashlib.sha256(password.encode()).digest()


def key_text(key):
    """32 bytes of key -> 14 groups of four capitals and digits, for a person. Raises WireError: ocra-key."""
    if len(key) != KEY_LENGTH:
        raise WireError("ocra-key", len(key))
    number = int.from_bytes(key + hashlib.sha256(key).digest()[:_CHECK], "big")
    letters = [_BASE32[number >> 5 * (KEY_LETTERS - 1 - i) & 31] for i in range(KEY_LETTERS)]
    return " ".join(["".join(letters[i : i + 4]) for i in range(0, KEY_LETTERS, 4)])


def read_key(text):
    """What `key_text` wrote, in any case, spaced or hyphened -> 32 bytes. Raises WireError: ocra-key."""
    letters = "".join(text.upper().replace("-", " ").split())
    if len(letters) != KEY_LETTERS or letters.strip(_BASE32):
        raise WireError("ocra-key", len(letters))
    number = 0
    for letter in letters:
        number = number << 5 | _BASE32.find(letter)
    data = number.to_bytes(KEY_LENGTH + _CHECK, "big")
    if hashlib.sha256(data[:KEY_LENGTH]).digest()[:_CHECK] != data[KEY_LENGTH:]:
        raise WireError("ocra-key", KEY_LETTERS)
    return data[:KEY_LENGTH]


def data_input(suite, question, password=b"", minute=None):
    """What the HMAC is taken over (RFC 6287 section 5.1), for suites without counter and session.

    question: its bytes, 128 at most; password: its hash, empty where the suite has none.
    """
    parts = [suite.encode(), b"\0", question, bytes(QUESTION_LENGTH - len(question)), password]
    if minute is not None:
        parts.append(minute.to_bytes(8, "big"))
    return b"".join(parts)


def hmac_sha256(key, message):
    """HMAC-SHA-256 (RFC 2104) -> 32 bytes."""
    if len(key) > _BLOCK:
        key = hashlib.sha256(key).digest()
    key = key + bytes(_BLOCK - len(key))
    inner = hashlib.sha256(bytes([byte ^ 0x36 for byte in key]) + message).digest()
    return hashlib.sha256(bytes([byte ^ 0x5C for byte in key]) + inner).digest()


def digits(mac, count):
    """Dynamic truncation (RFC 4226 section 5.3) of a MAC of any length to so many digits."""
    at = mac[-1] & 15
    number = int.from_bytes(mac[at : at + 4], "big") & 0x7FFFFFFF
    return ("%0" + str(count) + "d") % (number % 10**count)


def _data(password, question_hex, minute):
    if len(password) != HASH_LENGTH:
        raise WireError("ocra-password", len(password))
    if len(question_hex) != 64 or question_hex.lower().strip("0123456789abcdef"):
        raise WireError("ocra-question", len(question_hex))
    if not 0 <= minute <= MINUTE_MAX:
        raise WireError("ocra-minute", 0)
    return data_input(SUITE, binascii.unhexlify(question_hex), password, minute)


def _same(one, other):
    """Whether two texts are equal, in a time that does not tell where they differ."""
    different = len(one) ^ len(other)
    for i in range(len(one)):
        different |= ord(one[i]) ^ (ord(other[i]) if i < len(other) else 0)
    return different == 0
