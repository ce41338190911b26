"""How customers pay: cards and bank accounts, wrapped as they come in, and shown masked ever after."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from acquirer_sdk.account import BankAccount
from mail_gateway.domain.brands import brand
from mail_gateway.domain.customer import MeansKind
from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.envelope import means as wrapping
from mail_gateway.store import customers
from mail_gateway.store.backend import guest

if TYPE_CHECKING:
    from collections.abc import Callable

    from mail_gateway.admin.keys import Desk
    from mail_gateway.envelope.keys import KeyRing
    from mail_gateway.settings import GatewaySettings

    Wrap = Callable[[KeyRing, int], bytes]

OFFICE: Final = re.compile(r"[0-9]{7}")
NUMBER: Final = re.compile(r"[0-9]{7}")
MANDATE: Final = re.compile(r"[0-9A-Za-z-]{0,20}")
KINDS: Final = (1, 2, 3, 9)
_PAN: Final = re.compile(r"[0-9]{12,19}")
_EXPIRY: Final = re.compile(r"(0[1-9]|1[0-2])/?([0-9]{2})")


def add_card(desk: Desk, customer_id: str, lines: tuple[str, str], acquirer: str = "") -> dict[str, Any]:
    """Add a card; lines: its number, and its expiry as on the card, MM/YY. -> the means, masked.

    acquirer: whom to ask; empty: as the routes say. Raises GatewayError, without a digit of it.
    """
    pan = "".join(lines[0].split()).replace("-", "")
    expiry = _EXPIRY.fullmatch("".join(lines[1].split()))
    if not _PAN.fullmatch(pan) or not _is_checked(pan):
        raise _refused("That is no card number: its digits do not fit together.", "card-number")
    if expiry is None:
        raise _refused(
            "The expiry is written as on the card: month, then year, such as 09/28.", "card-expiry"
        )
    shown = f"{brand(pan)} **** {pan[-4:]}".strip()

    def wrap(ring: KeyRing, customer: int) -> bytes:
        return wrapping.wrap_card(ring, customer, pan, expiry[2] + expiry[1])

    return _add(desk, customer_id, (MeansKind.CARD, shown, acquirer), wrap)


def add_account(desk: Desk, customer_id: str, account: BankAccount, acquirer: str = "") -> dict[str, Any]:
    """Add a bank account; its holder is in half-width kana already. -> the means, masked. Raises
    GatewayError."""
    rules = (
        (OFFICE.fullmatch(account.office), "bank and branch have 7 digits together"),
        (account.kind in KINDS, "the kind is 1 ordinary, 2 current, 3 or 9"),
        (NUMBER.fullmatch(account.number), "an account number has 7 digits"),
        (account.holder, "the holder's name is missing"),
        (MANDATE.fullmatch(account.customer), "a mandate's number has up to 20 letters and digits"),
    )
    for is_good, sentence in rules:
        if not is_good:
            raise _refused(f"That is no account: {sentence}.", "account-bad")

    def wrap(ring: KeyRing, customer: int) -> bytes:
        return wrapping.wrap_account(ring, customer, account)

    return _add(desk, customer_id, (MeansKind.ACCOUNT, account.masked, acquirer), wrap)


def listed(gateway: GatewaySettings, customer_id: str) -> list[dict[str, Any]]:
    """A customer's means, masked, the oldest first. Raises GatewayError."""
    with guest(gateway.database) as conn:
        return customers.means_of(conn, customers.find(conn, customer_id, closed=True))


def retire(gateway: GatewaySettings, number: int) -> dict[str, Any]:
    """Pay nothing by it any more, and wipe what is wrapped in it; -> it, masked. Raises GatewayError."""
    with guest(gateway.database, write=True) as conn:
        return customers.retire_means(conn, number)


def _add(desk: Desk, customer_id: str, facts: tuple[MeansKind, str, str], wrap: Wrap) -> dict[str, Any]:
    kind, shown, acquirer = facts
    ring = desk.ring()
    with guest(desk.gateway.database, write=True) as conn:
        number = customers.find(conn, customer_id)
        row = {"customer": number, "kind": kind.value, "shown": shown, "acquirer": acquirer}
        made = customers.add_means(conn, {**row, "wrapped": wrap(ring, number)})
    return {"customer": customer_id, **made}


def _is_checked(pan: str) -> bool:
    """Whether its last digit checks the others (ISO/IEC 7812-1 annex B)."""
    doubled = (sum(divmod(int(digit) * (1 + at % 2), 10)) for at, digit in enumerate(reversed(pan)))
    return sum(doubled) % 10 == 0


def _refused(sentence: str, slug: str) -> GatewayError:
    return GatewayError(sentence, slug, Disposition.REFUSE)
