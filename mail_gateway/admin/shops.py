"""What stands on a merchant's receipts, and how its day is closed, as an operator sets it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.domain.receipt import is_of_a_company, is_registration_number
from mail_gateway.store import shops
from mail_gateway.store.backend import guest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mail_gateway.settings import GatewaySettings

TEXT_MAX: Final = 80
"""Characters of a name or an address: more does not fit on a line of paper."""


def change(
    gateway: GatewaySettings, name: str, changes: Mapping[str, str | int], *, person: bool = False
) -> dict[str, Any]:
    """Set what is given, keep the rest; -> all of it. person: the number is that of somebody who trades as a
    person, which has no check digit. Raises GatewayError for what no receipt may say, or an unknown name."""
    for key, value in changes.items():
        if isinstance(value, str):
            _check_text(key, value)
    number = str(changes.get("registration_number", ""))
    if number:
        _check_number(number, person=person)
    with guest(gateway.database, write=True) as conn:
        return shops.change(conn, name, changes)


def _check_text(key: str, value: str) -> None:
    if not value.isprintable() or len(value) > TEXT_MAX:
        sentence = f"The {key.replace('_', ' ')} must be one line of at most {TEXT_MAX} characters."
        raise _refused(sentence, "shop-text")


def _check_number(number: str, *, person: bool) -> None:
    if not is_registration_number(number):
        raise _refused(f"{number!r} is no registration number: T and 13 digits.", "registration-number")
    if not person and not is_of_a_company(number):
        sentence = (
            f"The check digit of {number} does not fit; if it is a person's and no company's: --person."
        )
        raise _refused(sentence, "registration-number")


def _refused(sentence: str, slug: str) -> GatewayError:
    return GatewayError(sentence, slug, Disposition.REFUSE)
