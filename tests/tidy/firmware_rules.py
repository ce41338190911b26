"""Rules for code that also runs under MicroPython 1.27: its imports and its constructs."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tidy_tree import Finding, Source, dotted, enclosing, imports

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULES = frozenset({"array", "binascii", "gc", "hashlib", "micropython", "struct"})
BOARD_MODULES = frozenset({"errno", "machine", "os", "rp2", "select", "sys", "time", "usb"})
OURS = frozenset({"card_reader_fw", "schemas"})

MISSING_METHODS = frozenset(
    {
        *("bit_length", "bit_count", "removeprefix", "removesuffix", "is_integer", "as_integer_ratio"),
        *("ljust", "rjust", "zfill", "isascii", "isdecimal", "isnumeric", "isalnum", "isprintable"),
        *("isidentifier", "casefold", "expandtabs", "swapcase", "title", "capitalize", "translate"),
        *("maketrans", "format_map"),
    }
)
"""Methods of str, bytes and int that MicroPython 1.27 does not have."""

MISSING_KEYWORDS = {
    "zip": {"strict"},
    "to_bytes": {"byteorder", "length", "signed"},
    "from_bytes": {"byteorder", "signed"},
}
MISSING_SYNTAX = {ast.Match: "match", ast.TryStar: "except*", ast.AsyncFunctionDef: "async"}


def firmware_imports(file: Source) -> Iterator[Finding]:
    """Firmware imports a handful of modules that every MicroPython build has, and ours."""
    if not file.is_firmware:
        return
    on_board = file.path.startswith("card_reader_fw/board/")
    allowed = MODULES | OURS | (BOARD_MODULES if on_board else frozenset())
    optional = {line for node in file.nodes if _survives_without(node) for line, _, _ in imports(node)}
    for line, module, _ in imports(file.tree):
        if module.split(".")[0] not in allowed and line not in optional:
            yield Finding(file.path, line, module, f"firmware imports {module}: MicroPython may lack it")


def _survives_without(node: ast.AST) -> bool:
    handlers = node.handlers if isinstance(node, ast.Try) else ()
    return any(handler.type and "ImportError" in ast.unparse(handler.type) for handler in handlers)


def firmware_constructs(file: Source) -> Iterator[Finding]:
    """Firmware uses only what MicroPython has."""
    if not file.is_firmware:
        return
    for node in file.nodes:
        missing = _missing(node)
        if missing:
            line = getattr(node, "lineno", 1)
            advice = f"firmware uses {missing}: MicroPython has none"
            yield Finding(file.path, line, enclosing(file, line), advice)


def _missing(node: ast.AST) -> str:
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return "a star in a display" if any(isinstance(e, ast.Starred) for e in node.elts) else ""
    if isinstance(node, ast.arguments):
        return "positional-only parameters" if node.posonlyargs else ""
    if isinstance(node, ast.Call):
        return _missing_call(node)
    if getattr(node, "type_params", None):
        return "type parameters"
    return MISSING_SYNTAX.get(type(node), "")


def _missing_call(node: ast.Call) -> str:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else dotted(node.func)
    if isinstance(node.func, ast.Attribute) and name in MISSING_METHODS:
        return f".{name}()"
    keywords = MISSING_KEYWORDS.get(name, set()) & {keyword.arg for keyword in node.keywords}
    return f"{name}({min(map(str, keywords))}=)" if keywords else ""
