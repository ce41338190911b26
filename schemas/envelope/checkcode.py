"""The check code: eight digits that a merchant types where no cable brings the result back."""

DIGITS = 8


def message(ksn, outcome, version, amount_minor):
    """What AES-CMAC (RFC 4493) signs under the 2001 key: 22 bytes.

    ksn: 12 bytes. outcome, version: as in the result. amount_minor: in the currency of the sale.
    """
    return ksn + bytes([outcome, version]) + amount_minor.to_bytes(8, "big")


def digits(mac):
    """16 bytes of MAC -> eight decimal digits, from its first eight bytes as one big-endian number."""
    return "%08d" % (int.from_bytes(mac[:8], "big") % 10**DIGITS)
