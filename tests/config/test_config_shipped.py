"""The shipped config.toml: good as it is, every key in it, every default true."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest

from hagaki.office import check_config
from hagaki.problem import Problem
from hagaki.sample import sample
from hagaki.sections import SECTIONS, read_config, settings, settings_class

SHIPPED = Path(__file__).parents[2] / "config.toml"


def test_it_is_what_the_code_says() -> None:
    assert SHIPPED.read_text(encoding="utf-8") == sample(), "hagaki check-config --sample > config.toml"


def test_it_is_good_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert check_config(SHIPPED, as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["good"] is True


def test_every_key_that_is_commented_out_shows_its_default(tmp_path: Path) -> None:
    """Taking every '# ' before a key away changes nothing."""
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    key = re.compile(r"# [a-z_]+ = ")
    open_lines = [line.removeprefix("# ") if key.match(line) else line for line in lines]
    opened = tmp_path / "config.toml"
    opened.write_text("\n".join(line for line in open_lines if not line.startswith("# ")), encoding="utf-8")
    (tmp_path / "same.toml").write_text("\n".join(lines), encoding="utf-8")
    for name in filter(lambda name: SECTIONS[name], SECTIONS):
        assert settings(read_config(opened), name) == settings(read_config(tmp_path / "same.toml"), name)


def test_relative_paths_lie_beside_the_file(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[gateway]\ndomain = "pay.example"\n', encoding="utf-8")
    assert settings(read_config(config), "gateway").database == f"sqlite:///{tmp_path}/var/hagaki.db"
    assert settings(read_config(config), "keys").root == f"file:{tmp_path}/var/root.key"


def test_a_secret_comes_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("open sesame\n", encoding="utf-8")
    config = tmp_path / "config.toml"
    config.write_text('[smarthost]\npassword = "file:password"\n', encoding="utf-8")
    smarthost = settings(read_config(config), "smarthost")
    assert smarthost.password == "open sesame"
    assert "sesame" not in repr(smarthost)


def test_a_secret_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[smarthost]\npassword = "file:nowhere"\n', encoding="utf-8")
    with pytest.raises(Problem, match="the file nowhere: No such file"):
        settings(read_config(config), "smarthost")


@pytest.mark.parametrize("name", [name for name, where in SECTIONS.items() if where])
def test_every_setting_explains_itself(name: str) -> None:
    for field in dataclasses.fields(settings_class(SECTIONS[name])):
        assert field.metadata.get("help"), f"[{name}] {field.name} has no help"
