"""Why a chip gives no sale, and whether the stripe of the same card may be read instead."""

TECHNICAL = True  # the chip does not work: its stripe may be swiped, marked as a fall-back
FINAL = False  # the chip or its issuer said no, or the card went away: never the stripe


class ChipError(Exception):
    """slug: chip-*, stable; may_fall_back: TECHNICAL or FINAL. The text never holds card data."""

    def __init__(self, slug, may_fall_back):
        super().__init__(slug)
        self.slug = slug
        self.may_fall_back = may_fall_back


class SlotError(ChipError):
    """The slot could not carry a command: chip-mute, chip-io, chip-removed."""
