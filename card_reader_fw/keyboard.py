"""The reader as a USB keyboard: an armour block -> HID reports (USB HID Usage Tables, keyboard page 07).

Letters go without shift, since the armour is read in any case: so Caps Lock does no harm, and letters, the
digits 2 to 7, space and Enter have the same usages on a US and on a JIS keyboard.
"""

ENTER, SPACE = 0x28, 0x2C
LENGTH = 8  # of a boot keyboard's report: modifiers, nothing, six keys
LETTER_A, DIGIT_1 = 0x04, 0x1E
RELEASED = bytes(LENGTH)


def reports(text):
    """Text of letters, 2..7, space and line feeds -> reports to send one after the other, each key let go.

    Raises ValueError for any other character.
    """
    for letter in text:
        yield bytes((0, 0, _usage(letter), 0, 0, 0, 0, 0))
        yield RELEASED


def _usage(letter):
    small = letter.lower()
    if "a" <= small <= "z":
        return LETTER_A + ord(small) - ord("a")
    if "2" <= letter <= "7":
        return DIGIT_1 + ord(letter) - ord("1")
    if letter in "\n ":
        return ENTER if letter == "\n" else SPACE
    raise ValueError("no key for this character")
