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
    from mail_gateway.settings import GatewaySettings


@dataclass(frozen=True, slots=True)
class NewMerchant:
    """mail: the address on file. language: of the letters. terminal_id, merchant_id: DE41, DE42."""

    name: str
    mail: str
    language: str = "ja"
    terminal_id: str = ""
    merchant_id: str = ""


def add(gateway: GatewaySettings, new: NewMerchant) -> dict[str, Any]:
    """Add a merchant; -> its row. Raises GatewayError for a name that is taken or an impossible address."""
    try:
        address(new.mail)
    except WireError as error:
        sentence = f"{new.mail!r} is not a mail address."
        raise GatewayError(sentence, "address-syntax", Disposition.REFUSE, str(error)) from None
    with guest(gateway.database, write=True) as conn:
        return register.add_merchant(conn, new)


def listed(gateway: GatewaySettings) -> list[dict[str, Any]]:
    """All merchants."""
    with guest(gateway.database) as conn:
        return register.list_merchants(conn)
