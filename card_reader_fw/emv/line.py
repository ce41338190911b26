"""What the generators of `atr`, `t0` and `t1` say to whoever has the card's one wire.

They yield ("write", bytes); ("read", count, waits), and are sent the bytes that came (best a bytearray, which
is wiped), fewer than `count` if the card was silent for `waits` times its waiting time; ("quiet",): drop what
comes until the wire is silent.
"""

from card_reader_fw.emv.errors import TECHNICAL, SlotError


def read(count, slug):
    """Generator -> exactly so many bytes, a bytearray. Raises SlotError with that slug if fewer came."""
    data = yield ("read", count, 1)
    if len(data) != count:
        raise SlotError(slug, TECHNICAL)
    return bytearray(data)
