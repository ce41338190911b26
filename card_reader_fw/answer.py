"""Is an answer genuine? Opens sealed results, tries check codes; a forged one changes and shows nothing."""

from hashlib import sha256

from card_reader_fw.crypto import ccm, cmac
from schemas.envelope import checkcode, cose, outcome, payload
from schemas.errors import WireError

GENUINE = "genuine"
NOT_GENUINE = "not-genuine"
UNKNOWN_SALE = "unknown-sale"
CODE_VERSIONS = (1, 2, 3, 4)
CURRENCY = 392  # this reader sells in yen (ISO 4217)


def open_result(cipher, vault, sealed):
    """Sealed result (COSE bytes) -> (verdict, sale to show or None). Saves the vault before it says "show".

    The identical result of before is shown again; a lower version, or another text under the same, is genuine
    at most but shows nothing. Raises JournalError.
    """
    try:
        ksn, index, ciphertext = cose.unpack(sealed)
    except WireError:
        return NOT_GENUINE, None
    sale = vault.find(ksn)
    if sale is None:
        return UNKNOWN_SALE, None
    digest = sha256(sealed).digest()[:16]
    if sale.digest and ccm.same(digest, sale.digest):
        return GENUINE, sale
    if not sale.result_key:
        return UNKNOWN_SALE, None
    result = _opened(cipher, sale, index, ciphertext)
    if result is None:
        return NOT_GENUINE, None
    by_code = result.version == sale.version and not sale.digest and result.outcome == sale.outcome
    if result.version <= sale.version and not by_code:
        return GENUINE, None
    sale.show(result.outcome, result.version, result.approval_number or result.reason, digest)
    vault.shown(sale)
    return GENUINE, sale


def _opened(cipher, sale, index, ciphertext):
    """The payload.Result, if it opens and speaks of this sale; else None."""
    block = cipher(bytes(sale.result_key))
    text = ccm.open_sealed(
        block, cose.nonce(sale.ksn, index), cose.enc_structure(cose.AAD_RESULT), ciphertext
    )
    if text is None:
        return None
    try:
        result = payload.decode_result(bytes(text))
    except WireError:
        return None
    said = (result.version, result.amount_minor, result.currency)
    return result if said == (index, sale.amount_minor, CURRENCY) else None


def try_code(cipher, vault, sale, digits):
    """Eight typed digits for one open sale -> (verdict, sale to show or None). Raises JournalError.

    A wrong one is counted durably before anything is said; after three the sale takes no more codes.
    """
    if not sale.takes_code():
        return UNKNOWN_SALE, None
    found, version = _fitting(cipher, sale, digits)
    if not found:
        sale.wrong += 1
        vault.save()
        return NOT_GENUINE, None
    if (found, version) == (sale.outcome, sale.version):
        return GENUINE, sale
    if version <= sale.version:
        return GENUINE, None
    sale.show(found, version, "", b"")
    vault.shown(sale)
    return GENUINE, sale


def meant(cipher, vault, ksn, digits):
    """The sale that a typed code is for: one of the same slip, a cancel or its sale, if it fits, else that of
    the KSN."""
    chosen = vault.find(ksn)
    for sale in vault.sales:
        if sale.slip == chosen.slip and sale.takes_code() and _fitting(cipher, sale, digits)[0]:
            return sale
    return chosen


def _fitting(cipher, sale, digits):
    """The (outcome, version) whose code these digits are, or (0, 0)."""
    block = cipher(bytes(sale.code_key))
    typed = digits.encode()
    fitting = (0, 0)
    for version in CODE_VERSIONS:
        for found in outcome.NAMES:
            mac = cmac.cmac(block, checkcode.message(sale.ksn, found, version, sale.amount_minor))
            if ccm.same(checkcode.digits(mac).encode(), typed):
                fitting = (found, version)
    return fitting
