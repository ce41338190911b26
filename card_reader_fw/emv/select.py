"""Which application of the card: from its directory (PSE) or our list of brands (EMV Book 1 section 12)."""

from card_reader_fw.emv import tlv
from card_reader_fw.emv.errors import FINAL, TECHNICAL, ChipError
from card_reader_fw.emv.talk import OK, command

PSE = b"1PAY.SYS.DDF01"
# application identifier as far as it must fit, the brand's name, our application version (9F09)
BRANDS = (
    (b"\xa0\x00\x00\x00\x65\x10\x10", "JCB", b"\x02\x00"),
    (b"\xa0\x00\x00\x00\x03\x10\x10", "VISA", b"\x00\x96"),
    (b"\xa0\x00\x00\x00\x03\x20\x10", "VISA ELECTRON", b"\x00\x96"),
    (b"\xa0\x00\x00\x00\x04\x10\x10", "MASTERCARD", b"\x00\x02"),
    (b"\xa0\x00\x00\x00\x04\x30\x60", "MAESTRO", b"\x00\x02"),
    (b"\xa0\x00\x00\x00\x25\x01", "AMERICAN EXPRESS", b"\x00\x01"),
    (b"\xa0\x00\x00\x01\x52\x30\x10", "DINERS/DISCOVER", b"\x00\x01"),
    (b"\xa0\x00\x00\x03\x33\x01\x01", "UNIONPAY", b"\x00\x20"),
)
CANDIDATES_MAX = 10
DIRECTORY_RECORDS_MAX = 10
SAME_BRAND_MAX = 4
LABEL_MAX = 16
CARD_BLOCKED = 0x6A81
BLOCKED = 0x6283
LAST_PRIORITY = 16


class Candidate:
    """An application that both sides know. aid: as the card has it; label: at most 16 printable ASCII
    characters; priority: 1 is first; confirm: the holder must agree; version: ours for this brand."""

    __slots__ = ("aid", "confirm", "label", "priority", "version")

    def __init__(self, aid, label, indicator):
        name, self.version = brand(aid)
        self.aid = aid
        self.label = label or name
        self.priority = indicator & 0x0F or LAST_PRIORITY
        self.confirm = bool(indicator & 0x80)


def brand(aid):
    """Application identifier -> (brand's name, our version of it), or None."""
    for known, name, version in BRANDS:
        if aid.startswith(known):
            return name, version
    return None


def candidates(talk):
    """Generator -> list of Candidate in the card's order of priority.

    Raises ChipError chip-card-blocked, chip-application-blocked, chip-no-application and those of `talk`.
    """
    found = yield from _from_directory(talk)
    blocked = False
    if not found:
        found, blocked = yield from _from_list(talk)
    if not found and blocked:
        raise ChipError("chip-application-blocked", FINAL)
    if not found:
        raise ChipError("chip-no-application", TECHNICAL)
    return sorted(found, key=lambda one: one.priority)


def choose(found):
    """Generator: candidates, at least one -> the one to use; asks the holder if there is a choice."""
    if len(found) == 1 and not found[0].confirm:
        return found[0]
    chosen = yield ("choose", [one.label for one in found])
    if type(chosen) is not int or not 0 <= chosen < len(found):
        raise ChipError("chip-choice", FINAL)
    return found[chosen]


def select(talk, name, again=0):
    """Generator: SELECT by name; again: 1 = the next of those that begin so. -> (FCI bytearray, status)."""
    body, status = yield from talk.exchange(command(0x00, 0xA4, 0x04, 2 * again, name))
    if status == CARD_BLOCKED and not again:
        raise ChipError("chip-card-blocked", FINAL)
    return body, status


def proprietary(fci):
    """FCI template -> (objects of 6F, objects of A5). Raises ChipError chip-tlv."""
    outer = tlv.template(fci, 0x6F)
    place = tlv.first(outer, 0xA5)
    return outer, tlv.walk(fci, place[0], place[1]) if place else []


def _from_directory(talk):
    """The candidates of the payment system environment, or none if the card has no usable one."""
    fci, status = yield from select(talk, PSE)
    found = []
    try:
        place = tlv.first(proprietary(fci)[1], 0x88) if status == OK else None
    except ChipError:
        return found
    sfi = fci[place[0]] if place and place[1] - place[0] == 1 else 0
    if not 1 <= sfi <= 10:
        return found
    for number in range(1, DIRECTORY_RECORDS_MAX + 1):
        record, status = yield from talk.exchange(command(0x00, 0xB2, number, sfi << 3 | 4))
        if status != OK:
            break
        try:
            found.extend(_entries(record))
        except ChipError:
            return []
    return found[:CANDIDATES_MAX]


def _entries(record):
    """One directory record -> its candidates of brands that we know."""
    found = []
    for tag, start, end in tlv.template(record, 0x70):
        one = _candidate(record, tlv.walk(record, start, end), 0x4F) if tag == 0x61 else None
        if one:
            found.append(one)
    return found


def _from_list(talk):
    """Ask for brand after brand -> (candidates, was one of them blocked)."""
    found = []
    blocked = False
    for known, _, _ in BRANDS:
        again = 0
        while again < SAME_BRAND_MAX:
            fci, status = yield from select(talk, known, 1 if again else 0)
            blocked = blocked or status == BLOCKED
            one = _of_fci(fci) if status == OK else None
            if one is None or one.aid in [other.aid for other in found]:
                break
            found.append(one)
            again = SAME_BRAND_MAX if one.aid == known else again + 1  # the whole name has only one
    return found[:CANDIDATES_MAX], blocked


def _of_fci(fci):
    """FCI of an application -> Candidate, or None."""
    try:
        outer, inner = proprietary(fci)
    except ChipError:
        return None
    return _candidate(fci, outer + inner, 0x84)


def _candidate(data, objects, aid_tag):
    place = tlv.first(objects, aid_tag)
    aid = bytes(data[place[0] : place[1]]) if place else b""
    if not 5 <= len(aid) <= 16 or brand(aid) is None:
        return None
    name = tlv.first(objects, 0x50)
    indicator = tlv.first(objects, 0x87)
    label = _label(data[name[0] : name[1]]) if name else ""
    return Candidate(aid, label, data[indicator[0]] if indicator and indicator[1] > indicator[0] else 0)


def _label(value):
    """The card's own words, made fit for a display."""
    letters = [chr(letter) for letter in value if 0x20 <= letter < 0x7F]
    return "".join(letters)[:LABEL_MAX].strip()
