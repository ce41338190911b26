"""Acquirers are found by name, their settings are checked, and what is wrong is said with the key's name."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from acquirer_sdk import bogus, registry
from acquirer_sdk.port import Ports, SettingsError
from acquirer_sdk.registry import find, names
from acquirer_sdk.settings import read_settings
from cafis_adapter import adapter
from hagaki import acquirer_commands
from hagaki.problem import Problem

PORTS = Ports(lambda: 0, bytes, lambda *_, **__: None)


@pytest.mark.parametrize(("name", "create"), [("bogus", bogus.create), ("cafis", adapter.create)])
def test_shipped_acquirers_are_found(name: str, create) -> None:
    assert find(name) is create


def test_unknown_acquirer_lists_those_installed() -> None:
    with pytest.raises(SettingsError) as caught:
        find("visa-direct")
    assert caught.value.key == "name"
    assert "bogus, cafis" in caught.value.sentence
    assert names() == sorted(names())


class _Broken:
    """An entry point whose module does not get through its own import."""

    name = "my-bank"

    def __init__(self, error: Exception) -> None:
        self._error = error

    def load(self) -> None:
        raise self._error


@pytest.mark.parametrize(
    "error", [ImportError("no module"), SyntaxError("never closed"), TypeError("wonders")]
)
def test_an_adapter_that_cannot_be_loaded_is_said_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(registry, "entry_points", lambda **_: [_Broken(error)])
    with pytest.raises(SettingsError) as caught:
        find("my-bank")
    assert caught.value.sentence == f"my-bank cannot be loaded: {type(error).__name__}: {error}"
    with pytest.raises(Problem, match="bench of my-bank cannot be loaded") as told:
        acquirer_commands.conform("my-bank")
    assert told.value.slug == "bench-broken"


@dataclass(frozen=True, slots=True)
class Example:
    port: int = field(default=1, metadata={"min": 1, "max": 9})
    pause_s: float = 30
    kind: str = field(default="a", metadata={"choices": ("a", "b")})
    loud: bool = False


def test_settings_take_defaults_and_given_values() -> None:
    assert read_settings(Example, {"port": 3, "pause_s": 5}) == Example(3, 5, "a", False)


@pytest.mark.parametrize(
    ("table", "key", "says"),
    [
        ({"prot": 1}, "prot", "did you mean port?"),
        ({"xyzzy": 1}, "xyzzy", "known are port, pause_s, kind, loud"),
        ({"port": "1"}, "port", "a whole number"),
        ({"port": True}, "port", "a whole number"),
        ({"port": 10}, "port", "at most 9"),
        ({"port": 0}, "port", "at least 1"),
        ({"kind": "c"}, "kind", "one of a, b"),
        ({"loud": 1}, "loud", "true or false"),
    ],
)
def test_wrong_key_is_named(table: dict[str, object], key: str, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(Example, table)
    assert caught.value.key == key
    assert says in caught.value.sentence


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ({"acquirer_id": "12a"}, "acquirer_id"),
        ({"acquirer_id": "123456789012"}, "acquirer_id"),
        ({"profile": "/nowhere/profile.toml"}, "profile"),
        ({"port": 0}, "port"),
        ({"host_timeout_s": 0}, "host_timeout_s"),
    ],
)
def test_cafis_refuses_a_wrong_table(table: dict[str, object], key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        adapter.create(table, PORTS)
    assert caught.value.key == key


def test_bogus_refuses_an_unknown_key() -> None:
    with pytest.raises(SettingsError):
        bogus.create({"port": 1}, PORTS)
