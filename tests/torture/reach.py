"""How far a run goes: short in CI, as long as the environment says for a release."""

from __future__ import annotations

import os


def reach(name: str, short: int) -> int | None:
    """HAGAKI_<name> as a number, None for "all"; `short` where it is not set."""
    text = os.environ.get(f"HAGAKI_{name}", str(short))
    return None if text == "all" else int(text)
