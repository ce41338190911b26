"""The test cards by name: card numbers that no issuer uses, keys that everybody knows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from card_reader_fw.board.desk.chip.cryptogram import CVN_10, CVN_18
from card_reader_fw.emv import dol
from card_reader_fw.emv.select import brand

MASTER_KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")


@dataclass(frozen=True, slots=True)
class Application:
    """One application of a card.

    aid, label; priority: as 87 has it (80 = the holder confirms); pan, expiry YYMM, service: three digits;
    sequence: two digits; version: of the cryptogram; options: 9F38 in hex; verification: 8E in hex; format2:
    answers in template 77; denial: issuer action code in hex; usage: 9F07 in hex.
    """

    aid: str
    label: str
    pan: str = field(repr=False)
    version: int = CVN_18
    priority: int = 1
    expiry: str = "4912"
    service: str = "201"
    sequence: str = "01"
    options: str = ""
    verification: str = "00000000000000004203" + "5E03" + "1F00"
    format2: bool = False
    denial: str = "0010000000"
    usage: str = "FF00"

    @property
    def name(self) -> bytes:
        """The application identifier."""
        return bytes.fromhex(self.aid)

    @property
    def application_version(self) -> bytes:
        """9F08: the one of its brand."""
        return brand(self.name)[1]

    def wants(self, given: bytes) -> bool:
        """Has what GET PROCESSING OPTIONS brings the length that 9F38 asks for?"""
        return len(given) == sum(length for _, length in dol.parse(bytes.fromhex(self.options)))

    @property
    def track2(self) -> bytes:
        """Tag 57: card number, D, expiry, service code, discretionary data."""
        text = f"{self.pan}D{self.expiry}{self.service}0000012345"
        return bytes.fromhex(text + "F" * (len(text) % 2))


@dataclass(frozen=True, slots=True)
class Profile:
    """A whole card. says: one sentence; directory: does it have a PSE; t0: does it speak T=0, so that an
    answer comes in two steps; pin: of VERIFY."""

    name: str
    says: str
    applications: tuple[Application, ...]
    directory: bool = True
    t0: bool = False
    pin: str = field(default="1234", repr=False)


JCB = Application("A0000000651010", "JCB CREDIT", "3528000000000007")
VISA = Application("A0000000031010", "VISA CREDIT", "4761739001010010", CVN_10, options="9F1A029F3303")
MASTERCARD = Application("A0000000041010", "MASTERCARD", "5413330089010012", format2=True)
DEBIT = replace(
    VISA,
    aid="A0000000032010",
    label="VISA DEBIT",
    pan="4761739001010028",
    priority=2,
    verification="0000000000000000" + "0200",
)

CARDS = {
    card.name: card
    for card in (
        Profile("jcb", "One application, cryptogram version 18, T=1.", (JCB,)),
        Profile("visa", "One application with a PDOL, cryptogram version 10, T=1.", (VISA,)),
        Profile("mastercard", "Answers in template 77, T=1.", (MASTERCARD,)),
        Profile("t0", "T=0: 61xx, 6Cxx and GET RESPONSE.", (JCB,), t0=True),
        Profile("no-directory", "No PSE: the reader asks for brand after brand.", (VISA,), directory=False),
        Profile("two", "Credit and debit: the holder chooses.", (DEBIT, VISA)),
        Profile("confirm", "One application that the holder must confirm.", (replace(JCB, priority=0x81),)),
        Profile("pin", "Wants a PIN online, else nothing will do.", (DEBIT,)),
        Profile("expired", "Its last month was December 2019.", (replace(JCB, expiry="1912"),)),
        Profile(
            "denies",
            "Its issuer wants a refusal when the card has expired.",
            (replace(JCB, expiry="1912", denial="0040000000"),),
        ),
    )
}
