"""A shop's way in and what its server is told, as an operator sets them: keys, webhook, hooks."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any, Final

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.domain.hook import SECRET_LENGTH, hook_ident, is_webhook
from mail_gateway.envelope.keys import KeyRing, Purpose
from mail_gateway.envelope.root import fetch_root
from mail_gateway.store import api_keys, hooks, register
from mail_gateway.store.backend import guest

if TYPE_CHECKING:
    from collections.abc import Callable

    from mail_gateway.settings import GatewaySettings, KeySettings

    Dice = Callable[[int], bytes]

PREFIX: Final = "hgk_"
"""How every key begins, so that one that was published by mistake is found."""

_LENGTH: Final = 24
_NAME_MAX: Final = 40


def new(gateway: GatewaySettings, merchant: str, name: str, dice: Dice, now_ms: int) -> dict[str, Any]:
    """Make a key for a merchant's server or till; -> it, for the only time. Raises GatewayError."""
    if not name.isprintable() or not 1 <= len(name) <= _NAME_MAX:
        raise _refused(f"A key's name is one line of at most {_NAME_MAX} characters.", "key-name")
    key = PREFIX + urlsafe_b64encode(dice(_LENGTH)).decode()
    with guest(gateway.database, write=True) as conn:
        owner = register.find_merchant(conn, merchant)
        number = api_keys.add(conn, owner.id, name, api_keys.key_hash(key), now_ms)
    return {"merchant": owner.name, "key": number, "name": name, "secret": key}


def listed(gateway: GatewaySettings, merchant: str) -> list[dict[str, Any]]:
    """All keys of a merchant. Raises GatewayError for an unknown name."""
    with guest(gateway.database) as conn:
        return api_keys.listed(conn, register.find_merchant(conn, merchant).id)


def revoke(gateway: GatewaySettings, merchant: str, number: int, now_ms: int) -> dict[str, Any]:
    """The key opens nothing from the next request on. Raises GatewayError if it does not now."""
    with guest(gateway.database, write=True) as conn:
        owner = register.find_merchant(conn, merchant)
        if not api_keys.revoke(conn, owner.id, number, now_ms):
            raise _refused(f"{owner.name} has no key {number} in use.", "shop-key-unknown")
    return {"merchant": owner.name, "key": number}


def set_webhook(
    gateway: GatewaySettings, keys: KeySettings, merchant: str, url: str, dice: Dice
) -> dict[str, Any]:
    """From now on the shop's server is told there; -> the new secret, for the only time. url: empty: nowhere.
    Raises GatewayError for an address that is neither https nor this machine."""
    if url and not is_webhook(url):
        raise _refused(f"{url!r} is no https address.", "webhook-address")
    secret = dice(SECRET_LENGTH)
    ring = KeyRing(fetch_root(keys.root), dice)
    with guest(gateway.database, write=True) as conn:
        owner = register.find_merchant(conn, merchant)
        wrapped = ring.wrap(Purpose.HOOK, hook_ident(owner.id), secret) if url else None
        if not api_keys.set_webhook(conn, owner.id, url, wrapped):
            raise _refused(f"{owner.name} takes no orders yet: hagaki merchant selling.", "not-selling")
    shown = {"merchant": owner.name, "webhook": url}
    return {**shown, "secret": secret.hex()} if url else shown


def list_hooks(
    gateway: GatewaySettings, merchant: str, limit: int, *, everything: bool
) -> list[dict[str, Any]]:
    """What the shop's server has not taken; everything: what it has, too. Raises GatewayError."""
    with guest(gateway.database) as conn:
        owner = register.find_merchant(conn, merchant)
        return hooks.listed(conn, owner.id, limit, everything=everything)


def retry_hooks(gateway: GatewaySettings, merchant: str, now_ms: int) -> dict[str, Any]:
    """Tell again, now, what was not taken, and for the whole time anew. Raises GatewayError."""
    with guest(gateway.database, write=True) as conn:
        owner = register.find_merchant(conn, merchant)
        return {"merchant": owner.name, "hooks": hooks.retry(conn, owner.id, now_ms)}


def _refused(sentence: str, slug: str) -> GatewayError:
    return GatewayError(sentence, slug, Disposition.REFUSE)
