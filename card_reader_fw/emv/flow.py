"""A chip sale from SELECT to the second GENERATE AC, online only, as Quick Chip: the card leaves at once.

`transact` is a generator without I/O. It yields ("apdu", command) and is sent the response with its status
word (best a bytearray, which it wipes), or ("choose", labels) and is sent an index. If the slot fails, throw
its SlotError into it. Closing it is how a sale is cancelled; the card's data is wiped however it ends.
"""

from card_reader_fw.crypto.ccm import wipe
from card_reader_fw.emv import de55, dol, risk, select, tlv
from card_reader_fw.emv.errors import FINAL, TECHNICAL, ChipError
from card_reader_fw.emv.talk import OK, Talk, command
from card_reader_fw.emv.values import SALE, Values
from card_reader_fw.track import track2
from card_reader_fw.track.f2f import StripeError

RECORDS_MAX = 40
NOT_HERE = (0x6985, 0x6984)  # GET PROCESSING OPTIONS: use another application
# What other answers give; a record has no say in it.
NOT_IN_RECORDS = (0x4F, 0x82, 0x84, 0x94, 0x9F10, 0x9F26, 0x9F27, 0x9F36)
AAC, ARQC = 0x00, 0x80  # reference control of GENERATE AC, and what it says it gave
KIND = 0xC0
LETTERS = b"0123456789:;<=>?"
UNABLE_ONLINE_APPROVED = b"Z3"  # authorisation response code of Quick Chip's second GENERATE AC


class ChipCard:
    """What a chip gave. emv: DE55, at most 199 bytes; track2: track 2 equivalent data, a bytearray as a
    stripe's text; separator: length of the card number in it; label: of the application, at most 16
    characters; how: the holder is verified, of `cvm`. Its repr is masked."""

    __slots__ = ("emv", "how", "label", "separator", "track2")

    def __init__(self, emv, track, label, how):
        self.emv = emv
        self.track2 = track.text
        self.separator = track.separator
        self.label = label
        self.how = how

    def pan(self):
        """The card number's digits, a bytearray for the caller to wipe."""
        return self.track2[: self.separator]

    def masked(self):
        """The card number as PCI DSS 3.4.1 lets it be shown."""
        return track2.Track2(self.track2, self.separator).masked()

    def wipe(self):
        """Overwrite all card data."""
        wipe(self.track2)

    def __repr__(self):
        return "<ChipCard %s emv=%d>" % (self.label, len(self.emv))


def transact(terminal, sale):
    """Generator: Terminal and Sale of `values` -> ChipCard. Raises ChipError chip-*."""
    talk, values = Talk(), Values(terminal, sale)
    track = card = None
    try:
        application = yield from _start(talk, values)
        yield from _records(talk, values)
        _required(values)
        track = _track(values)
        how = risk.judge(values, application.version, sale.amount_minor, terminal.online_pin and sale.pin)
        yield from _cryptogram(talk, values, sale)
        card = ChipCard(de55.build(values.get), track, application.label, how)
        return card
    finally:
        values.forget()
        if track is not None and card is None:
            wipe(track.text)


def _start(talk, values):
    """SELECT and GET PROCESSING OPTIONS; an application that will not is left out. -> Candidate."""
    found = yield from select.candidates(talk)
    refusal = ChipError("chip-no-application", TECHNICAL)
    while found:
        application = yield from select.choose(found)
        found = [one for one in found if one is not application]
        values.forget()
        fci, status = yield from select.select(talk, application.aid)
        if status == OK and (yield from _options(talk, values, fci)):
            values.put(0x4F, application.aid)
            return application
        if status == OK:
            refusal = ChipError("chip-unwilling", FINAL)
        elif status == select.BLOCKED:
            refusal = ChipError("chip-application-blocked", FINAL)
    raise refusal


def _options(talk, values, fci):
    """GET PROCESSING OPTIONS with what the application's FCI asks for; -> is it willing."""
    outer, inner = select.proprietary(fci)
    values.take(fci, [one for one in outer if one[0] == 0x84])
    wanted = tlv.first(inner, 0x9F38)
    filled = dol.fill(dol.parse(fci[wanted[0] : wanted[1]]), values.get) if wanted else b""
    body, status = yield from talk.exchange(command(0x80, 0xA8, 0x00, 0x00, tlv.encode(0x83, filled)))
    if status in NOT_HERE:
        return False
    _expect(status, "chip-options")
    _answer(values, body, ((0x82, 2), (0x94, None)))
    if not values.get(0x82) or not values.get(0x94):
        raise ChipError("chip-data", TECHNICAL)
    return True


def _records(talk, values):
    """READ RECORD for each that the application file locator (94) names."""
    for sfi, number in _locations(values.get(0x94)):
        record, status = yield from talk.exchange(command(0x00, 0xB2, number, sfi << 3 | 4))
        try:
            _expect(status, "chip-record")
            if sfi <= 10:
                objects = tlv.template(record, 0x70)
                values.take(record, [one for one in objects if one[0] not in NOT_IN_RECORDS])
        finally:
            wipe(record)


def _locations(locator):
    """Application file locator -> list of (short file identifier, record number)."""
    found = []
    for at in range(0, len(locator) - 3, 4):
        sfi, first, last = locator[at] >> 3, locator[at + 1], locator[at + 2]
        good = 1 <= sfi <= 30 and 1 <= first <= last and not locator[at] & 7
        if not good or len(found) + last - first >= RECORDS_MAX:
            raise ChipError("chip-records", TECHNICAL)
        found.extend([(sfi, number) for number in range(first, last + 1)])
    if len(locator) % 4 or not found:
        raise ChipError("chip-records", TECHNICAL)
    return found


def _required(values):
    """Data without which there is no sale (Book 3 table 28, and what we send)."""
    for tag in (0x57, 0x5F24, 0x84, 0x8C, 0x8D):
        if not values.get(tag):
            raise ChipError("chip-data", TECHNICAL)
    for tag in (0x8C, 0x8D):
        dol.parse(values.get(tag))


def _track(values):
    """Track 2 equivalent data (57), which must name the same card as 5A -> track2.Track2."""
    digits = _digits(values.get(0x57))
    number = _digits(values.get(0x5A) or b"")
    named = _begins(digits, number)
    wipe(number)
    try:
        if named:
            return track2.from_text(digits)
    except StripeError:
        pass
    wipe(digits)
    raise ChipError("chip-track2", TECHNICAL)


def _begins(digits, number):
    """Is that the whole card number of a track, if there is one to compare? Byte by byte, without a copy."""
    for at, digit in enumerate(number):
        if at == len(digits) or digits[at] != digit:
            return False
    return not number or digits.find(b"=") == len(number)


def _digits(packed):
    """Packed digits -> ASCII bytearray; D is the separator, an F at the end fills up."""
    out = bytearray(2 * len(packed))
    for at, byte in enumerate(packed):
        out[2 * at] = LETTERS[byte >> 4]
        out[2 * at + 1] = LETTERS[byte & 0x0F]
    if out and out[-1] == LETTERS[15]:
        whole = out
        out = whole[:-1]
        wipe(whole)
    return out


def _cryptogram(talk, values, sale):
    """Both GENERATE AC. Once the card has counted the sale its stripe is no way out."""
    asked = ARQC if sale.kind == SALE and not risk.denied(values) else AAC
    values.own[0x9B][0] |= risk.CARD_RISK
    try:
        body, status = yield from _generate(talk, values, asked, 0x8C)
        _expect(status, "chip-cryptogram")
        _answer(values, body, ((0x9F27, 1), (0x9F36, 2), (0x9F26, 8), (0x9F10, None)))
    except ChipError as error:
        raise ChipError(error.slug, FINAL) from None
    given = values.get(0x9F27)
    kind = given[0] & KIND if given else KIND
    if kind == AAC and sale.kind == SALE:
        raise ChipError("chip-declined", FINAL)
    if kind != asked:
        raise ChipError("chip-cryptogram", FINAL)
    if kind == ARQC:
        yield from _let_go(talk, values)


def _let_go(talk, values):
    """The second GENERATE AC, so that the card may leave. What it says, or whether, is all the same."""
    values.own[0x8A] = UNABLE_ONLINE_APPROVED
    try:
        yield from _generate(talk, values, AAC, 0x8D)
    except ChipError:
        pass


def _generate(talk, values, asked, list_tag):
    filled = dol.fill(dol.parse(values.get(list_tag)), values.get)
    return (yield from talk.exchange(command(0x80, 0xAE, asked, 0x00, filled)))


def _answer(values, body, parts):
    """Keep an answer in format 1 (80: the parts in a row, the last one with what is left) or 2 (77)."""
    outer = tlv.walk(body, 0, len(body))
    if len(outer) != 1 or outer[0][0] not in (0x80, 0x77):
        raise ChipError("chip-tlv", TECHNICAL)
    tag, at, end = outer[0]
    if tag == 0x77:
        named = [part[0] for part in parts]
        values.take(body, [one for one in tlv.walk(body, at, end) if one[0] in named])
        return
    for part, length in parts:
        stop = end if length is None else at + length
        if at < end:
            values.put(part, memoryview(body)[at : min(stop, end)])
        at = stop


def _expect(status, slug):
    if status != OK:
        raise ChipError(slug, TECHNICAL)
