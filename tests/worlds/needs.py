"""What a test needs beyond Python: without it the test is skipped, on the build machine it fails."""

from __future__ import annotations

import os

import pytest


def need(how: str, *, present: bool) -> None:
    """how: one sentence that says how to get it."""
    if not present:
        say = pytest.fail if os.environ.get("CI") else pytest.skip
        say(f"needs {how}")
