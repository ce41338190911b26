"""Customers: who buys, under which ID, and the key and password that their answers are computed from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.domain.offer import DELIVERY_MAX, NAME_MAX, is_plain
from mail_gateway.envelope import customers as wrapping
from mail_gateway.envelope.customers import KEY_LENGTH, CustomerSecret
from mail_gateway.envelope.root import random_bytes
from mail_gateway.store import customers
from mail_gateway.store.backend import guest
from schemas.deal import ocra
from schemas.errors import WireError
from schemas.mail.headers import address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mail_gateway.admin.keys import Desk
    from mail_gateway.settings import GatewaySettings

LETTERS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Of a customer ID: none that is read for another. A byte's lowest five bits choose one."""

ID_LENGTH: Final = 6
PASSWORD_MIN: Final = 8
PASSWORD_MAX: Final = 128


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """mail: where questions go, and whose answers count. second_mail: what hears of wrong answers, or empty.

    language: of the letters. address: for the office; a shop is told only the customer ID.
    """

    name: str
    mail: str
    language: str = "ja"
    second_mail: str = ""
    address: str = ""


def add(gateway: GatewaySettings, new: NewCustomer) -> dict[str, Any]:
    """Add a customer under a new customer ID; -> the row. Raises GatewayError for what no letter can say."""
    _check(asdict(new))
    with guest(gateway.database, write=True) as conn:
        while not customers.add(conn, row := {"customer_id": _new_id(), **asdict(new)}):
            continue  # another has drawn the same: one in a thousand million
    return row


def change(gateway: GatewaySettings, customer_id: str, changes: Mapping[str, str]) -> dict[str, Any]:
    """Change name, addresses or language, from the next letter on; -> all of it. Raises GatewayError."""
    _check(changes)
    with guest(gateway.database, write=True) as conn:
        number = customers.find(conn, customer_id)
        customers.change(conn, number, changes)
        return customers.shown(conn, number)


def set_password(desk: Desk, customer_id: str, password: str, *, new_key: bool = False) -> dict[str, Any]:
    """Set the password; make a key if there is none, or a new one; -> the key's text where one was made, for
    the only time. Raises GatewayError."""
    _check_password(password)
    ring = desk.ring()
    with guest(desk.gateway.database, write=True) as conn:
        number = customers.find(conn, customer_id)
        kept = None if new_key else customers.secret(conn, number)
        is_made = kept is None
        key = random_bytes(KEY_LENGTH) if kept is None else wrapping.unwrap(ring, number, kept).key
        secret = CustomerSecret(key, ocra.password_hash(password))
        customers.change(conn, number, {"secret": wrapping.wrap(ring, number, secret)})
    return {"customer": customer_id, "key": ocra.key_text(key) if is_made else ""}


def close(gateway: GatewaySettings, customer_id: str) -> dict[str, Any]:
    """Take no order of this customer any more, wipe the secret and all means. Raises GatewayError."""
    with guest(gateway.database, write=True) as conn:
        customers.close(conn, customers.find(conn, customer_id))
    return {"customer": customer_id}


def listed(gateway: GatewaySettings, *, everything: bool = False, limit: int = 50) -> list[dict[str, Any]]:
    """Customers, newest first; everything: closed ones too."""
    with guest(gateway.database) as conn:
        return customers.listed(conn, limit, everything=everything)


def shown(gateway: GatewaySettings, customer_id: str) -> dict[str, Any]:
    """One customer with its means, masked. Raises GatewayError."""
    with guest(gateway.database) as conn:
        return customers.shown(conn, customers.find(conn, customer_id, closed=True))


def _new_id() -> str:
    return "C-" + "".join(LETTERS[byte & 31] for byte in random_bytes(ID_LENGTH))


def _check(facts: Mapping[str, str]) -> None:
    for name, value in facts.items():
        if name == "mail" or (name == "second_mail" and value):
            _check_address(value)
        most = DELIVERY_MAX if name == "address" else NAME_MAX
        if name in ("name", "address") and not is_plain(value, most):
            raise _refused(f"The {name} must be one line of at most {most} characters.", "customer-text")
    if not facts.get("name", "-").strip():
        raise _refused("A customer has a name.", "customer-text")


def _check_address(text: str) -> None:
    try:
        address(text)
    except WireError as error:
        sentence = f"{text!r} is not a mail address."
        raise GatewayError(sentence, "address-syntax", Disposition.REFUSE, str(error)) from None


def _check_password(password: str) -> None:
    """Its words are nowhere in the error."""
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX or not password.isprintable():
        sentence = f"A password is one line of {PASSWORD_MIN} to {PASSWORD_MAX} characters."
        raise _refused(sentence, "password-bad")


def _refused(sentence: str, slug: str) -> GatewayError:
    return GatewayError(sentence, slug, Disposition.REFUSE)
