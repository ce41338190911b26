"""How the holder is verified (EMV Book 3 section 10.5): PIN online, signature or nothing; no PIN offline."""

NONE, SIGNATURE, PIN, FAILED = "none", "signature", "pin", "failed"

_FAIL, _ONLINE_PIN, _SIGNATURE, _NO_CVM, _NOTHING_DONE = 0x00, 0x02, 0x1E, 0x1F, 0x3F
_RECOGNISED = (0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x1E, 0x1F)
_UNKNOWN, _NOT_SUCCESSFUL, _SUCCESSFUL = 0, 1, 2  # third byte of the results (9F34)
_NEXT = 0x40  # of a rule: if it fails, go on

# Bits of the third byte of the terminal verification results.
FAILURE, UNRECOGNISED, NO_PIN_PAD, PIN_ENTERED = 0x80, 0x40, 0x10, 0x04


def verify(rules, amount_minor, currency_fits, with_pin):
    """CVM list (8E) or None, the amount, is it in the list's currency, was a PIN keyed
    -> (how, results for 9F34, bits for the third byte of 95, was anything done)."""
    if rules is None or len(rules) < 10:
        return NONE, bytes((_NOTHING_DONE, 0, 0)), 0, False
    limits = (int.from_bytes(rules[:4], "big"), int.from_bytes(rules[4:8], "big"))
    bits = 0
    for at in range(8, len(rules) - 1, 2):
        code, condition = rules[at], rules[at + 1]
        method = code & 0x3F
        if not _applies(condition, method, with_pin, amount_minor if currency_fits else None, limits):
            continue
        if _can(method, with_pin):
            return _done(code, condition, bits)
        bits |= _why_not(method)
        if not code & _NEXT:
            return FAILED, bytes((code, condition, _NOT_SUCCESSFUL)), bits | FAILURE, True
    return FAILED, bytes((_NOTHING_DONE, 0, _NOT_SUCCESSFUL)), bits | FAILURE, True


def _can(method, with_pin):
    return method in (_SIGNATURE, _NO_CVM) or (method == _ONLINE_PIN and with_pin)


def _done(code, condition, bits):
    how, result, more = {
        _SIGNATURE: (SIGNATURE, _UNKNOWN, 0),
        _NO_CVM: (NONE, _SUCCESSFUL, 0),
        _ONLINE_PIN: (PIN, _UNKNOWN, PIN_ENTERED),
    }[code & 0x3F]
    return how, bytes((code, condition, result)), bits | more, True


def _why_not(method):
    if method not in _RECOGNISED:
        return UNRECOGNISED
    return 0 if method == _FAIL else NO_PIN_PAD


def _applies(condition, method, with_pin, amount_minor, limits):
    """Table 40 of Book 3 for an attended purchase without cash. amount_minor: None = another currency."""
    if condition in (0x00, 0x02):
        return True
    if condition == 0x03:
        return _can(method, with_pin)
    if amount_minor is None or not 0x06 <= condition <= 0x09:
        return False
    limit = limits[condition >= 0x08]
    return amount_minor > limit if condition & 1 else amount_minor < limit
