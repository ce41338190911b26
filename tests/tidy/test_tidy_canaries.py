"""Each tidy rule finds the smallest code that breaks it, and lets the nearest good code pass."""

from __future__ import annotations

import effect_rules
import firmware_rules
import pytest
import shape_rules
import text_rules
from tidy_tree import source

LONG = "def f():\n" + "    a = 1\n" * 50
DEEP = "def f():\n for a in b:\n  if a:\n   while a:\n    with a:\n     pass\n"
CHAIN = "def f():\n if a:\n  pass\n elif b:\n  pass\n elif c:\n  pass\n elif d:\n  pass\n"
RECORD = "class A:\n def __init__(self, a, b, c, d, e, f):\n  self.a = a\n"

BROKEN = [
    (shape_rules.function_length, "handset/x.py", LONG),
    (shape_rules.file_length, "handset/x.py", "a = 1\n" * 451),
    (shape_rules.nesting, "handset/x.py", DEEP),
    (shape_rules.parameters, "handset/x.py", "def f(a, b, c, *, d, e, f): pass"),
    (shape_rules.parameters, "handset/x.py", "class A:\n def f(self, a, b, c, d, e, f): pass"),
    (shape_rules.boolean_keywords, "handset/x.py", "def f(a: bool): pass"),
    (shape_rules.boolean_keywords, "handset/x.py", "def f(a=False): pass"),
    (shape_rules.module_docstring, "handset/x.py", "import os\n"),
    (shape_rules.module_docstring, "handset/x.py", "# a comment\n'''x'''\n"),
    (shape_rules.public_docstring, "handset/x.py", "def f(): pass"),
    (shape_rules.public_docstring, "handset/x.py", "class A: pass"),
    (shape_rules.module_name, "handset/utils.py", ""),
    (shape_rules.module_name, "handset/common/x.py", ""),
    (shape_rules.test_file, "tests/unit/__init__.py", ""),
    (shape_rules.test_file, "tests/unit/test_x.py", "import time\ntime.sleep(1)"),
    (shape_rules.test_file, "tests/unit/test_x.py", "from time import sleep"),
    (effect_rules.prints, "handset/x.py", "print(1)"),
    (effect_rules.broad_except, "handset/x.py", "try:\n a\nexcept:\n b"),
    (effect_rules.broad_except, "handset/x.py", "try:\n a\nexcept (OSError, Exception):\n b"),
    (effect_rules.broad_except, "handset/x.py", "with contextlib.suppress(Exception):\n a"),
    (effect_rules.effects, "handset/x.py", "time.time()"),
    (effect_rules.effects, "handset/x.py", "datetime.now(UTC)"),
    (effect_rules.effects, "handset/x.py", "from os import urandom"),
    (effect_rules.effects, "handset/x.py", "import random"),
    (effect_rules.effects, "handset/x.py", "open('a')"),
    (effect_rules.effects, "handset/x.py", "(a / 'b').read_text()"),
    (effect_rules.confined, "mail_gateway/work/x.py", "from sqlalchemy import Connection"),
    (effect_rules.confined, "mail_gateway/outbox/send.py", "import jinja2"),
    (effect_rules.confined, "handset/x.py", "from Crypto.Cipher import AES"),
    (effect_rules.money_floats, "mail_gateway/domain/x.py", "a = 0.5"),
    (effect_rules.money_floats, "handset/x.py", "def f(amount_minor): return float(amount_minor)"),
    (effect_rules.money_floats, "handset/x.py", "def f(amount_minor): return amount_minor / 100"),
    (firmware_rules.firmware_imports, "card_reader_fw/x.py", "from enum import Enum"),
    (firmware_rules.firmware_imports, "schemas/link/x.py", "import os"),
    (firmware_rules.firmware_constructs, "schemas/errors.py", "def f(a, /): pass"),
    (firmware_rules.firmware_constructs, "card_reader_fw/x.py", "match a:\n case 1: pass"),
    (firmware_rules.firmware_constructs, "card_reader_fw/x.py", "a.bit_length()"),
    (firmware_rules.firmware_constructs, "card_reader_fw/x.py", "'a'.removeprefix('b')"),
    (firmware_rules.firmware_constructs, "card_reader_fw/x.py", "zip(a, b, strict=True)"),
    (firmware_rules.firmware_constructs, "card_reader_fw/x.py", "a.to_bytes(4, byteorder='big')"),
    (firmware_rules.firmware_constructs, "card_reader_fw/x.py", "a = [*b, 1]"),
]

FINE = [
    (shape_rules.nesting, "handset/x.py", CHAIN),
    (shape_rules.parameters, "handset/x.py", RECORD),
    (shape_rules.parameters, "handset/x.py", "class A:\n def f(self, a, b, c, d, e): pass"),
    (shape_rules.boolean_keywords, "handset/x.py", "def f(*, a=False): pass"),
    (shape_rules.module_docstring, "handset/__init__.py", ""),
    (shape_rules.public_docstring, "handset/x.py", "def _f(): pass"),
    (effect_rules.prints, "hagaki/x.py", "print(1)"),
    (effect_rules.broad_except, "mail_gateway/work/runner.py", "try:\n a\nexcept Exception:\n b"),
    (effect_rules.broad_except, "handset/x.py", "try:\n a\nexcept BaseException:\n b\n raise"),
    (effect_rules.effects, "handset/x.py", "(files('a') / 'b').read_text()"),
    (effect_rules.effects, "handset/x.py", "asyncio.sleep(1)"),
    (effect_rules.confined, "mail_gateway/store/x.py", "import sqlalchemy"),
    (effect_rules.money_floats, "handset/x.py", "def f(delay_s): return delay_s / 2.0"),
    (
        firmware_rules.firmware_imports,
        "card_reader_fw/x.py",
        "try:\n import cryptolib\nexcept ImportError:\n a = 1",
    ),
    (firmware_rules.firmware_imports, "card_reader_fw/board/desk/x.py", "import enum"),
    (firmware_rules.firmware_constructs, "card_reader_fw/x.py", "f(*a)"),
    (firmware_rules.firmware_constructs, "card_reader_fw/x.py", "a.to_bytes(4, 'big')"),
]


@pytest.mark.parametrize(("rule", "path", "text"), BROKEN)
def test_broken_code_is_found(rule, path: str, text: str) -> None:
    found = list(rule(source(path, text)))
    assert found
    assert str(found[0]).startswith(f"{path}:")


@pytest.mark.parametrize(("rule", "path", "text"), FINE)
def test_good_code_passes(rule, path: str, text: str) -> None:
    assert not list(rule(source(path, text)))


def test_the_same_test_name_twice_is_found() -> None:
    twice = [source("tests/unit/test_x.py", ""), source("tests/wire/test_x.py", "")]
    assert len(list(shape_rules.same_test_name(twice))) == 2


@pytest.mark.parametrize("line", ["# TO" + "DO later", "x = 1  # FIX" + "ME"])
def test_unfinished_text_is_found(line: str) -> None:
    assert list(text_rules.unfinished("docs/x.md", line))


def test_a_machine_path_is_found_and_a_package_named_work_is_not() -> None:
    assert list(text_rules.machine_paths("docs/x.md", "see /ro" + "ot/x"))
    assert list(text_rules.machine_paths("docs/x.md", "`/wo" + "rk/main`"))
    assert not list(text_rules.machine_paths("docs/x.md", "mail_gateway/work/runner.py and ./work/x"))
