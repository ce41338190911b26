"""Rules about the shape of code: lengths, nesting, parameters, names, docstrings."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from tidy_tree import Finding, Function, FunctionNode, Source, commands, dotted, imports, ports_methods

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FUNCTION_LINES_MAX = 50
FILE_LINES_MAX = 450
NESTING_MAX = 3
PARAMETERS_MAX = 5
DOCSTRING_FROM_LINES = 12
FORBIDDEN_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "misc"})
BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match)


def function_length(file: Source) -> Iterator[Finding]:
    """No function is over 50 lines, docstring apart."""
    for function in file.functions:
        if function.length > FUNCTION_LINES_MAX:
            advice = f"{function.length} lines, at most {FUNCTION_LINES_MAX}: take a step out and name it"
            yield _at(file, function, advice)


def file_length(file: Source) -> Iterator[Finding]:
    """No file is over 450 lines."""
    lines = file.text.count("\n")
    if lines > FILE_LINES_MAX:
        yield Finding(file.path, 1, "file", f"{lines} lines, at most {FILE_LINES_MAX}: split it by subject")


def nesting(file: Source) -> Iterator[Finding]:
    """Blocks stand at most three deep in a function; an elif is as deep as its if."""
    for function in file.functions:
        depth = _depth(function.node.body)
        if depth > NESTING_MAX:
            advice = f"{depth} blocks deep, at most {NESTING_MAX}: return early or take the inner one out"
            yield _at(file, function, advice)


def _depth(body: Iterable[ast.AST]) -> int:
    return max((_block_depth(node) for node in body), default=0)


def _block_depth(node: ast.AST) -> int:
    if isinstance(node, FunctionNode | ast.ClassDef | ast.Lambda):
        return 0
    if isinstance(node, ast.If) and len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        return max(1 + _depth(node.body), _block_depth(node.orelse[0]))
    return _depth(ast.iter_child_nodes(node)) + isinstance(node, BLOCKS)


def parameters(file: Source) -> Iterator[Finding]:
    """At most five parameters, self and cls apart. A command's options and a record's fields are free."""
    for function in file.functions:
        if not file.is_product or _is_command(file, function) or _is_record(function):
            continue
        count = len(_parameters(function))
        if count > PARAMETERS_MAX:
            advice = f"{count} parameters, at most {PARAMETERS_MAX}: some of them are one thing, name it"
            yield _at(file, function, advice)


def boolean_keywords(file: Source) -> Iterator[Finding]:
    """A boolean is passed by keyword only."""
    for function in file.functions:
        if not file.is_product or _is_command(file, function):
            continue
        for name in _positional_booleans(function.node.args):
            yield _at(file, function, f"boolean {name} can be passed by position: put it after a *")


def _positional_booleans(args: ast.arguments) -> Iterator[str]:
    positional = [*args.posonlyargs, *args.args]
    defaults = [None] * (len(positional) - len(args.defaults)) + list(args.defaults)
    for argument, default in zip(positional, defaults, strict=True):
        annotated = isinstance(argument.annotation, ast.Name) and argument.annotation.id == "bool"
        if annotated or (isinstance(default, ast.Constant) and isinstance(default.value, bool)):
            yield argument.arg


def _parameters(function: Function) -> list[ast.arg]:
    args = function.node.args
    named = [*args.posonlyargs, *args.args, *args.kwonlyargs]
    static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in function.node.decorator_list)
    return named[1:] if function.owner and not static else named


def _is_command(file: Source, function: Function) -> bool:
    registered = f"{PurePosixPath(file.path).stem}.{function.name}" in commands()
    calls = (d.func for d in function.node.decorator_list if isinstance(d, ast.Call))
    return registered or any(dotted(call).endswith((".command", ".callback")) for call in calls)


def _is_record(function: Function) -> bool:
    """A constructor that only keeps what it was given: its parameters are the record's fields."""
    body = function.node.body[1:] if function.docstring_lines else function.node.body
    return function.node.name == "__init__" and all(
        isinstance(line, ast.Assign) and isinstance(line.value, ast.Name) for line in body
    )


def module_docstring(file: Source) -> Iterator[Finding]:
    """A file says its one subject in its first line."""
    empty_package = file.path.endswith("__init__.py") and not file.text.strip()
    if not empty_package and not re.match(r'r?"""\S', file.text):
        yield Finding(file.path, 1, "file", "the first line is no docstring: say the file's subject there")


def public_docstring(file: Source) -> Iterator[Finding]:
    """Public classes, functions and long public methods say what goes in and out."""
    if not file.is_product or "/migrations/" in file.path:
        return
    for node in file.tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and not ast.get_docstring(node):
            yield Finding(file.path, node.lineno, node.name, "no docstring: say what this class stands for")
    for function in file.functions:
        own_method = function.length > DOCSTRING_FROM_LINES and function.node.name not in ports_methods()
        long_enough = function.owner is None or own_method
        if function.public and not function.nested and long_enough and not function.docstring_lines:
            yield _at(file, function, "no docstring: say what goes in and out, units, what is raised")


def module_name(file: Source) -> Iterator[Finding]:
    """No module is called after the fact that nobody knew where its code belongs."""
    for part in PurePosixPath(file.path).with_suffix("").parts:
        if part in FORBIDDEN_NAMES:
            yield Finding(file.path, 1, "file", f"named {part}: name it after its subject")


def test_file(file: Source) -> Iterator[Finding]:
    """tests/ has no packages; a test never sleeps on the wall clock."""
    if not file.path.startswith("tests/"):
        return
    if file.path.endswith("__init__.py"):
        yield Finding(file.path, 1, "file", "tests are not packages: remove it")
    sleeps = [line for line, module, name in imports(file.tree) if (module, name) == ("time", "sleep")]
    sleeps += [n.lineno for n in file.nodes if isinstance(n, ast.Call) and dotted(n.func) == "time.sleep"]
    for line in sleeps:
        yield Finding(file.path, line, "time.sleep", "a test does not sleep: wait for the event, bounded")


def same_test_name(files: Iterable[Source]) -> Iterator[Finding]:
    """Test files have different names, since tests are no packages."""
    tests = [file for file in files if file.path.startswith("tests/")]
    names = Counter(PurePosixPath(file.path).name for file in tests)
    for file in tests:
        name = PurePosixPath(file.path).name
        if names[name] > 1 and name != "conftest.py":
            yield Finding(file.path, 1, "file", "another test file has this name: rename one of them")


def _at(file: Source, function: Function, advice: str) -> Finding:
    return Finding(file.path, function.node.lineno, function.name, advice)
