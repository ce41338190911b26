"""Every slug that the code can say: constants passed as an argument called slug, and tables of them."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from tidy_tree import FunctionNode, Source, dotted, sources

if TYPE_CHECKING:
    from collections.abc import Iterator

SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
WIRE_SLUG = re.compile(r"(armour|cbor|cose|frame|header|mail|payload|token)(-[a-z0-9]+)+")
ALARM = re.compile(r"alarm\.[a-z-]+")
TABLES = frozenset({"REPLIES", "_MACHINE_ERRORS", "SENTENCES"})


def said() -> dict[str, str]:
    """slug -> the place that says it first."""
    product = [file for file in sources() if file.is_product]
    takers = _takers(product)
    found: dict[str, str] = {}
    for file in product:
        for line, slug in [*_passed(file, takers), *_tabled(file), *_wired(file)]:
            if SLUG.fullmatch(slug) or ALARM.fullmatch(slug):
                found.setdefault(slug, f"{file.path}:{line}")
    return found


def constants() -> frozenset[str]:
    """Every text constant of the product."""
    nodes = (node for file in sources() if file.is_product for node in file.nodes)
    return frozenset(n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str))


def _takers(files: list[Source]) -> dict[str, int]:
    """Name of a class or function -> position of its argument ``slug``, a subclass's like its base's."""
    found: dict[str, int] = {}
    classes = [node for file in files for node in file.nodes if isinstance(node, ast.ClassDef)]
    for file in files:
        for function in file.functions:
            names = [a.arg for a in (*function.node.args.posonlyargs, *function.node.args.args)]
            if "slug" in names:
                owner = function.owner if function.node.name == "__init__" else None
                name = owner.name if owner else function.node.name
                found[name] = names.index("slug") - (function.owner is not None)
    for node in classes:
        fields = [
            f.target.id for f in node.body if isinstance(f, ast.AnnAssign) and isinstance(f.target, ast.Name)
        ]
        if "slug" in fields:
            found.setdefault(node.name, fields.index("slug"))
    for node in classes:
        own = any(isinstance(f, FunctionNode) and f.name == "__init__" for f in node.body)
        base = next((dotted(b) for b in node.bases if dotted(b) in found), "")
        if base and not own:
            found.setdefault(node.name, found[base])
    return found


def _passed(file: Source, takers: dict[str, int]) -> Iterator[tuple[int, str]]:
    for node in file.nodes:
        if not isinstance(node, ast.Call):
            continue
        position = takers.get(dotted(node.func).rpartition(".")[2], len(node.args))
        given = node.args[position : position + 1] + [k.value for k in node.keywords if k.arg == "slug"]
        yield from ((value.lineno, value.value) for value in given if _is_text(value))


def _tabled(file: Source) -> Iterator[tuple[int, str]]:
    for node in file.tree.body:
        target = node.target if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [None])[0]
        if isinstance(target, ast.Name) and target.id in TABLES:
            keys = [key for table in ast.walk(node) if isinstance(table, ast.Dict) for key in table.keys]
            firsts = [t.elts[0] for t in ast.walk(node) if isinstance(t, ast.Tuple) and t.elts]
            yield from ((n.lineno, n.value) for n in (*keys, *firsts) if _is_text(n))


def _wired(file: Source) -> Iterator[tuple[int, str]]:
    texts = [(node.lineno, node.value) for node in file.nodes if _is_text(node)]
    if file.path.startswith("schemas/"):
        yield from ((line, text) for line, text in texts if WIRE_SLUG.fullmatch(text))
    for table in (node for node in file.nodes if isinstance(node, ast.Dict)):
        pairs = zip(table.keys, table.values, strict=True)
        named = [value for key, value in pairs if _is_text(key) and key.value == "slug"]
        yield from ((value.lineno, value.value) for value in named if _is_text(value))
    yield from ((line, text) for line, text in texts if ALARM.fullmatch(text))


def _is_text(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
