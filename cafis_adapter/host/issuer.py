"""The host's books: what was charged, held, given back, undone. Several kinds of host differ only here."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Final

from acquirer_sdk.values import Item
from cafis_adapter.codec import Message
from cafis_adapter.host.accounts import RETURNS, SALES, Account, Charge, Identity, identity, number_of
from cafis_adapter.host.triggers import Capture, Step, Told, Trigger, Undo
from cafis_adapter.layout import Kind

NO_ORIGINAL: Final = Trigger("", "there is no such sale", code="05", centre="G94")
NOT_VOIDABLE: Final = Trigger("", "only a whole sale is voided", code="05", centre="G80")
TOO_MUCH: Final = Trigger("", "more than the sale", code="61")
NOT_HELD: Final = Trigger("", "nothing is held for it", code="05", centre="G97")
_SECRETS: Final = {2: "", 14: "", 35: "", 45: "", 52: "", 55: ""}


class Kinds(StrEnum):
    """Kinds of host met in the field."""

    NORMAL = "normal"  # the same request twice is one charge
    NO_DEDUP = "no-dedup"  # the same request twice is two charges
    FORGETFUL = "forgetful"  # a reversal that comes before its sale is acknowledged and forgotten
    TWICE = "answers-twice"  # every answer comes two times


class Issuer:
    """Decides and books. Everything in it is a reference or an amount: no card."""

    def __init__(self, kind: Kinds) -> None:
        self._kind = kind
        self._accounts: dict[Identity, Account] = {}
        self._early: set[Identity] = set()
        self._named: dict[tuple[str, str], Identity] = {}
        self._asked_more: set[str] = set()

    def known(self, asked: Message) -> Account | None:
        """The account of a repeated request: what was decided for the first one holds."""
        return self._accounts.get(identity(asked))

    def open(self, asked: Message, kind: Kind, trigger: Trigger) -> Account:
        """Note a new request about money."""
        account = Account(kind, trigger, asked.with_fields(_SECRETS))
        if asked[90]:
            account.sale = self._named.get((asked[41], asked[90][4:20]))
        self._accounts[identity(asked)] = account
        self._named[asked[41], asked[11] + asked[7]] = identity(asked)
        return account

    def meant(self, asked: Message) -> Account | None:
        """The request that DE90 of an advice or an inquiry names."""
        named = self._named.get((asked[41], asked[90][4:20]))
        return self._accounts[named] if named is not None else None

    def supplied(self, asked: Message, item: Item, items: dict[Item, str]) -> bool:
        """Whether an attempt at a sale brings the item that is wanted. Every sale has a way of payment: that
        was asked for, and answered, where the sale comes again."""
        before = asked[37] in self._asked_more
        self._asked_more.add(asked[37])
        return before if item is Item.DIVISION else item in items

    def refusal(self, asked: Message) -> Trigger | None:
        """Why a return or a completion must not be: it moves what there is, and no more. A repeated one was
        judged."""
        mine = self._accounts[identity(asked)]
        if mine.booked or mine.kind not in (*RETURNS, Kind.COMPLETION):
            return None
        sale = self._accounts.get(mine.sale) if mine.sale is not None else None
        known = sale is not None and mine.sale is not None and asked[38] == number_of(mine.sale)
        if mine.kind is Kind.COMPLETION:
            return self._no_capture(mine, sale if known else None)
        if sale is None or not known or sale.kind not in SALES or sale.net_minor <= 0:
            return NO_ORIGINAL
        given = -self._moved(mine.sale)
        if mine.kind is Kind.VOID and (int(asked[4]) != sale.net_minor or given):
            return NOT_VOIDABLE
        return TOO_MUCH if int(asked[4]) > sale.net_minor - given else None

    def _no_capture(self, mine: Account, hold: Account | None) -> Trigger | None:
        if hold is None or hold.kind is not Kind.HOLD or self._moved(mine.sale):
            return NOT_HELD
        if hold.trigger.capture is Capture.REFUSED or not hold.left_minor:
            return NOT_HELD
        if int(mine.asked[4]) > hold.left_minor:
            return TOO_MUCH
        if hold.trigger.capture is Capture.SILENT:
            return replace(hold.trigger, does=(Step.CHARGE,))
        return None

    def _moved(self, sale: Identity | None) -> int:
        """What returns and completions of it have moved."""
        return sum(one.net_minor for one in self._accounts.values() if one.sale == sale)

    def charge(self, asked: Message, amount_minor: int) -> bool:
        """Book it -> False where its reversal came before it."""
        if identity(asked) in self._early:
            return False
        account = self._accounts[identity(asked)]
        if self._kind is Kinds.NO_DEDUP or not account.booked:
            account.booked.append(-amount_minor if account.kind in RETURNS else amount_minor)
        return True

    def add(self, advice: Message, items: dict[Item, str]) -> str | None:
        """Keep what was added to a sale -> DE39 of the answer, or None for no answer. It moves no money."""
        account = self.meant(advice)
        if account is None or account.left_minor <= 0:
            return "25"
        account.advices += 1
        if account.trigger.advice is Told.REFUSED:
            return "05"
        account.items |= items
        return None if account.trigger.advice is Told.SILENT_ONCE and account.advices == 1 else "00"

    def reverse(self, advice: Message) -> str | None:
        """Take a reversal -> DE39 of the 0430, or None for no answer. It undoes one charge, once."""
        account = self._accounts.get(identity(advice))
        if account is None or not account.booked:
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

    def accounts(self) -> tuple[Account, ...]:
        """Every request about money that came, in order."""
        return tuple(self._accounts.values())

    def charges(self) -> dict[str, Charge]:
        """Reference -> what the card holder finds in the end."""
        found: dict[str, Charge] = {}
        for (_, _, reference), account in self._accounts.items():
            one, before = account.charge, found.get(reference, Charge(0, 0))
            found[reference] = Charge(
                before.times + one.times,
                before.net_minor + one.net_minor,
                before.held_minor + one.held_minor,
            )
        return found

    def booked(self, message: Message) -> Charge:
        """The same for the one request that a request or a reversal means."""
        account = self._accounts.get(identity(message))
        return Charge(0, 0) if account is None else account.charge

    def _early_reversal(self, advice: Message, account: Account | None) -> str | None:
        if self._kind is not Kinds.FORGETFUL:
            self._early.add(identity(advice))
        if account is None:
            return "25"
        account.reversals += 1
        return None if _unanswered(account) else "25"


def _unanswered(account: Account) -> bool:
    limit = {Undo.SILENT_ONCE: 1, Undo.SILENT_TWICE: 2}.get(account.trigger.reversal, 0)
    return account.trigger.reversal is Undo.SILENT or account.reversals <= limit
