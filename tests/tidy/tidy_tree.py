"""The source tree as the tidy rules see it: parsed files, functions by name, and findings with a place."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from hagaki.cli import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = (
    "hagaki",
    "schemas",
    "card_reader_fw",
    "handset",
    "till",
    "acquirer_sdk",
    "cafis_adapter",
    "json_adapter",
    "bank_debit",
    "mail_gateway",
)
FOLDERS = (*PRODUCT, "bench", "tests")
TEXT_FILES = (".py", ".md", ".toml", ".j2", ".txt", ".yml", ".yaml", ".json", ".dialog", ".hex", ".sh")
PLAIN_FILES = ("Makefile", "run")
TEXT_FOLDERS = (*FOLDERS, "docs", "templates", ".ci")

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule: where, which name, and what to do about it. name identifies it in exceptions.toml."""

    path: str
    line: int
    name: str
    advice: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.name}: {self.advice}"


@dataclass(frozen=True, slots=True)
class Function:
    """One function with its dotted name inside the file, e.g. ``Store.run``, and the class it stands in."""

    name: str
    node: FunctionNode
    owner: ast.ClassDef | None
    nested: bool

    @property
    def docstring_lines(self) -> int:
        """How many lines the docstring takes."""
        first = self.node.body[0]
        return span(first) if ast.get_docstring(self.node, clean=False) is not None else 0

    @property
    def length(self) -> int:
        """Lines from ``def`` to the last one, docstring apart."""
        return span(self.node) - self.docstring_lines

    @property
    def public(self) -> bool:
        """No part of the dotted name begins with an underscore."""
        return not any(part.startswith("_") for part in self.name.split("."))


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file. path is relative to the project with forward slashes."""

    path: str
    text: str
    tree: ast.Module = field(repr=False)
    functions: tuple[Function, ...] = field(repr=False)

    @property
    def module(self) -> str:
        """The dotted module name."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def is_product(self) -> bool:
        """Part of what runs: not a test, not a bench, not a generator of vectors."""
        return self.path.split("/", 1)[0] in PRODUCT and "/vectors/" not in self.path

    @property
    def is_firmware(self) -> bool:
        """Has to run under MicroPython as well."""
        return is_firmware(self.path)

    @property
    def nodes(self) -> Iterator[ast.AST]:
        """Every node of the file."""
        return ast.walk(self.tree)


def is_firmware(path: str) -> bool:
    """Whether a Python file has to run under MicroPython as well."""
    return path == "schemas/errors.py" or (
        path.startswith(("card_reader_fw/", "schemas/deal/", "schemas/envelope/", "schemas/link/"))
        and "/vectors/" not in path
        and not path.startswith("card_reader_fw/board/desk/")
    )


def span(node: ast.stmt) -> int:
    """The lines a statement takes."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def source(path: str, text: str) -> Source:
    """A file's path and text -> the parsed file."""
    tree = ast.parse(text, path)
    return Source(path, text, tree, tuple(_functions(tree, "", None, nested=False)))


def _functions(node: ast.AST, prefix: str, owner: ast.ClassDef | None, *, nested: bool) -> Iterator[Function]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FunctionNode):
            yield Function(prefix + child.name, child, owner, nested)
            yield from _functions(child, f"{prefix}{child.name}.", None, nested=True)
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.", child, nested=nested)
        else:
            yield from _functions(child, prefix, owner, nested=nested)


@cache
def sources() -> tuple[Source, ...]:
    """Every Python file of the project, parsed."""
    return tuple(source(path, (ROOT / path).read_text("utf-8")) for path in paths())


@cache
def paths() -> tuple[str, ...]:
    """Every Python file of the project."""
    files = (path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")))
    return tuple(map(relative, files))


@cache
def texts() -> tuple[tuple[str, str], ...]:
    """Every text file of the project, as (path, text)."""
    below = [path for folder in TEXT_FOLDERS for path in sorted((ROOT / folder).rglob("*"))]
    top = sorted(ROOT.iterdir())
    return tuple((relative(path), path.read_text("utf-8")) for path in (*top, *below) if _is_text(path))


def _is_text(path: Path) -> bool:
    hidden = any(part.startswith(".") and part != ".ci" for part in path.relative_to(ROOT).parts[:-1])
    return path.is_file() and not hidden and (path.suffix in TEXT_FILES or path.name in PLAIN_FILES)


@cache
def commands() -> frozenset[str]:
    """``module.function`` of each function registered as ``app.command("name")(module.function)``, or in the
    table of all commands."""
    calls = (node for file in sources() for node in file.nodes if isinstance(node, ast.Call))
    registered = {
        dotted(call.args[0])
        for call in calls
        if call.args and isinstance(call.func, ast.Call) and dotted(call.func.func).endswith(".command")
    }
    return frozenset(registered | {entry.split(".")[-1].replace(":", ".") for entry in COMMANDS.values()})


@cache
def ports_methods() -> frozenset[str]:
    """Names of the methods of every Protocol: whoever fulfils one need not say again what it says."""
    return frozenset(
        function.node.name
        for file in sources()
        for function in file.functions
        if function.owner and any(dotted(base).endswith("Protocol") for base in function.owner.bases)
    )


def relative(path: Path) -> str:
    """An absolute path -> the path inside the project."""
    return path.relative_to(ROOT).as_posix()


def dotted(node: ast.AST) -> str:
    """``a.b.c`` for a name or an attribute, else an empty text."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = dotted(node.value)
        return f"{inner}.{node.attr}" if inner else f"?.{node.attr}"
    return ""


def imports(tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    """(line, module, name) of each import; name is empty for ``import module``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, node.module, alias.name) for alias in node.names)


def enclosing(file: Source, line: int) -> str:
    """The dotted name of the innermost function that holds a line, or ``module``."""
    holders = [f for f in file.functions if f.node.lineno <= line <= (f.node.end_lineno or 0)]
    return min(holders, key=lambda f: span(f.node)).name if holders else "module"
