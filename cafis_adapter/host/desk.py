"""The whole host but for its socket: which message is what, and who takes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from acquirer_sdk.values import Item
from cafis_adapter import added
from cafis_adapter.codec import Message
from cafis_adapter.host import day, play
from cafis_adapter.host.accounts import Account, Charge
from cafis_adapter.host.issuer import Issuer, Kinds
from cafis_adapter.host.moves import Move, Send
from cafis_adapter.host.rules import Rulebook
from cafis_adapter.host.triggers import Trigger
from cafis_adapter.host.vault import Vault
from cafis_adapter.layout import Kind
from cafis_adapter.profile import Profile

Agrees = Callable[[str, bytes], bool]
"""Card number and chip data (DE55) -> does the issuer find the cryptogram good?"""

FORGED: Final = Trigger("", "the chip's cryptogram is wrong", code="05", centre="G61")
CARD_GOOD: Final = Trigger("", "the card is good", code="85")
PIN_WRONG: Final = {
    "55": Trigger("", "wrong PIN", code="55", centre="G42"),
    "75": Trigger("", "too many wrong PINs", code="75"),
}


def anybody(_pan: str, _emv: bytes) -> bool:
    """An issuer that looks at no cryptogram."""
    return True


def no_vault() -> Vault:
    """A host without keys: it looks at no PIN."""
    return Vault({}, None, "", bytes)


@dataclass(frozen=True, slots=True)
class Judges:
    """What looks at a request before the amount does."""

    rules: Rulebook = field(default_factory=lambda: Rulebook(()))
    vault: Vault = field(default_factory=no_vault)
    agrees: Agrees = anybody


class Desk:
    """Takes messages one after the other and keeps the books."""

    def __init__(self, profile: Profile, kind: Kinds, judges: Judges) -> None:
        self._profile = profile
        self._kind = kind
        self._judges = judges
        self._issuer = Issuer(kind)

    def moves(self, message: Message, now_ms: int) -> Iterator[Move]:
        """What to do for one message from the client; nothing for a class that no host knows. now_ms: unix
        ms."""
        moves = self._moves(message, self._profile.kind_of(message.mti, message.fields), now_ms)
        return moves if self._kind is not Kinds.TWICE or message.mti == "0800" else _doubled(moves)

    def _moves(self, message: Message, kind: Kind | None, now_ms: int) -> Iterator[Move]:
        match kind:
            case None:
                return iter(())
            case Kind.NETWORK:
                return play.network(message)
            case Kind.REVERSAL:
                return play.reverse(self._issuer, message)
            case Kind.ADVICE:
                return play.advise(self._issuer, message, self._items(message))
            case Kind.INQUIRY:
                return play.inquire(self._issuer, message)
            case Kind.TOTALS:
                return iter((Send((day.totals(message, self._issuer.accounts()),)),))
        account = self._issuer.known(message)
        if account is None:
            account = self._issuer.open(message, kind, self._decided(message, kind, now_ms))
        return play.authorise(self._issuer, account, message, self._profile.stand_in)

    def _decided(self, asked: Message, kind: Kind, now_ms: int) -> Trigger:
        """The rules, then the amount; but nothing saves a forged chip or a wrong PIN."""
        judges = self._judges
        if asked[55] and not judges.agrees(asked[2], bytes.fromhex(asked[55])):
            return FORGED
        if pin := judges.vault.pin_code(asked):
            return PIN_WRONG[pin]
        trigger = judges.rules.pick(asked, now_ms)
        if kind is Kind.CARD_CHECK and not trigger.digits:
            return CARD_GOOD
        if trigger.wants is None or kind not in (Kind.AUTHORISATION, Kind.HOLD):
            return trigger
        if self._issuer.supplied(asked, trigger.wants, self._items(asked)):
            return replace(trigger, code="00", centre="", wants=None)
        return trigger

    def _items(self, message: Message) -> dict[Item, str]:
        return added.items_of(self._profile.said(message.fields))

    def new_keys(self, now_ms: int) -> tuple[Message, ...]:
        """The messages that bring new zone keys."""
        return self._judges.vault.offers(self._profile, now_ms)

    def hears_answer(self, message: Message) -> bool:
        """Is it an 0810 to one of the host's own messages? Where it took a key, that one holds now."""
        if message.mti != "0810":
            return False
        self._judges.vault.taken(message, self._profile.said(message.fields).get("key_check", ""))
        return True

    def booked(self, message: Message) -> Charge:
        """What the books say of the one request that a message means."""
        return self._issuer.booked(message)

    def accounts(self) -> tuple[Account, ...]:
        """Every request about money that came, in order."""
        return self._issuer.accounts()

    def charges(self) -> dict[str, Charge]:
        """Reference -> how often charged, and what is left after reversals."""
        return self._issuer.charges()


def _doubled(moves: Iterator[Move]) -> Iterator[Move]:
    for move in moves:
        yield move
        if isinstance(move, Send):
            yield move
