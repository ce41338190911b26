"""A wire profile is data: the shipped one is sound, and a wrong one is refused with the path of its fault."""

from __future__ import annotations

import copy
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from cafis_adapter.profile import ProfileError, load_profile, read_profile

SHIPPED = tomllib.loads((files("cafis_adapter") / "profiles" / "cafis.toml").read_text(encoding="utf-8"))


def changed(*path_and_value: Any) -> dict[str, Any]:
    table = copy.deepcopy(SHIPPED)
    *path, last, value = path_and_value
    inner = table
    for key in path:
        inner = inner[key]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return table


def test_shipped_profile_loads() -> None:
    profile = load_profile()
    assert profile.name == "cafis"
    assert profile.elements[2].size_max == 19
    assert profile.elements[35].length_digits == 2
    assert (profile.elements[55].kind, profile.elements[55].length_digits) == ("b", 3)


def test_reversal_is_kept_without_a_card_number() -> None:
    assert not {2, 14, 35, 45, 52, 55} & set(load_profile().messages["reversal"])


@pytest.mark.parametrize(
    ("table", "where"),
    [
        (changed("fields", "39", None), "fields"),
        (changed("fields", "129", ["n6", "x"]), "fields.129"),
        (changed("fields", "two", ["n6", "x"]), "fields.two"),
        (changed("fields", "3", "n6"), "fields.3"),
        (changed("fields", "3", ["n 6", "x"]), "fields.3"),
        (changed("fields", "3", ["n.6", "x"]), "fields.3"),
        (changed("fields", "3", ["n..100", "x"]), "fields.3"),
        (changed("fields", "3", ["n0", "x"]), "fields.3"),
        (changed("messages", "authorisation", [2, 99]), "messages.authorisation"),
        (changed("messages", None), "messages"),
        (changed("messages", "network", None), "network"),
        (changed("constants", "3", 0), "3"),
        (changed("body_max", "2048"), "body_max"),
        (changed("secondary_bitmap_always", 1), "secondary_bitmap_always"),
        (changed("reversal", "reason", None), "reason"),
        (changed("return", None), "return"),
        (changed("return", "void", None), "void"),
        (changed("return", "without_card", 1), "without_card"),
        (changed("messages", "return", None), "return"),
        (changed("entry_modes", "x", "901"), "entry_modes.x"),
    ],
)
def test_wrong_profile_is_refused_where_it_is_wrong(table: dict[str, Any], where: str) -> None:
    with pytest.raises(ProfileError) as caught:
        read_profile(table)
    assert caught.value.where == where


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
    source = (files("cafis_adapter") / "profiles" / "cafis.toml").read_text(encoding="utf-8")
    path.write_text(source.replace('name = "cafis"', 'name = "mine"'))
    assert load_profile(str(path)).name == "mine"
