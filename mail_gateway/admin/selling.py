"""How a merchant sells by mail, as an operator sets it: when it charges, how much an answer proves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.store import register, selling
from mail_gateway.store.backend import guest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mail_gateway.settings import GatewaySettings

AMOUNT_MAX: Final = 999_999_999_999
HOURS_MAX: Final = {"answer_h": 720, "remind_h": 719}
AMOUNTS: Final = ("plain_minor_max", "code_minor_max")


def change(gateway: GatewaySettings, name: str, changes: Mapping[str, str | int]) -> dict[str, Any]:
    """The merchant takes orders by mail, from now on and so; what is not named stays. -> all of it.

    Raises GatewayError for limits that are none, or an unknown name.
    """
    with guest(gateway.database, write=True) as conn:
        owner = register.find_merchant(conn, name)
        row = {"merchant": owner.name, **selling.change(conn, owner.id, changes)}
        _check(row)
    return row


def _check(row: Mapping[str, Any]) -> None:
    for key in AMOUNTS:
        if not 0 <= row[key] <= AMOUNT_MAX:
            raise _refused("A limit is a whole number of minor units, 0 or more.")
    if row["plain_minor_max"] > row["code_minor_max"]:
        raise _refused("Nothing may be confirmed by less than a code where a code is not enough.")
    for key, most in HOURS_MAX.items():
        if not 0 <= row[key] <= most:
            raise _refused(f"Hours go from 0, as [orders] says, to {most}.")


def _refused(sentence: str) -> GatewayError:
    return GatewayError(sentence, "selling-bad", Disposition.REFUSE)
