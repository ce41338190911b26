"""Put after on_chip_sales and on_chip_chips: the whole reader with a recorded card in its slot."""


class Recorded:
    """A slot that says what a card once said, whatever it is asked."""

    def __init__(self, dialogue):
        self._dialogue = dialogue
        self._next = 0
        self.inside = True

    def present(self):
        return self.inside

    def on(self):
        return unmasked(self._dialogue["atr"])  # noqa: F821

    def send(self, apdu):
        self._next += 1
        return unmasked(self._dialogue["answers"][self._next - 1])  # noqa: F821

    def off(self):
        pass


def report(given):
    """given: {"dialogue": .., "doings": [..]}; the doing ["remove"] takes the card out -> what was seen."""
    world = World(False)  # noqa: F821
    world.settle()
    world.board.slot = Recorded(given["dialogue"])
    world.reader = reader.Reader(world.board)  # noqa: F821
    world.phone = session.Session(session.PHONE)  # noqa: F821
    for doing in given["doings"]:
        while world.reader.reading:
            world.reader.poll()
        if doing[0] == "remove":
            world.board.slot.inside = False
            world.settle()
        else:
            world.do(doing)
    return {"notes": world.notes}
