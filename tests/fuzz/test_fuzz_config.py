"""config.toml with every key absent, of a wrong type or extreme, and random text: good, or one clear line."""

from __future__ import annotations

import dataclasses
import itertools
import json
import random
from collections.abc import Collection
from pathlib import Path
from typing import Any

from dice import play, spoil

from hagaki.acquirers import build_acquirers
from hagaki.problem import Problem
from hagaki.sections import SECTIONS, read_config, settings, settings_class

SHIPPED = Path(__file__).parents[2] / "config.toml"
CLASSES = {name: settings_class(where) for name, where in SECTIONS.items() if where}
NEEDED = {
    "gateway": {"domain": "pay.example"},
    "smtp": {"hostname": "mx.pay.example"},
    "handset": {"port": "x", "spool": "x", "mail_from": "a@b.jp", "mail_to": "c@d.jp", "fetch": "maildir:x"},
}
EXTREMES: tuple[Any, ...] = (
    *(0, -1, 1, 2**31, 2**63, -(2**63), 10**30, 0.5, 1e308, True, False, "", " ", "x" * 10_000, "\x7f", "山"),
    *(
        [],
        ["x"],
        [1],
        {},
        {"a": "b"},
        {"a": 1},
        "env:",
        "env:NO_SUCH",
        "file:",
        "file:/",
        "file:\x01",
        "sqlite:///",
    ),
    *(
        "file:\0",
        "file:binary",
        "../../etc/passwd",
        "a\nb",
        "=?utf-8?Q?x?=",
        "1.2.3.4:x",
        "Asia/../../etc/passwd",
        "CON",
        "imap:a:b",
    ),
)


def toml(value: Any) -> str:
    """A value as TOML writes it; JSON's form is TOML's for texts, numbers and lists."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(item)}" for key, item in value.items()) + "}"
    return json.dumps(value).replace("1e+308", "1e308").replace("\\u007f", "\\u007F")


def read_all(path: Path, names: Collection[str] = CLASSES) -> None:
    """As check-config does, these tables; only a Problem may come out, and it is one line."""
    try:
        loaded = read_config(path)
        for name in names:
            settings(loaded, name)
        if "acquirer" in names:  # no other table says whom to ask
            build_acquirers(loaded)
    except Problem as problem:
        assert str(problem)
        assert len(str(problem).splitlines()) == 1, str(problem)


def write(path: Path, tables: dict[str, dict[str, Any]]) -> None:
    lines = []
    for name, table in tables.items():
        lines += [f"[{name}]", *(f"{key} = {toml(value)}" for key, value in table.items())]
    path.write_text("\n".join(lines), encoding="utf-8")


def test_every_key_with_every_odd_value(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    keys = [(name, field.name) for name, kind in CLASSES.items() for field in dataclasses.fields(kind)]
    for (name, key), value in itertools.product(keys, EXTREMES):
        write(tmp_path / "config.toml", {**NEEDED, name: {**NEEDED.get(name, {}), key: value}})
        try:
            read_all(tmp_path / "config.toml", [name])
        except Exception as error:
            raise AssertionError(f"[{name}] {key} = {value!r:.60}") from error


def test_every_needed_key_is_missed(tmp_path: Path) -> None:
    for name, table in NEEDED.items():
        for key in table:
            write(tmp_path / "config.toml", {**NEEDED, name: {k: v for k, v in table.items() if k != key}})
            try:
                settings(read_config(tmp_path / "config.toml"), name)
            except Problem as problem:
                assert f"[{name}] {key}: is needed" in str(problem)
            else:
                raise AssertionError(f"[{name}] {key}")


def test_the_shipped_file_spoilt(tmp_path: Path) -> None:
    text = SHIPPED.read_text(encoding="utf-8").replace("\n# ", "\n").encode()
    whole = SHIPPED.read_bytes()

    def case(dice: random.Random) -> None:
        (tmp_path / "config.toml").write_bytes(spoil(dice, dice.choice((text, whole))))
        read_all(tmp_path / "config.toml")

    play(150, case)


def test_text_that_nests(tmp_path: Path) -> None:
    for odd in (
        "a = " + "[" * 5000,
        "[" + "a." * 5000 + "a]",
        "a = " + "{a=" * 3000,
        "a.b." * 3000 + "a = 1",
    ):
        (tmp_path / "config.toml").write_text(odd, encoding="utf-8")
        read_all(tmp_path / "config.toml")
