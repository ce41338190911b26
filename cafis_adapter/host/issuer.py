"""The host's books: what was charged, given back, undone. Several kinds of host differ only here."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cafis_adapter.build import RETURN_MTI
from cafis_adapter.codec import Message
from cafis_adapter.host.triggers import Trigger, Undo, Wrong

APPROVALS: Final = ("00", "10")
VOID: Final = "02"
"""How DE3 of a void begins; every other return is a refund."""

NO_ORIGINAL: Final = Trigger("", "there is no such sale", code="05", centre="G94")
NOT_VOIDABLE: Final = Trigger("", "only a whole sale is voided", code="05", centre="G80")
TOO_MUCH: Final = Trigger("", "more than the sale", code="61")


class Kind(StrEnum):
    """Kinds of host met in the field."""

    NORMAL = "normal"  # the same request twice is one charge
    NO_DEDUP = "no-dedup"  # the same request twice is two charges
    FORGETFUL = "forgetful"  # a reversal that comes before its sale is acknowledged and forgotten
    TWICE = "answers-twice"  # every answer comes two times


@dataclass(frozen=True, slots=True)
class Charge:
    """What a card holder finds: how often charged, and the sum left after reversals, in minor units.

    A return stands there as what it is, less than zero.
    """

    times: int
    net_minor: int


Identity = tuple[str, str, str]


@dataclass(slots=True)
class _Account:
    """One sale or return as the host knows it. sale: of a return, the one it gives back."""

    trigger: Trigger
    charged: list[int]
    reversed: bool = False
    reversals: int = 0
    sale: Identity | None = None

    @property
    def net_minor(self) -> int:
        """What is left of it."""
        return sum(self.charged[1:] if self.reversed else self.charged)


def identity(message: Message) -> Identity:
    """Terminal, trace number and reference: the same in a request and in its reversal."""
    return message[41], message[11], message[37]


class Issuer:
    """Decides and books. Everything in it is a reference or an amount: no card."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._accounts: dict[Identity, _Account] = {}
        self._early: set[Identity] = set()
        self._sales: dict[tuple[str, str], Identity] = {}

    def account(self, asked: Message, trigger: Trigger) -> Trigger:
        """Note an 0100 or 0200 -> the trigger that holds for it: of a repeated request, the first one's."""
        known = self._accounts.setdefault(identity(asked), _Account(trigger, []))
        if asked.mti == RETURN_MTI:
            known.sale = self._sales.get((asked[41], asked[90][4:20]))
        else:
            self._sales[asked[41], asked[11] + asked[7]] = identity(asked)
        return known.trigger

    def refusal(self, asked: Message) -> Trigger | None:
        """Why an 0200 must not be: a sale gives back what it took, and no more. A repeated one was judged."""
        mine = self._accounts[identity(asked)]
        if mine.charged:
            return None
        sale = self._accounts.get(mine.sale) if mine.sale is not None else None
        if mine.sale is None or sale is None or sale.net_minor <= 0 or asked[38] != _number(mine.sale):
            return NO_ORIGINAL
        given = -sum(one.net_minor for one in self._accounts.values() if one.sale == mine.sale)
        if asked[3].startswith(VOID) and (int(asked[4]) != sale.net_minor or given):
            return NOT_VOIDABLE
        return TOO_MUCH if int(asked[4]) > sale.net_minor - given else None

    def charge(self, asked: Message, amount_minor: int) -> bool:
        """Book it -> False where its reversal came before it."""
        if identity(asked) in self._early:
            return False
        account = self._accounts[identity(asked)]
        if self._kind is Kind.NO_DEDUP or not account.charged:
            account.charged.append(-amount_minor if asked.mti == RETURN_MTI else amount_minor)
        return True

    def reverse(self, advice: Message) -> str | None:
        """Take a reversal -> DE39 of the 0430, or None for no answer. It undoes one charge, once."""
        account = self._accounts.get(identity(advice))
        if account is None or not account.charged:
            return self._early_reversal(advice, account)
        account.reversals += 1
        if account.trigger.reversal is Undo.REFUSED:
            return "12"
        account.reversed = True
        return None if _unanswered(account) else "00"

    def undo(self, advice: Message) -> Undo:
        """How the sale that this reversal means takes its reversals."""
        account = self._accounts.get(identity(advice))
        return account.trigger.reversal if account is not None else Undo.ACKNOWLEDGED

    def charges(self) -> dict[str, Charge]:
        """Reference -> what the card holder finds in the end."""
        found: dict[str, Charge] = {}
        for (_, _, reference), account in self._accounts.items():
            before = found.get(reference, Charge(0, 0))
            times, net = before.times + len(account.charged), before.net_minor + account.net_minor
            found[reference] = Charge(times, net)
        return found

    def booked(self, message: Message) -> Charge:
        """The same for the one sale or return that a request or a reversal means."""
        account = self._accounts.get(identity(message))
        if account is None:
            return Charge(0, 0)
        return Charge(len(account.charged), account.net_minor)

    def _early_reversal(self, advice: Message, account: _Account | None) -> str | None:
        if self._kind is not Kind.FORGETFUL:
            self._early.add(identity(advice))
        if account is None:
            return "25"
        account.reversals += 1
        return None if _unanswered(account) else "25"


def _unanswered(account: _Account) -> bool:
    limit = {Undo.SILENT_ONCE: 1, Undo.SILENT_TWICE: 2}.get(account.trigger.reversal, 0)
    return account.trigger.reversal is Undo.SILENT or account.reversals <= limit


def granted_minor(trigger: Trigger, asked: Message) -> int:
    """What is approved: for code 10 half of it."""
    return int(asked[4]) // 2 if trigger.code == "10" else int(asked[4])


def approval_number(asked: Message) -> str:
    """Six digits, never 000000, the same for the same request."""
    return _number(identity(asked))


def _number(its: Identity) -> str:
    return f"{zlib.crc32('/'.join(its).encode()) % 899_999 + 100_001:06d}"


def answer(trigger: Trigger, asked: Message) -> Message:
    """An 0100 and its trigger -> the 0110, spoiled as the trigger wants; an 0200, or its reversal -> 0210."""
    approved = trigger.code in APPROVALS
    kept = {
        number: asked.fields[number] for number in (3, 4, 7, 11, 12, 13, 32, 37, 41, 42, 49) if asked[number]
    }
    said = {
        4: f"{granted_minor(trigger, asked):012d}",
        38: approval_number(asked) if approved else "",
        39: trigger.code,
        44: trigger.centre,
    }
    mti = "0210" if RETURN_MTI in (asked.mti, asked[90][:4]) else "0110"
    return Message(mti, kept).with_fields(said).with_fields(_spoiled(trigger.wrong, asked))


def _spoiled(wrong: Wrong, asked: Message) -> dict[int, str]:
    changes: dict[Wrong, dict[int, str]] = {
        Wrong.NOTHING: {},
        Wrong.AMOUNT: {4: f"{int(asked[4]) + 1:012d}"},
        Wrong.CURRENCY: {49: "840"},
        Wrong.TERMINAL: {41: "ELSEWHERE"},
        Wrong.STAN: {11: f"{int(asked[11]) % 999_999 + 1:06d}"},
        Wrong.REFERENCE: {37: f"{(int(asked[37]) + 1) % 10**12:012d}"},
        Wrong.CODE: {39: "ZZ"},
        Wrong.APPROVAL: {38: ""},
    }
    return changes[wrong]
