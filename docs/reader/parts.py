"""Parts of a reader that is made of memory: the flash and a queue of what hands have done."""


class Flash:
    """What stays when the reader is off: two banks for the journal, eleven cells for sealed sales."""

    bank_size = 16384
    cell_size = 1024

    def __init__(self):
        sizes = [self.bank_size] * 2 + [self.cell_size] * 11
        self.banks = [bytearray(b"\xff" * size) for size in sizes]

    def read(self, bank, offset, length):
        return self.banks[bank][offset : offset + length]

    def write(self, bank, offset, data):
        """Ones can become zeros only."""
        for at, byte in enumerate(data, offset):
            self.banks[bank][at] &= byte

    def erase(self, bank):
        self.banks[bank][:] = b"\xff" * len(self.banks[bank])


class Queue:
    """What a hand has done and the firmware has not seen."""

    def __init__(self):
        self.waiting = []

    def read(self):
        return self.waiting.pop(0) if self.waiting else None
