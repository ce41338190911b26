"""Cases of key derivation, seal and check code, computed with pycryptodome and not with our own ciphers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from Crypto.Cipher import AES
from Crypto.Hash import CMAC

from schemas.envelope import checkcode, cose, derivation, payload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.envelope.vectors.binary_cases import Case

BDK = bytes.fromhex("FEDCBA9876543210F1F1F1F1F1F1F1F1")
KEY_ID = bytes.fromhex("1234567890123456")
KSN = KEY_ID + bytes([0, 0, 0, 1])
USAGES = (
    ("key-derivation", derivation.KEY_DERIVATION, "the transaction key of counter 1"),
    ("pin", derivation.PIN, "PIN encryption"),
    ("mac-verify", derivation.MAC_VERIFY, "the check code"),
    ("seal-sale", derivation.SEAL_SALE, "reader to centre"),
    ("seal-result", derivation.SEAL_RESULT, "centre to reader"),
    ("update", derivation.UPDATE, "wraps a new initial key"),
)
EXAMPLE = b";4111111111111111=27122010000012345678?"


def derived(parent: bytes, usage: int, ident: bytes) -> bytes:
    """The child key: AES-ECB of the derivation data under the parent."""
    return AES.new(parent, AES.MODE_ECB).encrypt(derivation.data(usage, ident))


INITIAL_KEY = derived(BDK, derivation.INITIAL, KEY_ID)
TRANSACTION_KEY = derived(INITIAL_KEY, derivation.KEY_DERIVATION, KSN[4:])


def working(usage: int) -> bytes:
    """The working key of counter 1."""
    return derived(TRANSACTION_KEY, usage, KSN[4:])


def cases() -> Iterator[Case]:
    """-> (name, expect, comment, headers, data) of each."""
    yield _derivation("initial", "BDK to initial key", derivation.INITIAL, (BDK, KEY_ID))
    for name, usage, comment in USAGES:
        parent = INITIAL_KEY if usage == derivation.KEY_DERIVATION else TRANSACTION_KEY
        yield _derivation(name, comment, usage, (parent, KSN[4:]))
    short = {"usage": f"{derivation.PIN:04x}", "ident": KSN[4:-1].hex()}
    yield "derivation/bad-short", "derivation-length", "seven bytes", short, ""
    yield _sealed("example", "COSE with an empty external AAD", (derivation.SEAL_SALE, 0, b"", EXAMPLE))
    sale = payload.Sale(
        kind=1, amount_minor=1200, currency=392, reader_time_s=1700000000, entry_mode=1,
        track2="4111111111111111=27122010000012345678", condition=10, slip=7,
    )  # fmt: skip
    plain = payload.encode_sale(sale)
    yield _sealed("sale", "a magnetic sale", (derivation.SEAL_SALE, 0, cose.AAD_SALE, plain))
    result = payload.Result(
        outcome=1, version=1, amount_minor=1200, currency=392, approval_number="0012345",
        reference="000000000042", time_s=1700000060,
    )  # fmt: skip
    plain = payload.encode_result(result)
    yield _sealed("result", "its approval", (derivation.SEAL_RESULT, 1, cose.AAD_RESULT, plain))
    for outcome, version, amount in ((1, 1, 1200), (2, 1, 1200), (6, 255, 999999999999)):
        yield _check_code(outcome, version, amount)


def _derivation(name: str, comment: str, usage: int, keys: tuple[bytes, bytes]) -> Case:
    parent, ident = keys
    headers = {"usage": f"{usage:04x}", "ident": ident.hex(), "parent": parent.hex()}
    headers["key"] = derived(parent, usage, ident).hex()
    return f"derivation/ok-{name}", "ok", comment, dict(headers), derivation.data(usage, ident).hex()


def _sealed(name: str, comment: str, parts: tuple[int, int, bytes, bytes]) -> Case:
    usage, index, aad, plain = parts
    cipher = AES.new(working(usage), AES.MODE_CCM, nonce=cose.nonce(KSN, index), mac_len=cose.TAG_LENGTH)
    cipher.update(cose.enc_structure(aad))
    ciphertext = b"".join(cipher.encrypt_and_digest(plain))
    headers = {"ksn": KSN.hex(), "index": index, "key": working(usage).hex(), "aad": aad.decode()}
    headers["plaintext"] = plain.hex()
    return f"seal/ok-{name}", "ok", comment, dict(headers), cose.pack(KSN, index, ciphertext).hex()


def _check_code(outcome: int, version: int, amount: int) -> Case:
    key = working(derivation.MAC_VERIFY)
    message = checkcode.message(KSN, outcome, version, amount)
    mac = CMAC.new(key, message, ciphermod=AES).digest()
    headers = {"ksn": KSN.hex(), "outcome": outcome, "version": version, "amount_minor": amount}
    headers |= {"key": key.hex(), "mac": mac.hex(), "digits": checkcode.digits(mac)}
    return f"checkcode/ok-{outcome}-{version}", "ok", "eight digits", dict(headers), message.hex()
