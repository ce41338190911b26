"""Rules about effects: printing, catching everything, clock, disk, network, libraries, floats near money."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from tidy_tree import Finding, Function, Source, dotted, enclosing, imports

if TYPE_CHECKING:
    from collections.abc import Iterator

PRINTING = frozenset({"print", "sys.stdout.write", "sys.stderr.write"})
PRINTERS = ("hagaki/", "bench/", "tests/")
CATCHERS = ("mail_gateway/work/runner.py", "mail_gateway/intake/", "mail_gateway/site/")
"""The three doors: behind each of them a stage of somebody else's making may fail in any way."""

OUTSIDE = ("hagaki/", "bench/", "tests/", "card_reader_fw/board/")
"""Here the ports are made, so the real clock, randomness, network and disk are used here."""

EFFECTS = frozenset(
    {
        *("time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "time.perf_counter"),
        *("time.sleep", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"),
        *("datetime.datetime.now", "datetime.datetime.utcnow", "datetime.date.today", "os.urandom"),
        *("open", "io.open", "os.open", "os.fdopen"),
        *("?.read_text", "?.read_bytes", "?.write_text", "?.write_bytes"),
    }
)
EFFECT_MODULES = frozenset({"random", "secrets", "socket", "uuid", "tempfile", "subprocess"})

CONFINED = {
    "sqlalchemy": ("mail_gateway/store/",),
    "alembic": ("mail_gateway/store/",),
    "sqlite3": ("mail_gateway/store/", "bank_debit/book.py"),
    "aiosmtpd": ("mail_gateway/intake/", "hagaki/carrier"),
    "aioimaplib": ("mail_gateway/intake/", "handset/"),
    "imaplib": (),
    "aiosmtplib": ("mail_gateway/outbox/", "handset/", "hagaki/carrier"),
    "smtplib": (),
    "aiohttp": (
        *("mail_gateway/site/", "mail_gateway/outbox/hooks.py"),
        *("json_adapter/link.py", "json_adapter/processor/app.py"),
        "till/link.py",
    ),
    "reportlab": ("mail_gateway/outbox/pdf.py",),
    "segno": ("card_reader_fw/board/desk/",),
    "jinja2": ("mail_gateway/outbox/compose.py", "mail_gateway/site/"),
    "serial": ("handset/", "till/scanner.py", "card_reader_fw/board/"),
    "iso8583": (),
    "cryptography": (
        *("mail_gateway/envelope/", "card_reader_fw/board/"),
        *("acquirer_sdk/zone.py", "acquirer_sdk/keyblock.py"),
        "json_adapter/processor/certificate.py",
    ),
    "prometheus_client": ("mail_gateway/observe/",),
    "pkcs11": ("mail_gateway/envelope/device.py",),
    "dns": ("mail_gateway/proof/resolver.py",),
    "dkim": ("mail_gateway/proof/signatures.py",),
    "authres": ("mail_gateway/proof/relayed.py",),
    "Crypto": (),
    "typer": ("hagaki/",),
    "rich": ("hagaki/", "bench/"),
    "cbor2": (),
}
"""Library -> where alone it may be imported. tests/ and bench/ may import any of them."""

MONEY_FOLDERS = ("mail_gateway/domain/", "mail_gateway/store/", "schemas/envelope/", "acquirer_sdk/values.py")
MONEY_WORDS = re.compile(r"amount|minor_units|balance", re.IGNORECASE)


def prints(file: Source) -> Iterator[Finding]:
    """Only the command line prints."""
    if file.path.startswith(PRINTERS) or "/vectors/" in file.path:
        return
    for node in file.nodes:
        if isinstance(node, ast.Call) and dotted(node.func) in PRINTING:
            yield _at(file, node, "prints: report an event through the tell port instead")


def broad_except(file: Source) -> Iterator[Finding]:
    """Everything is caught only at the three doors."""
    if not file.is_product or file.path.startswith(CATCHERS):
        return
    for node in file.nodes:
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type) and not _passes_on(node):
            yield _at(file, node, "catches everything: name the exceptions that are expected")
        elif _is_suppress(node):
            yield _at(file, node, "suppresses everything: name the exceptions that are expected")


def _passes_on(handler: ast.ExceptHandler) -> bool:
    """It tidies up and raises again: nothing was caught."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def _is_suppress(node: ast.AST) -> bool:
    is_call = isinstance(node, ast.Call) and dotted(node.func).endswith("suppress")
    return is_call and any(map(_is_broad, node.args))


def _is_broad(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(map(_is_broad, caught.elts))
    return caught is None or dotted(caught) in {"Exception", "BaseException"}


def effects(file: Source) -> Iterator[Finding]:
    """Clock, randomness, network and disk are ports, used directly only where the ports are made."""
    if not file.is_product or file.path.startswith(OUTSIDE):
        return
    for line, module, _ in imports(file.tree):
        if module.split(".")[0] in EFFECT_MODULES:
            yield Finding(file.path, line, module, f"imports {module}: take what you need as a port")
    for node in file.nodes:
        if isinstance(node, ast.Call) and _effect(node) in EFFECTS:
            yield _at(file, node, f"calls {_effect(node)}: take it as a port")
    yield from _imported_effects(file)


def _effect(call: ast.Call) -> str:
    """The name under which EFFECTS lists a call; a method of any object is ``?.name``."""
    name = dotted(call.func)
    on_any = f"?.{name.rpartition('.')[2]}"
    if "." not in name or on_any not in EFFECTS:
        return name
    return "" if _is_package_data(call.func) else on_any


def _is_package_data(receiver: ast.expr) -> bool:
    """What is shipped inside the package is part of the code, not of the outside."""
    return any(isinstance(n, ast.Call) and dotted(n.func).endswith("files") for n in ast.walk(receiver))


def _imported_effects(file: Source) -> Iterator[Finding]:
    for line, module, name in imports(file.tree):
        if f"{module}.{name}" in EFFECTS:
            yield Finding(file.path, line, f"{module}.{name}", f"imports {module}.{name}: take it as a port")


def confined(file: Source) -> Iterator[Finding]:
    """Each library has its one place."""
    if not file.is_product:
        return
    for line, module, _ in imports(file.tree):
        library = module.split(".")[0]
        places = CONFINED.get(library)
        if places is not None and not file.path.startswith(tuple(places)):
            where = " and ".join(places) or "no file of the product"
            yield Finding(file.path, line, library, f"imports {library}: that belongs in {where}")


def money_floats(file: Source) -> Iterator[Finding]:
    """Money is an int of minor units: no float in the money folders nor where an amount is named."""
    if not file.is_product:
        return
    if file.path.startswith(MONEY_FOLDERS):
        yield from _floats(file, file.tree)
        return
    for function in file.functions:
        if not function.nested and _names_money(function):
            yield from _floats(file, function.node)


def _floats(file: Source, tree: ast.AST) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield _at(file, node, f"float {node.value} near money: use an int of minor units, or of ms")
        elif isinstance(node, ast.Call) and dotted(node.func) == "float":
            yield _at(file, node, "float() near money: use an int of minor units")
        elif _is_division(node) and MONEY_WORDS.search(ast.unparse(node)):
            yield _at(file, node, "divides money: use // on minor units and say where the rest goes")


def _is_division(node: ast.AST) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)


def _names_money(function: Function) -> bool:
    nodes = ast.walk(function.node)
    names = (getattr(node, attribute, None) for node in nodes for attribute in ("id", "attr", "arg"))
    return any(isinstance(name, str) and MONEY_WORDS.search(name) for name in names)


def _at(file: Source, node: ast.AST, advice: str) -> Finding:
    line = getattr(node, "lineno", 1)
    return Finding(file.path, line, enclosing(file, line), advice)
