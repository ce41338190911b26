"""Merchants: who sells, under which numbers at the acquirer, and where the answers go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mail_gateway.domain.errors import Disposition, GatewayError
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

    language: of the letters. terminal_id, merchant_id: DE41, DE42.
    """

    name: str
    mail: str
    language: str = "ja"
    terminal_id: str = ""
    merchant_id: str = ""
    second_mail: str = ""


def add(gateway: GatewaySettings, new: NewMerchant) -> dict[str, Any]:
    """Add a merchant; -> its row. Raises GatewayError for a name that is taken or an impossible address."""
    _checked(new.mail, new.second_mail or new.mail)
    with guest(gateway.database, write=True) as conn:
        return register.add_merchant(conn, new)


def change(gateway: GatewaySettings, name: str, changes: Mapping[str, str]) -> dict[str, Any]:
    """Change the mail or second_mail of a merchant; -> its row. Raises GatewayError as `add`."""
    _checked(*(one for key, one in changes.items() if one or key == "mail"))
    with guest(gateway.database, write=True) as conn:
        return register.change_merchant(conn, name, changes)


def _checked(*addresses: str) -> None:
    for one in addresses:
        try:
            address(one)
        except WireError as error:
            sentence = f"{one!r} is not a mail address."
            raise GatewayError(sentence, "address-syntax", Disposition.REFUSE, str(error)) from None


def listed(gateway: GatewaySettings) -> list[dict[str, Any]]:
    """All merchants."""
    with guest(gateway.database) as conn:
        return register.list_merchants(conn)
