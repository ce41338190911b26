"""A customer who is asked by mail, and answers by habit; what was really said is remembered."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from hagaki.proof_commands import of_mail
from hagaki.simulation.buys import Habit
from hagaki.simulation.loop import START_MS
from hagaki.simulation.people import Draft, Letter, Reader, Writer
from mail_gateway.domain.order import CODE_LETTERS
from schemas.deal import ocra

if TYPE_CHECKING:
    import random

    from hagaki.simulation.buys import Buy
    from hagaki.simulation.carrier import Carrier
    from hagaki.simulation.market import Person

AGAIN_S: Final = 3600
"""So long a customer waits to be asked again."""

PAUSE_S: Final = (20, 200)
STALE_MIN: Final = 300
"""Minutes: digits of so long ago are too old, whatever the gateway's clock does."""

SOMEBODY: Final = "somebody@elsewhere.example"


class Word(StrEnum):
    """What one mail says."""

    YES = "yes"
    BARE = "bare"
    NO = "no"
    UNCLEAR = "unclear"
    WRONG = "wrong"
    ROBOT = "robot"
    COPY = "copy"
    DIGITS = "digits"
    STALE = "stale"
    SLIP = "slip"
    OTHER = "other"


COMPUTED_WORDS: Final = frozenset({Word.DIGITS, Word.STALE, Word.SLIP, Word.OTHER})


class Wait(StrEnum):
    """What a customer waits for between two mails."""

    AGAIN = "again"  # the letter that asks again
    PAUSE = "pause"
    END = "end"  # longer than anybody may think


_SCRIPTS: Final[dict[Habit, tuple[Word | Wait, ...]]] = {
    Habit.YES: (Word.YES,),
    Habit.TWICE: (Word.YES, Wait.PAUSE, Word.YES),
    Habit.CHANGES: (Word.YES, Wait.PAUSE, Word.NO),
    Habit.BARE: (Word.BARE, Wait.AGAIN, Word.BARE),
    Habit.BARE_FIRST: (Word.BARE, Wait.AGAIN, Word.YES),
    Habit.UNCLEAR_FIRST: (Word.UNCLEAR, Wait.AGAIN, Word.YES),
    Habit.NO: (Word.NO,),
    Habit.LATE: (Wait.END, Word.YES),
    Habit.NEVER: (),
    Habit.ROBOT: (Word.ROBOT,),
    Habit.COPIED: (Word.COPY,),
    Habit.GUESSES: (Word.WRONG, Wait.PAUSE, Word.WRONG, Wait.PAUSE, Word.WRONG),
    Habit.COMPUTES: (Word.DIGITS,),
    Habit.COMPUTES_TWICE: (Word.DIGITS, Wait.PAUSE, Word.DIGITS),
    Habit.CODE_FIRST: (Word.YES, Wait.AGAIN, Word.DIGITS),
    Habit.STALE_FIRST: (Word.STALE, Wait.AGAIN, Word.DIGITS),
    Habit.SLIPS: (Word.SLIP, Wait.AGAIN, Word.DIGITS),
    Habit.OTHERS: (Word.OTHER, Wait.PAUSE, Word.OTHER, Wait.PAUSE, Word.OTHER),
}
_TEXTS: Final = {
    "en": {Word.NO: "no", Word.BARE: "yes", Word.UNCLEAR: "When would it be here?"},
    "ja": {Word.NO: "いいえ", Word.BARE: "はい", Word.UNCLEAR: "いつ届きますか。"},
}


@dataclass(frozen=True, slots=True)
class Said:
    """One mail of the customer, or in the customer's name. at_s: when it was first sent, virtual seconds."""

    at_s: float
    word: Word
    message_id: str


class Buyer:
    """said: all mails that were sent so far."""

    def __init__(self, buy: Buy, person: Person, carrier: Carrier, dice: random.Random) -> None:
        self.buy = buy
        self.said: list[Said] = []
        self.is_done = False
        self._person = person
        self._dice = dice
        self._reader = Reader(carrier.box(person.mail))
        self._writer = Writer(carrier, dice, f"buyer{buy.number}")

    @property
    def is_asked(self) -> bool:
        """The question is in the box."""
        return any(letter.kind == "question" for letter in self._reader.look())

    def said_yes(self) -> list[Said]:
        """Each yes that was really said, by the customer: with the code, or computed where that is wanted."""
        word = Word.DIGITS if self.buy.wants_digits else Word.YES
        return [one for one in self.said if one.word is word]

    async def live(self) -> None:
        """Until all that the habit has was said."""
        question = await self._reader.wait("question", self.buy.deal_id)
        if question is not None:
            await asyncio.sleep(self._dice.uniform(1, self.buy.think_s))
            for step in _SCRIPTS[self.buy.habit]:
                await self._do(step, question)
        self.is_done = True

    async def _do(self, step: Word | Wait, question: Letter) -> None:
        match step:
            case Wait.PAUSE:
                await asyncio.sleep(self._dice.uniform(*PAUSE_S))
            case Wait.END:
                await asyncio.sleep(self.buy.minutes * 60 + self._dice.uniform(*PAUSE_S))
            case Wait.AGAIN:
                await self._reader.wait("question-again", self.buy.deal_id, AGAIN_S)
            case _:
                await self._say(step, question)

    async def _say(self, word: Word, question: Letter) -> None:
        at_s, place = asyncio.get_running_loop().time(), len(self.said)
        self.said.append(Said(at_s, word, ""))
        draft = Draft(
            sender=SOMEBODY if word is Word.COPY else self._person.mail,
            to=question.reply_to,
            subject=f"Re: {question.subject}",
            text=self._text(word, question),
            in_reply_to=question.message_id,
            robot=word is Word.ROBOT,
        )
        message_id = await self._writer.send(draft)
        self.said[place] = Said(at_s, word, message_id)

    def _text(self, word: Word, question: Letter) -> str:
        own = _TEXTS[self._person.language].get(word)
        if word in COMPUTED_WORDS:
            own = computed(word, self._person, question.raw, START_MS // 1000 + self._said_s())
        elif own is None:
            code = _another(question.code) if word is Word.WRONG else question.code
            own = f"{_TEXTS[self._person.language][Word.BARE]} {code}"
        quoted = "\n".join(f"> {line}" for line in question.text.splitlines())
        return f"{own}\n\n{quoted}\n"

    def _said_s(self) -> int:
        return int(self.said[-1].at_s)


def computed(word: Word, person: Person, raw: bytes, now_s: int) -> str:
    """Eight digits as `hagaki proof` computes them from the mail that asks, or of a customer who slips."""
    question = of_mail(raw).question
    if word is Word.OTHER:
        question = hashlib.sha256(question.encode()).hexdigest()
    password = person.password if word is not Word.SLIP else person.password.upper()
    minute = now_s // 60 - (STALE_MIN if word is Word.STALE else 0)
    digits: str = ocra.answer(ocra.read_key(person.key), ocra.password_hash(password), question, minute)
    return digits


def _another(code: str) -> str:
    """A code that is not this one."""
    turned = [CODE_LETTERS[(CODE_LETTERS.index(letter) + 1) % len(CODE_LETTERS)] for letter in code]
    return "".join(turned)
