"""DE55: the chip's part of an authorisation, at most 199 bytes, never with what only the stripe may carry."""

from card_reader_fw.emv import tlv
from card_reader_fw.emv.errors import FINAL, ChipError

BYTES_MAX = 199
# tag, greatest length, is it required. Nearly every acquirer wants the required ones; 4F and 84 both are
# wanted in Japan. With all of them at their longest it is 188 bytes.
TAGS = (
    (0x4F, 16, True),  # application identifier, as the card's directory has it
    (0x82, 2, True),  # application interchange profile
    (0x84, 16, True),  # dedicated file name
    (0x95, 5, True),  # terminal verification results
    (0x9A, 3, True),  # date
    (0x9C, 1, True),  # transaction type
    (0x5F2A, 2, True),  # currency
    (0x5F34, 1, False),  # card sequence number
    (0x9F02, 6, True),  # amount
    (0x9F03, 6, True),  # other amount
    (0x9F09, 2, False),  # application version
    (0x9F10, 32, True),  # issuer application data
    (0x9F1A, 2, True),  # terminal's country
    (0x9F1E, 8, False),  # its serial number
    (0x9F26, 8, True),  # cryptogram
    (0x9F27, 1, True),  # what kind of cryptogram
    (0x9F33, 3, True),  # terminal's capabilities
    (0x9F34, 3, False),  # how the holder was verified
    (0x9F35, 1, False),  # terminal's type
    (0x9F36, 2, True),  # card's transaction counter
    (0x9F37, 4, True),  # unpredictable number
    (0x9F41, 4, False),  # terminal's transaction counter
)


def build(value_of):
    """A function tag -> value or None -> DE55, bytes. Raises ChipError chip-data."""
    out = bytearray()
    for tag, most, required in TAGS:
        value = value_of(tag)
        if value is None and not required:
            continue
        if value is None or not 0 < len(value) <= most:
            raise ChipError("chip-data", FINAL)
        out.extend(tlv.encode(tag, value))
    return bytes(out)
