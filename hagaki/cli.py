"""The command `hagaki`: its groups, and the one place where an error becomes a sentence and an exit code."""

from __future__ import annotations

import sys

import typer
from typer.exceptions import Abort, TyperException

from hagaki import demo, office, reader_commands, servers
from hagaki.machine import machine_problem
from hagaki.problem import MACHINE, WRONG_INPUT, Problem

app = typer.Typer(
    name="hagaki",
    help="Card payments by e-mail. Start with `hagaki demo`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("demo")(demo.command)
app.command("serve")(servers.serve)
app.command("host")(servers.host)
app.command("carrier")(servers.carrier)
app.command("check-config")(office.check_config)
app.add_typer(reader_commands.app, name="reader")
app.add_typer(servers.handset_app, name="handset")
app.add_typer(office.merchant_app, name="merchant")
app.add_typer(office.payments_app, name="payments")
app.add_typer(office.keys_app, name="keys")


def main() -> None:
    """Run and exit: 0 done, 1 the answer is no, 2 wrong input, 3 the machine (docs/cli.md)."""
    try:
        code = app(standalone_mode=False)
    except Problem as problem:
        code = _say(problem)
    except Abort:
        code = 130
    except TyperException as error:
        code = _say(Problem(f"{error.format_message()} See `hagaki --help`.", "usage", WRONG_INPUT))
    except OSError as error:
        code = _say(machine_problem(error))
    except Exception as error:  # noqa: BLE001 the command's door: public errors become sentences
        code = _say(_translated(error))
    sys.exit(code or 0)


def _say(problem: Problem) -> int:
    print(f"hagaki: {problem.sentence} [{problem.slug}]", file=sys.stderr)
    return problem.code


def _translated(error: Exception) -> Problem:
    """The packages' own public errors carry a sentence and a slug; anything else is a fault of ours."""
    sentence, slug = getattr(error, "sentence", None), getattr(error, "slug", None)
    if not sentence:
        raise error
    code = MACHINE if getattr(error, "disposition", None) == "retry" else WRONG_INPUT
    return Problem(sentence, str(slug or "error"), code)
