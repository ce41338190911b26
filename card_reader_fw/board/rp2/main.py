"""Switched on: put the board together and let the reader run for ever. Copied to the chip as /main.py.

CANCEL held while the power comes on leaves the interpreter's console to whoever sits at the USB port.
"""

import gc
import time

import machine

from card_reader_fw.board.rp2.board import COLUMNS, ROWS, Board
from card_reader_fw.board.rp2.keypad import STEADY_MS, Keypad
from card_reader_fw.reader import Reader

GARBAGE_MAX = 16384  # bytes that may lie about before the interpreter collects


def run():
    """Never returns, but where CANCEL is held."""
    keypad = Keypad(ROWS, COLUMNS)
    keypad.read()
    time.sleep_ms(2 * STEADY_MS)
    if keypad.read() == "CANCEL":
        return
    gc.threshold(GARBAGE_MAX)
    board = Board()
    reader = Reader(board)
    while True:
        reader.poll()
        board.tick()
        machine.idle()


if __name__ == "__main__":
    run()
