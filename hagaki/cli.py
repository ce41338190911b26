"""The command `hagaki`: its groups, and the one place where an error becomes a sentence and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from io import TextIOWrapper
from typing import Annotated, Any, Final, cast

import typer
from typer.core import TyperGroup
from typer.exceptions import Abort, TyperException

from acquirer_sdk.port import SettingsError
from card_reader_fw.board.desk.reader_error import ReaderError
from hagaki.machine import machine_problem
from hagaki.problem import MACHINE, WRONG_INPUT, Problem
from handset.errors import HandsetError
from mail_gateway.domain.errors import Disposition, GatewayError
from till.errors import TillError

COMMANDS: Final[Mapping[str, str]] = {
    "demo": "hagaki.demo:command",
    "serve": "hagaki.servers:serve",
    "host": "hagaki.host_commands:app",
    "processor": "hagaki.processor:processor",
    "carrier": "hagaki.servers:carrier",
    "simulate": "hagaki.simulate:command",
    "check-config": "hagaki.office:check_config",
    "route": "hagaki.route_commands:route",
    "totals": "hagaki.route_commands:totals_app",
    "reader": "hagaki.reader_commands:app",
    "card": "hagaki.card_commands:app",
    "handset": "hagaki.servers:handset_app",
    "merchant": "hagaki.office:merchant_app",
    "product": "hagaki.product_commands:app",
    "customer": "hagaki.customer_commands:app",
    "payments": "hagaki.office:payments_app",
    "keys": "hagaki.keys_commands:app",
    "dkim": "hagaki.dkim_commands:app",
    "shunt": "hagaki.shunts:app",
    "wants": "hagaki.want_commands:app",
    "hold": "hagaki.holding:app",
    "audit": "hagaki.audits:app",
    "deal": "hagaki.deal_commands:app",
    "proof": "hagaki.proof_commands:proof",
    "doctor": "hagaki.examine:doctor",
    "mails": "hagaki.examine:mails_app",
    "gaps": "hagaki.examine:gaps_app",
    "backup": "hagaki.backups:take",
    "restore": "hagaki.backups:restore",
    "recover": "hagaki.backups:recover_app",
    "database": "hagaki.database_commands:database_app",
    "acquirer": "hagaki.acquirer_commands:app",
    "debit": "hagaki.debit_commands:app",
    "shop": "hagaki.till_commands:app",
}
"""What is typed -> where it is, read only when it is typed: a command that is short should not wait long."""


class _Shelf(Mapping[str, Any]):
    """The commands of the table, each made when it is asked for."""

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)

    def __getitem__(self, name: str) -> Any:
        module, what = COMMANDS[name].split(":")
        found = getattr(import_module(module), what)
        group = typer.Typer()
        if isinstance(found, typer.Typer):
            group.add_typer(found, name=name)
        else:
            group.command(name)(found)
            group.callback()(_nothing)
        return typer.main.get_group(group).commands[name]


class _Commands(TyperGroup):
    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.commands = cast("dict[str, Any]", _Shelf())


app = typer.Typer(
    name="hagaki",
    cls=_Commands,
    help="Card payments by e-mail. Start with `hagaki demo`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _say_version(*, wanted: bool) -> None:
    if wanted:
        import platform
        from importlib import metadata

        print(f"hagaki {metadata.version('hagaki')}, Python {platform.python_version()}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", help="Say which version this is.", callback=_say_version, is_eager=True),
    ] = False,
) -> None:
    pass


def _nothing() -> None:
    pass


def main() -> None:
    """Run and exit: 0 done, 1 the answer is no, 2 wrong input, 3 the machine (docs/cli.md)."""
    if isinstance(sys.stdout, TextIOWrapper):  # a sign that a terminal does not have ends no command
        sys.stdout.reconfigure(errors="replace")
    try:
        code = app(standalone_mode=False, prog_name="hagaki")
    except Problem as problem:
        code = _say(problem)
    except Abort:
        code = 130
    except TyperException as error:
        context = getattr(error, "ctx", None)
        code = _say_usage(error.format_message(), context.command_path if context else "hagaki")
    except OSError as error:
        code = _say(machine_problem(error))
    except SettingsError as error:
        code = _say(Problem(error.sentence, error.key))
    except GatewayError as error:
        again = error.disposition is Disposition.RETRY
        code = _say(Problem(error.sentence, error.slug, MACHINE if again else WRONG_INPUT))
    except (HandsetError, ReaderError, TillError) as error:
        code = _say(Problem(error.sentence, error.slug))
    sys.exit(code or 0)


def _say_usage(message: str, command: str) -> int:
    """A group without a command has shown its help already, and has no message."""
    if not message:
        return WRONG_INPUT
    ended = message.rstrip(".") if message.endswith("?.") else f"{message.rstrip('.')}."
    return _say(Problem(f"{ended} See `{command} --help`.", "usage", WRONG_INPUT))


def _say(problem: Problem) -> int:
    print(f"hagaki: {problem.sentence} [{problem.slug}]", file=sys.stderr)
    return problem.code
