"""Merchants: who sells, under which numbers at the acquirer, and where the answers go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acquirer_sdk.values import Item
from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.domain.offer import NAME_MAX, is_plain
from mail_gateway.domain.wants import NONE, read_list
from mail_gateway.store import register
from mail_gateway.store.backend import guest
from schemas.errors import WireError
from schemas.mail.headers import address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mail_gateway.settings import GatewaySettings


@dataclass(frozen=True, slots=True)
class NewMerchant:
    """mail: the address on file; second_mail: where a letter goes that it does not take, empty for nowhere.

    language: of the letters. terminal_id, merchant_id: DE41, DE42. items: what to ask for after an approval,
    with commas between, or none; empty: as the acquirer says.
    """

    name: str
    mail: str
    language: str = "ja"
    terminal_id: str = ""
    merchant_id: str = ""
    second_mail: str = ""
    items: str = ""


def add(gateway: GatewaySettings, new: NewMerchant) -> dict[str, Any]:
    """Add a merchant; -> its row. Raises GatewayError for a name that is taken or an impossible address."""
    if not new.name.strip() or not is_plain(new.name, NAME_MAX):
        sentence = f"A merchant's name is one line of at most {NAME_MAX} characters."
        raise GatewayError(sentence, "merchant-name", Disposition.REFUSE)
    _checked(new.mail, new.second_mail or new.mail)
    _check_items(new.items)
    with guest(gateway.database, write=True) as conn:
        return register.add_merchant(conn, new)


def change(gateway: GatewaySettings, name: str, changes: Mapping[str, str]) -> dict[str, Any]:
    """Change the mail, second_mail or items of a merchant; -> its row. Raises GatewayError as `add`."""
    _checked(*(one for key, one in changes.items() if key == "mail" or (one and key == "second_mail")))
    _check_items(changes.get("items", ""))
    with guest(gateway.database, write=True) as conn:
        return register.change_merchant(conn, name, changes)


def _checked(*addresses: str) -> None:
    for one in addresses:
        try:
            address(one)
        except WireError as error:
            sentence = f"{one!r} is not a mail address."
            raise GatewayError(sentence, "address-syntax", Disposition.REFUSE, str(error)) from None


def _check_items(items: str) -> None:
    try:
        read_list(items or NONE)
    except ValueError:
        known = ", ".join(Item)
        sentence = f"{items!r} is no list of items: write some of {known}, or none."
        raise GatewayError(sentence, "items-unknown", Disposition.REFUSE) from None


def listed(gateway: GatewaySettings) -> list[dict[str, Any]]:
    """All merchants."""
    with guest(gateway.database) as conn:
        return register.list_merchants(conn)
