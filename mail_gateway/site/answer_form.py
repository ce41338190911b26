"""The token in a form: that somebody was shown the page of this order, and not long ago. Pure."""

from __future__ import annotations

import hmac
from typing import Final

GOOD_S: Final = 3600
"""So long may a page be open before its button is pressed."""

_LABEL: Final = b"HAGAKI DEAL FORM 1"
_MAC: Final = 16


def make(key: bytes, order: int, now_s: int) -> str:
    """The token for that order's form. now_s: unix seconds."""
    expiry_s = now_s + GOOD_S
    return f"{expiry_s}.{_mac(key, order, expiry_s)}"


def fits(key: bytes, order: int, now_s: int, token: str) -> bool:
    """Whether it is ours, of that order, and not too old."""
    expiry, _, mac = token.partition(".")
    if not (expiry.isascii() and expiry.isdigit() and len(expiry) <= len(str(now_s + GOOD_S))):
        return False
    if not mac.isascii():  # compare_digest takes no other text, and what a browser sends may be anything
        return False
    return hmac.compare_digest(mac, _mac(key, order, int(expiry))) and now_s < int(expiry)


def _mac(key: bytes, order: int, expiry_s: int) -> str:
    message = _LABEL + b"\0" + order.to_bytes(8, "big") + expiry_s.to_bytes(8, "big")
    return hmac.new(key, message, "sha256").digest()[:_MAC].hex()
