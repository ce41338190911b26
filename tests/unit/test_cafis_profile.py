"""A wire profile is data: the shipped ones are sound, a wrong one is refused with the path of its fault."""

from __future__ import annotations

import copy
import json
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from cafis_adapter.layout import Kind
from cafis_adapter.part import ProfileError
from cafis_adapter.profile import SHIPPED, load_profile, read_profile
from hagaki import acquirer_commands
from hagaki.problem import Problem

SOURCE = (files("cafis_adapter") / "profiles" / "cafis.toml").read_text(encoding="utf-8")
TABLE = tomllib.loads(SOURCE)


def changed(path: str, value: Any) -> dict[str, Any]:
    """The shipped profile with one value put in, or taken out by None."""
    table = copy.deepcopy(TABLE)
    *way, last = path.split("/")
    inner = table
    for key in way:
        inner = inner[key]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return table


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_profile_loads_by_its_name(name: str) -> None:
    profile = load_profile(name)
    assert profile.name == name
    assert profile.elements[2].size_max == 19
    assert (profile.elements[55].kind, profile.elements[55].length_digits) == ("b", 3)


def test_the_default_takes_every_way_of_payment_and_all_that_may_be_added() -> None:
    profile = load_profile()
    assert profile.name == "cafis"
    assert sorted(profile.conditions) == [10, *range(21, 26), *range(31, 35), 61, 62, 63, 80, 110]
    assert set(profile.layouts) == set(Kind) - {Kind.INQUIRY}


@pytest.mark.parametrize("name", SHIPPED)
def test_reversal_is_kept_without_a_card_number(name: str) -> None:
    assert not {2, 14, 35, 45, 52, 55} & set(load_profile(name).layouts[Kind.REVERSAL].fields)


WRONG = [
    ("fields/39", None, "fields"),
    ("fields/129", ["n6", "x"], "fields.129"),
    ("fields/1", ["n6", "x"], "fields.1"),
    ("fields/two", ["n6", "x"], "fields.two"),
    ("fields/3", "n6", "fields.3"),
    ("fields/3", ["n 6", "x"], "fields.3"),
    ("fields/3", ["n.6", "x"], "fields.3"),
    ("fields/3", ["n..100", "x"], "fields.3"),
    ("fields/3", ["n0", "x"], "fields.3"),
    ("messages", None, "messages.authorisation"),
    ("messages/network", None, "messages.network"),
    ("messages/refunds", {}, "messages.refunds"),
    ("messages/completion", None, "messages"),
    ("messages/authorisation/mti", "0300", "messages.authorisation.mti"),
    ("messages/authorisation/fields", [2, 99], "messages.authorisation.fields"),
    ("messages/authorisation/fields", [2, 3], "messages.authorisation.fields"),
    ("messages/authorisation/sets", {}, "messages.authorisation.sets"),
    ("messages/authorisation/set/3", 0, "messages.authorisation.set.3"),
    ("messages/authorisation/set/3", "sale", "messages.authorisation.set.3"),
    ("messages/authorisation/set/70", "001", "messages.authorisation.set.70"),
    ("messages/authorisation/set/divison", "10", "messages.authorisation.set.divison"),
    ("messages/hold/set/25", "00", "messages.hold"),
    ("messages/reversal/fields", [3, 4, 7, 11, 37, 39, 41, 49], "messages.reversal.fields"),
    ("private/48", ["count n2", "colour n2"], "private.48"),
    ("private/48", ["count"], "private.48"),
    ("private/48", ["note k..60"], "private.48"),
    ("private/48", ["note ans...990", "count n2", "slip n5"], "private.48"),
    ("private/3", ["count n2"], "private.3"),
    ("private/99", ["count n2"], "private.99"),
    ("conditions/61", "count colour", "conditions.61"),
    ("conditions/lump", "", "conditions.lump"),
    ("companies/3x", "2a99661", "companies.3x"),
    ("companies/35", "", "companies.35"),
    ("chip/required", ["9F2"], "chip.required"),
    ("chip/bytes", 1, "chip.bytes"),
    ("stand_in/element", 99, "stand_in.element"),
    ("stand_in/values", ["somebody"], "stand_in.values"),
    ("entry_modes/x", "901", "entry_modes.x"),
    ("entry_modes/1", "9010", "entry_modes.1"),
    ("body_max", "2048", "body_max"),
    ("body_max", 70_000, "body_max"),
    ("secondary_bitmap_always", 1, "secondary_bitmap_always"),
    ("return_without_card", None, "return_without_card"),
    ("terminal_id", "[0-9", "terminal_id"),
    ("mac", 1, "mac"),
    ("maximum", 1, "maximum"),
]


@pytest.mark.parametrize(
    ("path", "value", "where"), WRONG, ids=[f"{path}={value}" for path, value, *_ in WRONG]
)
def test_wrong_profile_is_refused_where_it_is_wrong(path: str, value: Any, where: str) -> None:
    with pytest.raises(ProfileError) as caught:
        read_profile(changed(path, value))
    assert caught.value.where == where
    assert str(caught.value).startswith(f"{where}: ")


def test_a_mac_needs_its_elements() -> None:
    table = changed("mac", value=True)
    assert read_profile(table).mac
    del table["fields"]["64"]
    with pytest.raises(ProfileError, match="mac: needs DE64"):
        read_profile(table)


@pytest.mark.parametrize("content", [b"[fields", b"\xff\xfe", None])
def test_unreadable_file_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "profile.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ProfileError) as caught:
        load_profile(str(path))
    assert caught.value.where == "file"


def test_own_profile_is_used(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(SOURCE.replace('name = "cafis"', 'name = "mine"'))
    assert load_profile(str(path)).name == "mine"


def test_a_profile_is_checked_at_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(SOURCE)
    assert acquirer_commands.profile(str(path), as_json=True) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {row["message"]: row["mti"] for row in rows}["completion"] == "0200"
    path.write_text(SOURCE.replace('mti = "0500"', 'mti = "0510"'))
    with pytest.raises(Problem, match=r"messages\.totals\.mti: must be 0500") as caught:
        acquirer_commands.profile(str(path), as_json=True)
    assert caught.value.slug == "profile-wrong"
