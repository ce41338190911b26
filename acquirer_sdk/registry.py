"""Finding an acquirer, and the bench it is tested on, by the name that stands in config.toml."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING, cast

from acquirer_sdk.port import Create, SettingsError

if TYPE_CHECKING:
    from acquirer_sdk.bench import OpenBench

GROUP = "hagaki.acquirers"
BENCHES = "hagaki.acquirer_benches"
BROKEN = (ImportError, AttributeError, SyntaxError, NameError, TypeError, ValueError)
"""What comes of loading a module that is not finished."""


def names() -> list[str]:
    """Every acquirer installed here, in order."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def find(name: str) -> Create:
    """The name of an entry point of the group ``hagaki.acquirers`` -> its create function.

    Raises SettingsError: there is none of that name, and those installed are named; or it cannot be loaded.
    """
    for point in entry_points(group=GROUP, name=name):
        try:
            return cast(Create, point.load())
        except BROKEN as error:
            sentence = f"{name} cannot be loaded: {type(error).__name__}: {error}"
            raise SettingsError("name", sentence) from error
    raise SettingsError(
        "name", f"no acquirer is called {name!r}; installed are {', '.join(names()) or 'none'}"
    )


def find_bench(name: str) -> OpenBench | None:
    """The same name in the group ``hagaki.acquirer_benches`` -> what opens its bench, or None.

    Raises one of BROKEN where it cannot be loaded.
    """
    for point in entry_points(group=BENCHES, name=name):
        return cast("OpenBench", point.load())
    return None
