"""A contact EMV card in software: SELECT, GPO, READ RECORD, VERIFY, GET DATA and GENERATE AC.

`Card.send` takes a command and gives the response with its status word, as a card of T=1 does; a card of T=0
gives it in two steps (61xx, 6Cxx), as it looks through PC/SC.
"""

from __future__ import annotations

from dataclasses import dataclass

from card_reader_fw.board.desk.chip import personal
from card_reader_fw.board.desk.chip.cards import MASTER_KEY, Application, Profile
from card_reader_fw.board.desk.chip.cryptogram import card_key, cryptogram
from card_reader_fw.board.desk.chip.faults import MUTE, OK, Fault
from card_reader_fw.emv.select import PSE
from card_reader_fw.emv.tlv import encode

WRONG_LENGTH, PIN_BLOCKED, NOT_NOW, WRONG_DATA = 0x6700, 0x6983, 0x6985, 0x6A80
NO_FILE, NO_RECORD, WRONG_PLACE, NO_DATA = 0x6A82, 0x6A83, 0x6A86, 0x6A88
NO_COMMAND, NO_CLASS = 0x6D00, 0x6E00
PIN_TRIES = 3
ATR_T0 = bytes.fromhex("3B600000")
ATR_T1 = bytes.fromhex("3BE000008131FE45EB")
AAC, ARQC = 0x00, 0x80
SELECT, OPTIONS, RECORD, VERIFY, DATA, GENERATE, REST = 0xA4, 0xA8, 0xB2, 0x20, 0xCA, 0xAE, 0xC0
CLASSES = {SELECT: 0x00, RECORD: 0x00, VERIFY: 0x00, REST: 0x00, OPTIONS: 0x80, DATA: 0x80, GENERATE: 0x80}


class Refusal(Exception):
    """A status word other than 9000."""

    def __init__(self, status: int):
        super().__init__(f"{status:04X}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Command:
    """A short command in its parts. le: 0 = none, else 1..256."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes
    le: int

    @classmethod
    def parse(cls, apdu: bytes) -> Command:
        """Raises Refusal 6700 if the lengths do not fit."""
        if len(apdu) < 4:
            raise Refusal(WRONG_LENGTH)
        rest = apdu[4:]
        if len(rest) <= 1:
            return cls(*apdu[:4], b"", (rest[0] or 256) if rest else 0)
        data, after = rest[1 : 1 + rest[0]], rest[1 + rest[0] :]
        if len(data) != rest[0] or not data or len(after) > 1:
            raise Refusal(WRONG_LENGTH)
        return cls(*apdu[:4], data, (after[0] or 256) if after else 0)


class Card:
    """One card in its reader, from power-on. counter: transactions begun, which outlives a power-off."""

    def __init__(self, profile: Profile, fault: Fault | None = None):
        self.profile = profile
        self.fault = fault
        self._commands = 0
        self.counter = 0
        self.tries = PIN_TRIES
        self.reset()

    def reset(self) -> bytes:
        """Power-on -> ATR, b"" = none."""
        self._selected: Application | None = None
        self._directory = False
        self._begun = False
        self._generated = 0
        self._rest = b""  # of an answer of T=0
        if self.fault and self.fault.name == MUTE:
            return b""
        return ATR_T0 if self.profile.t0 else ATR_T1

    def send(self, apdu: bytes) -> bytes:
        """Command -> data and status word, b"" = no answer. Raises Removed if that is its fault."""
        self._commands += 1
        try:
            command = Command.parse(apdu)
            response = self._answer(command) + OK
        except Refusal as refusal:
            command, response = None, refusal.status.to_bytes(2, "big")
        if self.fault and apdu[1:2] != bytes((REST,)):
            response = self.fault.apply(apdu, response, self._commands)
        stepwise = self.profile.t0 and command and response.endswith(OK)
        return self._in_steps(command, response[:-2]) if stepwise else response

    def _answer(self, command: Command) -> bytes:
        if command.ins not in CLASSES:
            raise Refusal(NO_COMMAND)
        if command.cla != CLASSES[command.ins]:
            raise Refusal(NO_CLASS)
        return ANSWERS[command.ins](self, command)

    def _in_steps(self, command: Command, body: bytes) -> bytes:
        """T=0: an answer to data waits for GET RESPONSE; any other must be asked for with its very length."""
        if command.data and body:
            self._rest = body
            return bytes((0x61, len(body) & 0xFF))
        if body and command.le != len(body):
            self._rest = body if command.ins == REST else b""
            return bytes((0x6C, len(body) & 0xFF))
        return body + OK

    def _get_response(self, _: Command) -> bytes:
        rest, self._rest = self._rest, b""
        if not rest:
            raise Refusal(NOT_NOW)
        return rest

    def _select(self, command: Command) -> bytes:
        if command.p1 != 0x04 or command.p2 not in (0x00, 0x02):
            raise Refusal(WRONG_PLACE)
        self._directory = self._begun = False
        before, self._selected = self._selected, None
        if command.data == PSE and self.profile.directory:
            self._directory = True
            return personal.directory_fci()
        fitting = [one for one in self.profile.applications if one.name.startswith(command.data)]
        if command.p2 == 0x02:
            fitting = fitting[fitting.index(before) + 1 :] if before in fitting else []
        if not fitting:
            raise Refusal(NO_FILE)
        self._selected = fitting[0]
        return personal.application_fci(fitting[0])

    def _read_record(self, command: Command) -> bytes:
        if command.p2 & 7 != 4 or not command.p1:
            raise Refusal(WRONG_PLACE)
        records = {}
        if self._directory:
            records = personal.directory_records(self.profile.applications)
        elif self._selected and self._begun:
            records = personal.records(self._selected)
        place = (command.p2 >> 3, command.p1)
        if place not in records:
            raise Refusal(NO_RECORD)
        return encode(0x70, records[place])

    def _options(self, command: Command) -> bytes:
        application = self._selected
        if application is None or self._begun:
            raise Refusal(NOT_NOW)
        if command.data != encode(0x83, command.data[2:]) or not application.wants(command.data[2:]):
            raise Refusal(WRONG_DATA)
        self._begun = True
        self._generated = 0
        self.counter += 1
        return personal.two_formats(application, ((0x82, personal.AIP), (0x94, personal.LOCATOR)))

    def _verify(self, command: Command) -> bytes:
        """A PIN in the clear (Book 3 section 6.5.12); the reader of this project never does it."""
        if command.p2 != 0x80 or len(command.data) != 8:
            raise Refusal(WRONG_PLACE)
        if not self.tries:
            raise Refusal(PIN_BLOCKED)
        pin = self.profile.pin
        if command.data.hex() != f"2{len(pin):x}{pin}".ljust(16, "f"):
            self.tries -= 1
            raise Refusal(0x63C0 | self.tries)
        self.tries = PIN_TRIES
        return b""

    def _get_data(self, command: Command) -> bytes:
        known = {0x9F36: self.counter.to_bytes(2, "big"), 0x9F17: bytes((self.tries,))}
        tag = command.p1 << 8 | command.p2
        if tag not in known:
            raise Refusal(NO_DATA)
        return encode(tag, known[tag])

    def _generate(self, command: Command) -> bytes:
        application = self._selected
        if application is None or not self._begun or self._generated == 2:
            raise Refusal(NOT_NOW)
        given = command.data
        if self._generated:  # the issuer's answer comes first, and never convinces this card
            given = given[2:]
        if len(given) != personal.GIVEN_BYTES:
            raise Refusal(WRONG_LENGTH)
        kind = ARQC if command.p1 & ARQC and not self._generated else AAC
        self._generated += 1
        return self._cryptogram(application, kind, given)

    def _cryptogram(self, application: Application, kind: int, given: bytes) -> bytes:
        issuer_data = personal.issuer_data(application, first=self._generated == 1, online=kind == ARQC)
        counter = self.counter.to_bytes(2, "big")
        key = card_key(MASTER_KEY, application.pan, application.sequence)
        made = cryptogram(key, application.version, self.counter, given + personal.AIP + counter, issuer_data)
        parts = ((0x9F27, bytes((kind,))), (0x9F36, counter), (0x9F26, made), (0x9F10, issuer_data))
        return personal.two_formats(application, parts)


ANSWERS = {
    SELECT: Card._select,
    OPTIONS: Card._options,
    RECORD: Card._read_record,
    VERIFY: Card._verify,
    DATA: Card._get_data,
    GENERATE: Card._generate,
    REST: Card._get_response,
}
