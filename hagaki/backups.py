"""The commands backup, restore and recover: a copy that may leave the machine, and the way back from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from hagaki import machine, tables
from hagaki.acquirers import routing
from hagaki.problem import DONE, NO, Problem
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile, read_config, said, settings

recover_app = typer.Typer(
    help="After a restore: the acquirer's list, and the way back to work.", no_args_is_help=True
)

_FINDINGS = ("agrees", "charged", "uncharged", "open", "differs", "ghosts")


def take(
    file: Annotated[Path, typer.Argument(help="The new file; what it holds is written to FILE.json.")],
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> int:
    """Back up the database, also while the gateway runs. No envelope in it can ever be opened."""
    from mail_gateway.admin import backups

    made = backups.take(settings(read_config(config), "gateway"), file)
    rows = made["rows"]
    sentence = (
        f"{file}: {rows['payments']} payments, {rows['transfers']} transfers, checked; anchor {made['all']}"
    )
    tables.one(made, sentence, as_json=as_json)
    return DONE


def restore(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    config: ConfigFile = DEFAULT_CONFIG,
    aside: Annotated[
        bool, typer.Option("--aside", help="Keep the database that is there beside the restored one.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Put a backup in the database's place. The gateway then authorises nothing until `recover finish`."""
    from mail_gateway.admin import backups

    done = backups.restore(settings(read_config(config), "gateway"), file, aside=aside)
    _say_begun(done, as_json=as_json)
    return DONE


@recover_app.command("begin")
def begin(
    backup_time: Annotated[str, typer.Option(help="When the backup was made, such as 2026-11-21T05:00:00Z.")],
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> int:
    """Say that this database was restored by other means; `hagaki restore` does it by itself."""
    from mail_gateway.admin import backups

    done = backups.begin(settings(read_config(config), "gateway"), backup_ms=_time_ms(backup_time))
    _say_begun(done, as_json=as_json)
    return DONE


@recover_app.command("status")
def status(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """Whether the gateway is recovering, and what waits for the acquirer's list."""
    from mail_gateway.admin import recovering

    gateway = settings(read_config(config), "gateway")
    tables.whole(recovering.status(gateway), as_json=as_json, zone=gateway.time_zone)
    return DONE


@recover_app.command("reconcile")
def reconcile(
    charges: Annotated[
        list[str],
        typer.Option("--list", help="The acquirer's list, CSV; of several NAME=FILE, one for each."),
    ],
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> int:
    """Compare with the acquirers' lists. Exit 1 where a person has to look: ghosts, or what differs."""
    from mail_gateway.admin import recovering
    from mail_gateway.domain.reconcile import joined, read_list

    loaded = read_config(config)
    files = _lists(charges, routing(loaded).names)
    read = joined({name: read_list(machine.text(file)) for name, file in files.items()})
    gateway = settings(loaded, "gateway")
    found = recovering.reconcile(gateway, read)
    if as_json:
        tables.one(found, "", as_json=True)
    else:
        print(", ".join(f"{name} {found[name]}" for name in _FINDINGS))
        tables.many(found["differ"], "differs", as_json=False, zone=gateway.time_zone)
    return NO if found["ghosts"] or found["differ"] else DONE


@recover_app.command("ghosts")
def ghosts(
    config: ConfigFile = DEFAULT_CONFIG,
    settled: Annotated[bool, typer.Option("--settled", help="Also those that are explained.")] = False,
    as_json: AsJson = False,
) -> int:
    """The acquirer's charges that no payment here made."""
    from mail_gateway.admin import recovering

    gateway = settings(read_config(config), "gateway")
    tables.many(recovering.ghosts(gateway, settled=settled), as_json=as_json, zone=gateway.time_zone)
    return DONE


@recover_app.command("settle")
def settle(
    reference: Annotated[str, typer.Argument(help="The ghost's reference, 12 digits.")],
    reason: Annotated[str, typer.Option(help="How you found out.", callback=said)],
    config: ConfigFile = DEFAULT_CONFIG,
    payment: Annotated[int | None, typer.Option(help="The shunted payment it is; without: nobody's.")] = None,
    as_json: AsJson = False,
) -> int:
    """Say whose a ghost is. Its payment is approved, and its merchant told."""
    from mail_gateway.admin import recovering

    done = recovering.settle(settings(read_config(config), "gateway"), reference, payment, reason)
    whose = f"payment {payment}" if payment is not None else "no payment of ours"
    tables.one(done, f"{reference}: {whose}", as_json=as_json)
    return DONE


@recover_app.command("finish")
def finish(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """The list has been read: authorise again."""
    from mail_gateway.admin import recovering

    done = recovering.finish(settings(read_config(config), "gateway"))
    sentence = (
        f"authorising again; {done['looked_at']} sales are looked at again, {done['ghosts']} ghosts are open"
    )
    tables.one(done, sentence, as_json=as_json)
    return DONE


def _lists(given: list[str], names: Sequence[str]) -> dict[str, Path]:
    """Acquirer -> the file of its list. Raises Problem unless there is one for each."""
    if len(names) == 1 and len(given) == 1:
        return {names[0]: Path(given[0].removeprefix(f"{names[0]}="))}
    found = {name: Path(file) for name, _, file in (one.partition("=") for one in given)}
    if sorted(found) != sorted(names) or len(given) != len(names):
        sentence = f"one list of each acquirer is needed: {' '.join(f'--list {n}=FILE' for n in names)}"
        raise Problem(sentence, "lists-missing")
    return found


def _say_begun(done: dict[str, Any], *, as_json: bool) -> None:
    lost = f"what happened between {_shown(done['backup_ms'])} and {_shown(done['restored_ms'])} is lost"
    sentence = f"recovering: {lost}; {done['waiting']} payments wait for the acquirer's list"
    tables.one(done, sentence, as_json=as_json)


def _shown(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms // 1000).astimezone().isoformat()


def _time_ms(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text).astimezone()
    except ValueError:
        sentence = f"{text} is not a time; write one such as 2026-11-21T05:00:00Z"
        raise Problem(sentence, "time-format") from None
    return int(moment.timestamp()) * 1000
