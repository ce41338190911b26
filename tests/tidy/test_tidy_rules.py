"""Every tidy rule over the whole tree; exceptions.toml holds what is let pass and only shrinks."""

from __future__ import annotations

import statistics
import tomllib
from typing import TYPE_CHECKING

import effect_rules
import firmware_rules
import pytest
import shape_rules
import text_rules
from tidy_tree import ROOT, Finding, Source, sources, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FILE_RULES: dict[str, Callable[[Source], Iterator[Finding]]] = {
    "function-length": shape_rules.function_length,
    "file-length": shape_rules.file_length,
    "nesting": shape_rules.nesting,
    "parameters": shape_rules.parameters,
    "boolean-keywords": shape_rules.boolean_keywords,
    "module-docstring": shape_rules.module_docstring,
    "public-docstring": shape_rules.public_docstring,
    "module-name": shape_rules.module_name,
    "test-file": shape_rules.test_file,
    "print": effect_rules.prints,
    "broad-except": effect_rules.broad_except,
    "port": effect_rules.effects,
    "confined": effect_rules.confined,
    "money-float": effect_rules.money_floats,
    "firmware-import": firmware_rules.firmware_imports,
    "firmware-construct": firmware_rules.firmware_constructs,
}
TEXT_RULES: dict[str, Callable[[str, str], Iterator[Finding]]] = {
    "unfinished": text_rules.unfinished,
    "machine-path": text_rules.machine_paths,
}
MEDIAN_BELOW = 10

EXCEPTIONS = tomllib.loads((ROOT / "tests/tidy/exceptions.toml").read_text("utf-8")).get("exception", [])


def judge(rule: str, findings: list[Finding]) -> list[str]:
    """A rule's findings -> the lines to print: what is not excepted, and exceptions that nothing needs."""
    excepted = {(e["path"], e["name"]) for e in EXCEPTIONS if e["rule"] == rule}
    needed = {key for f in findings for key in ((f.path, f.name), (f.path, "*"))}
    stale = [
        f"tests/tidy/exceptions.toml: {rule} {path} {name}: not needed any more, remove it"
        for path, name in sorted(excepted - needed)
    ]
    return [str(f) for f in findings if not {(f.path, f.name), (f.path, "*")} & excepted] + stale


@pytest.mark.parametrize("rule", FILE_RULES)
def test_rule_holds_in_every_file(rule: str) -> None:
    lines = judge(rule, [finding for file in sources() for finding in FILE_RULES[rule](file)])
    assert not lines, "\n".join(["", *lines])


@pytest.mark.parametrize("rule", TEXT_RULES)
def test_rule_holds_in_every_text(rule: str) -> None:
    lines = judge(rule, [finding for path, text in texts() for finding in TEXT_RULES[rule](path, text)])
    assert not lines, "\n".join(["", *lines])


def test_test_files_have_different_names() -> None:
    lines = judge("test-name", list(shape_rules.same_test_name(sources())))
    assert not lines, "\n".join(["", *lines])


def test_functions_are_short_on_the_whole() -> None:
    lengths = [function.length for file in sources() if file.is_product for function in file.functions]
    assert statistics.median(lengths) < MEDIAN_BELOW


def test_every_exception_has_a_rule_and_a_reason() -> None:
    for exception in EXCEPTIONS:
        assert exception["rule"] in {*FILE_RULES, *TEXT_RULES, "test-name", "dead-module"}, exception
        assert len(exception["why"]) > 10, exception
