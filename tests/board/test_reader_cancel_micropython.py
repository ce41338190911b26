"""A cancel on the real MicroPython interpreter: the same to the last byte as under CPython."""

import on_chip_sales
from micropython_world import on_chip
from reader_centre import SWIPE

from schemas.envelope import outcome

SALE = [["swipe", SWIPE], *(["key", key] for key in (*"1200", "ENTER", "ENTER", "TRANSFER"))]
CANCEL = [["key", key] for key in ("CANCEL", "ENTER", "TRANSFER")]
RESTART = [["off and on"], ["unplug"], ["wait", 2500], ["wait", 2500]]
SEEN = [["answer", outcome.IN_DOUBT], ["key", "ENTER"], *RESTART]
DONE = [["answer", outcome.CANCELLED], ["key", "ENTER"]]
FROM_THE_LIST = [["key", key] for key in ("ENTER", "2", "1", "ENTER", "TRANSFER")]
FAILED = [["answer", outcome.REFUSED], ["key", "ENTER"]]


def test_a_cancel_is_the_same_to_the_last_byte():
    """What the display shows, what is beeped, both envelopes, every verdict, and the flash at the end."""
    doings = [*SALE, *CANCEL, *SEEN, *DONE, *SALE, *RESTART, *FROM_THE_LIST, *FAILED]
    given = {"doings": doings, "pin": False}
    here = on_chip_sales.report(given)
    shown = [note for note in here["notes"] if type(note) is list]
    assert ["CANCEL ASKED", "WAIT       00001"] in shown
    assert ["CANCELLED     C6", "SLIP 00001"] in shown
    assert ["NOT CANCELLED", "00002"] in shown
    assert on_chip("on_chip_sales.py", given)[0] == here
