"""The command `hagaki`: its groups, and the one place where an error becomes a sentence and an exit code."""

from __future__ import annotations

import sys

import typer
from typer.exceptions import Abort, TyperException

from acquirer_sdk.port import SettingsError
from card_reader_fw.board.desk.reader_error import ReaderError
from hagaki import (
    acquirer_commands,
    audits,
    backups,
    card_commands,
    customer_commands,
    database_commands,
    deal_commands,
    debit_commands,
    demo,
    examine,
    holding,
    host_commands,
    keys_commands,
    office,
    processor,
    product_commands,
    proof_commands,
    reader_commands,
    route_commands,
    servers,
    shunts,
    simulate,
    till_commands,
    want_commands,
)
from hagaki.machine import machine_problem
from hagaki.problem import MACHINE, WRONG_INPUT, Problem
from handset.errors import HandsetError
from mail_gateway.domain.errors import Disposition, GatewayError
from till.errors import TillError

app = typer.Typer(
    name="hagaki",
    help="Card payments by e-mail. Start with `hagaki demo`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("demo")(demo.command)
app.command("serve")(servers.serve)
app.add_typer(host_commands.app, name="host")
app.command("processor")(processor.processor)
app.command("carrier")(servers.carrier)
app.command("simulate")(simulate.command)
app.command("check-config")(office.check_config)
app.command("route")(route_commands.route)
app.add_typer(route_commands.totals_app, name="totals")
app.add_typer(reader_commands.app, name="reader")
app.add_typer(card_commands.app, name="card")
app.add_typer(servers.handset_app, name="handset")
app.add_typer(office.merchant_app, name="merchant")
app.add_typer(product_commands.app, name="product")
app.add_typer(customer_commands.app, name="customer")
app.add_typer(office.payments_app, name="payments")
app.add_typer(keys_commands.app, name="keys")
app.add_typer(shunts.app, name="shunt")
app.add_typer(want_commands.app, name="wants")
app.add_typer(holding.app, name="hold")
app.add_typer(audits.app, name="audit")
app.add_typer(deal_commands.app, name="deal")
app.command("proof")(proof_commands.proof)
app.command("doctor")(examine.doctor)
app.add_typer(examine.mails_app, name="mails")
app.add_typer(examine.gaps_app, name="gaps")
app.command("backup")(backups.take)
app.command("restore")(backups.restore)
app.add_typer(backups.recover_app, name="recover")
app.add_typer(database_commands.database_app, name="database")
app.add_typer(acquirer_commands.app, name="acquirer")
app.add_typer(debit_commands.app, name="debit")
app.add_typer(till_commands.app, name="shop")


def main() -> None:
    """Run and exit: 0 done, 1 the answer is no, 2 wrong input, 3 the machine (docs/cli.md)."""
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
    return _say(Problem(f"{message.rstrip('.')}. See `{command} --help`.", "usage", WRONG_INPUT))


def _say(problem: Problem) -> int:
    print(f"hagaki: {problem.sentence} [{problem.slug}]", file=sys.stderr)
    return problem.code
