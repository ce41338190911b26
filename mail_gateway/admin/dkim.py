"""Keys that our letters are signed with: made, published by the operator, started, retired."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from mail_gateway.domain import signing_key
from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.domain.signing_key import KeyState, Kind, SigningKey, state
from mail_gateway.envelope import signing
from mail_gateway.envelope.keys import KeyRing
from mail_gateway.envelope.root import fetch_root, random_bytes
from mail_gateway.store import dkim_keys, keybook, register
from mail_gateway.store.backend import guest
from mail_gateway.store.clock import clock_ms
from mail_gateway.store.keybook import Step

if TYPE_CHECKING:
    from mail_gateway.admin.keys import Desk
    from mail_gateway.settings import KeySettings
    from mail_gateway.store.backend import Guest

LEAD_MS: Final = 60_000
"""What is started or retired counts from so much later on: by then every node has looked for keys."""

KEEP_MS: Final = 7 * 24 * 60 * 60_000
"""So long after a key was retired, letters that it signed may still be under way to their readers."""

STRING_MAX: Final = 70
"""Of one string of the record in a zone file; the DNS allows 255, a terminal 80 with what is around it."""

_SELECTOR: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def new(desk: Desk, kind: Kind, selector: str = "") -> dict[str, Any]:
    """Make a key for the domain that our letters are from; -> it and its record. Raises GatewayError.

    selector: "": by the kind and the day.
    """
    ring, signer = desk.ring(), signing.made(kind)
    with guest(desk.gateway.database, write=True) as conn:
        for bdk in register.bdks(conn):  # a second root key would part the keys in two
            ring.add_bdk(bytes.fromhex(bdk.id), bdk.wrapped)
        now_ms = clock_ms(conn)
        selector = selector or f"{kind.value}-{_day(desk, now_ms)}"
        _assert_free(conn, selector)
        key = SigningKey(selector, desk.gateway.domain.lower(), kind, signer.public(), b"", now_ms)
        key = replace(key, wrapped=signer.wrapped(ring, key.name))
        dkim_keys.put(conn, key)
        keybook.note(conn, Step("dkim-made", selector, desk.operator))
        return _row(key, dkim_keys.every(conn), now_ms)


def listed(desk: Desk) -> list[dict[str, Any]]:
    """Every key, the oldest first, with what it does now and its record."""
    with guest(desk.gateway.database) as conn:
        keys, now_ms = dkim_keys.every(conn), clock_ms(conn)
        return [_row(key, keys, now_ms) for key in keys]


def kept(desk: Desk, selector: str = "") -> list[SigningKey]:
    """Every key, or the one of that selector. Raises GatewayError: there is none."""
    with guest(desk.gateway.database) as conn:
        return [_found(conn, selector)] if selector else dkim_keys.every(conn)


def start(desk: Desk, selector: str) -> dict[str, Any]:
    """It signs letters written from a minute after now on, in the place of the one of its kind before.

    Raises GatewayError: there is none, or it was started or retired before.
    """
    with guest(desk.gateway.database, write=True) as conn:
        key, now_ms = _found(conn, selector), clock_ms(conn)
        if key.retired_ms is not None:
            raise _refused(f"The key {selector} is retired: make a new one.", "dkim-retired")
        if key.started_ms is not None:
            raise _refused(f"The key {selector} is started already.", "dkim-started")
        signing.opened(desk.ring(), key)  # one that does not open would sign nothing
        dkim_keys.start(conn, selector, now_ms + LEAD_MS)
        keybook.note(conn, Step("dkim-started", selector, desk.operator), from_ms=now_ms + LEAD_MS)
        return {"selector": selector, "domain": key.domain, "started_ms": now_ms + LEAD_MS}


def retire(desk: Desk, selector: str) -> dict[str, Any]:
    """It signs no letter written later than a minute after now; those of its time it goes on signing.

    -> until when; from when the record may go; how many letters of its time nobody has taken yet; which
    keys sign then, and whether one of them is of the kind that every receiver verifies. Raises GatewayError:
    there is none, or it was retired before.
    """
    with guest(desk.gateway.database, write=True) as conn:
        key, now_ms = _found(conn, selector), clock_ms(conn)
        if key.retired_ms is not None:
            raise _refused(f"The key {selector} is retired already.", "dkim-retired")
        was = key.started_ms is not None and key.started_ms <= now_ms + LEAD_MS
        until_ms = now_ms + LEAD_MS * was
        dkim_keys.retire(conn, selector, until_ms)
        keybook.note(conn, Step("dkim-retired", selector, desk.operator), until_ms=until_ms)
        keys = dkim_keys.every(conn)
        others = [one for one in keys if state(one, keys, until_ms) is KeyState.SIGNING]
        is_rsa_left = any(one.kind is Kind.RSA for one in others)
        return {
            "selector": selector,
            "retired_ms": until_ms,
            "keep_until_ms": until_ms + KEEP_MS if was else None,
            "unsent": _unsent(conn, replace(key, retired_ms=until_ms), keys) if was else 0,
            "signing": [one.selector for one in others],
            "rsa_signs": is_rsa_left,
        }


def unopened(conn: Guest, keys: KeySettings) -> list[dict[str, Any]]:
    """Keys that sign letters, or will, and do not open under the root key that there is."""
    bad = []
    for key in (one for one in dkim_keys.started(conn) if one.retired_ms is None):
        try:
            signing.opened(KeyRing(fetch_root(keys.root), random_bytes), key)
        except GatewayError:
            bad.append({"selector": key.selector, "domain": key.domain})
    return bad


def misplaced(conn: Guest, domain: str) -> list[dict[str, Any]]:
    """Keys that sign for other domains, where none signs for the one that letters are from."""
    keys, now_ms = dkim_keys.started(conn), clock_ms(conn)
    if signing_key.signing(keys, domain.lower(), now_ms):
        return []
    return [{"selector": key.selector, "domain": key.domain} for key in keys if key.served(now_ms)]


def _row(key: SigningKey, keys: list[SigningKey], now_ms: int) -> dict[str, Any]:
    record = key.record
    return {
        "selector": key.selector,
        "domain": key.domain,
        "kind": key.kind.value,
        "state": state(key, keys, now_ms).value,
        "made_ms": key.made_ms,
        "started_ms": key.started_ms,
        "retired_ms": key.retired_ms,
        "name": key.name,
        "value": record,
        "strings": [record[at : at + STRING_MAX] for at in range(0, len(record), STRING_MAX)],
    }


def _found(conn: Guest, selector: str) -> SigningKey:
    for key in dkim_keys.every(conn):
        if key.selector == selector:
            return key
    raise _refused(f"There is no key {selector} (hagaki dkim list).", "dkim-unknown")


def _assert_free(conn: Guest, selector: str) -> None:
    if not _SELECTOR.fullmatch(selector):
        raise _refused("A selector is small letters, digits and dashes, such as rsa-2026.", "dkim-selector")
    if any(key.selector == selector for key in dkim_keys.every(conn)):
        raise _refused(f"There is a key {selector} already: choose another selector.", "dkim-taken")


def _unsent(conn: Guest, key: SigningKey, keys: list[SigningKey]) -> int:
    """Letters that it signs and that nobody has taken yet."""
    begun, ended = key.started_ms or 0, key.retired_ms or 0
    starts = [one.started_ms for one in keys if (one.kind, one.domain) == (key.kind, key.domain)]
    after = [ms for ms in starts if ms is not None and ms > begun]
    return dkim_keys.unsent(conn, begun, min([ended, *after]))


def _day(desk: Desk, now_ms: int) -> str:
    return f"{datetime.fromtimestamp(now_ms // 1000, _zone(desk)):%Y%m%d}"


def _zone(desk: Desk) -> ZoneInfo:
    return ZoneInfo(desk.gateway.time_zone)


def _refused(sentence: str, slug: str) -> GatewayError:
    return GatewayError(sentence, slug, Disposition.REFUSE)
