"""What every process that runs tests does once."""

from __future__ import annotations

import gc

from hypothesis import HealthCheck, settings

settings.register_profile("no clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("no clock")  # a machine that stands still for a moment proves nothing


def pytest_collection() -> None:
    """Ten thousand tests stay to the end: the garbage collector need not look through them again and again,
    neither while they are collected nor afterwards."""
    gc.disable()


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.enable()
