"""What the command line says of itself: help that loses no word, and errors that say where more stands."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import metadata

import pytest
import typer.main

from hagaki import cli

MARKUP = re.compile(r"(?<!\\)\[[a-z]")
"""Rich takes it for markup and leaves it out."""
APP = typer.main.get_command(cli.app)


def helps(command: object) -> Iterator[str]:
    yield str(getattr(command, "help", "") or "")
    for option in getattr(command, "params", ()):
        yield str(getattr(option, "help", "") or "")
    for inner in getattr(command, "commands", {}).values():
        yield from helps(inner)


def test_no_word_of_a_help_is_taken_for_markup() -> None:
    assert [text for text in helps(APP) if r"\[" in text], "there are some to look at"
    assert not [text for text in helps(APP) if MARKUP.search(text)]


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (("deal", "show"), "hagaki deal show"),
        (("deal", "list", "--limit", "0"), "hagaki deal list"),
        (("deal", "shwo"), "hagaki deal"),
        (("demo", "--language", "ja"), "hagaki demo"),
        (("nonsense",), "hagaki"),
    ],
)
def test_wrong_usage_names_the_help_of_its_command(
    words: tuple[str, ...],
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(cli, "app", APP)
    monkeypatch.setattr(sys, "argv", ["hagaki", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.endswith(f" See `{command} --help`. [usage]\n")


def test_which_version_this_is(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Who reports a fault is asked for it first."""
    monkeypatch.setattr(sys, "argv", ["hagaki", "--version"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"hagaki {metadata.version('hagaki')}, Python 3.")
