"""Deal IDs: of one device, for one deal, for ever."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

_LETTERS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""No 0 1 I O: people read them to each other."""
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,30}")
RANDOM_BYTES: Final = 10


def deal_id(device: str, now_ms: int, random: bytes) -> str:
    """`till-1-261121-7KQ2M-XW4PD`: device, UTC day, ten letters. random: RANDOM_BYTES unpredictable bytes."""
    letters = "".join(_LETTERS[byte % len(_LETTERS)] for byte in random)
    day = datetime.fromtimestamp(now_ms // 1000, UTC)
    return f"{device}-{day:%y%m%d}-{letters[:5]}-{letters[5:]}"
