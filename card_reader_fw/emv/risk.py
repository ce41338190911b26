"""What the terminal finds against a card: restrictions and risk (EMV Book 3 sections 10.4, 10.6, 10.7).

It is written into the terminal verification results (95) and status (9B), for the issuer to judge.
"""

from card_reader_fw.emv import cvm, dates

# (byte, bit) of the terminal verification results.
NO_OFFLINE_CHECK = (0, 0x80)
OTHER_VERSION = (1, 0x80)
EXPIRED = (1, 0x40)
NOT_YET_VALID = (1, 0x20)
NOT_THIS_SERVICE = (1, 0x10)
OVER_FLOOR_LIMIT = (3, 0x80)

# First byte of the terminal status.
HOLDER_VERIFIED, CARD_RISK, TERMINAL_RISK = 0x40, 0x20, 0x08

HOLDER_VERIFICATION = 0x10  # of the first byte of the application interchange profile
GOODS_HERE, GOODS_ABROAD, SERVICES_HERE, SERVICES_ABROAD = 0x20, 0x10, 0x08, 0x04  # usage control
IN_SHOPS = 0x01  # at terminals other than cash machines


def judge(values, version, amount_minor, with_pin):
    """Fill 95, 9B and 9F34 of Values; -> how the holder is verified, of `cvm`."""
    values.own[0x9F09] = version
    findings = values.own[0x95]
    for byte, bit in _restrictions(values, version):
        findings[byte] |= bit
    how = cvm.NONE
    results, bits, done = b"\x3f\x00\x00", 0, False
    if values.card[0x82][0] & HOLDER_VERIFICATION:
        fits = values.get(0x9F42) == values.own[0x5F2A]
        how, results, bits, done = cvm.verify(values.get(0x8E), amount_minor, fits, with_pin)
    findings[2] |= bits
    values.own[0x9F34] = results
    values.own[0x9B][0] |= TERMINAL_RISK | (HOLDER_VERIFIED if done else 0)
    return how


def denied(values):
    """Does the issuer want a refusal for what was found (issuer action code "denial", 9F0E)?"""
    wanted = values.get(0x9F0E)
    return wanted is not None and any([a & b for a, b in zip(wanted, values.own[0x95])])


def _restrictions(values, version):
    found = [NO_OFFLINE_CHECK, OVER_FLOOR_LIMIT]
    today = values.own[0x9A]
    known = today != b"\x00\x01\x01"  # a reader that no phone has told the time finds nothing expired
    if values.get(0x9F08) not in (None, version):
        found.append(OTHER_VERSION)
    if known and _day(values, 0x5F24, today) < dates.day_of(today):
        found.append(EXPIRED)
    if known and _day(values, 0x5F25, today) > dates.day_of(today):
        found.append(NOT_YET_VALID)
    if not _allowed(values):
        found.append(NOT_THIS_SERVICE)
    return found


def _day(values, tag, otherwise):
    date = values.get(tag)
    return dates.day_of(date if date is not None and len(date) == 3 else otherwise)


def _allowed(values):
    """Application usage control (9F07), if the card has one and says its country."""
    usage, country = values.get(0x9F07), values.get(0x5F28)
    if usage is None or country is None:
        return True
    here = country == values.own[0x9F1A]
    wanted = GOODS_HERE | SERVICES_HERE if here else GOODS_ABROAD | SERVICES_ABROAD
    return bool(usage[0] & wanted and usage[0] & IN_SHOPS)
