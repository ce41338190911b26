"""Backup and restore of the database; after a restore the gateway is recovering until it is reconciled."""

from __future__ import annotations

import hashlib
import json
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.store import anchor, audit, backup, nodes, recovery
from mail_gateway.store.backend import backend_for, guest
from mail_gateway.store.clock import clock_ms
from mail_gateway.store.sqlite import sqlite_path

if TYPE_CHECKING:
    from mail_gateway.settings import GatewaySettings
    from mail_gateway.store.audit import Fault

_READ: Final = 1 << 20
_BESIDE: Final = ("", "-wal", "-shm")


def take(gateway: GatewaySettings, target: Path) -> dict[str, Any]:
    """Write a backup and, beside it, what it holds (FILE.json); -> the latter.

    Checked before it has its name: its pages, its chain, its events. Raises GatewayError.
    """
    if target.is_dir():
        raise _refused(f"{target} is a folder; name a new file in it.", "backup-exists")
    for path in (target, _manifest(target)):
        if path.exists():
            raise _refused(f"{path} exists; choose a new file.", "backup-exists")
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    backup.copy(gateway.database, part)
    try:
        made = _look(part)
        _refuse_faults(made.pop("faults"))
    except GatewayError:
        part.unlink()
        raise
    manifest = {"file": target.name, **made, "sha256": _hash(part)}
    with _manifest(target).open("x", encoding="utf-8") as file:
        _manifest(target).chmod(0o600)
        file.write(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n")
    part.replace(target)
    return manifest


def restore(gateway: GatewaySettings, source: Path, *, aside: bool) -> dict[str, Any]:
    """Put a backup in the database's place, marked as recovering before it gets there.

    aside: the database that is there is moved beside, else it is refused. Raises GatewayError.
    """
    target = sqlite_path(gateway.database)
    if not source.is_file():
        raise _refused(f"There is no file {source}.", "backup-missing")
    with closing(backend_for(gateway.database).hold(gateway.database)):
        moved = _move_aside(target, aside=aside)
        _check_manifest(source)
        _refuse_faults(_look(source)["faults"])
        part = target.with_name(f"{target.name}.part")
        for ending in _BESIDE:
            Path(f"{part}{ending}").unlink(missing_ok=True)
        _copy_file(source, part)
        begun = begin(gateway, f"sqlite:///{part}")
        for ending in moved:
            Path(f"{target}{ending}").replace(f"{target}.aside-{begun['restored_ms']}{ending}")
        part.replace(target)
    return {"database": str(target), **begun}


def begin(gateway: GatewaySettings, url: str = "", backup_ms: int | None = None) -> dict[str, Any]:
    """Mark a database that is an old one as recovering; -> the lost time. url: a copy that nobody uses yet.

    Raises GatewayError: gateway-running, since what a gateway has open could not be opened any more;
    backup-time.
    """
    held = nullcontext() if url else closing(backend_for(gateway.database).hold(gateway.database))
    with held, guest(url or gateway.database, write=True) as conn:
        now_ms = clock_ms(conn)
        if living := nodes.alive(conn):
            sentence = f"Gateways are running on this database: stop them first ({len(living)})."
            raise _refused(sentence, "gateway-running")
        if backup_ms is not None and backup_ms > now_ms:
            raise _refused("No backup was made in the future: look at its day and year.", "backup-time")
        since_ms = recovery.backup_ms(conn) if backup_ms is None else backup_ms
        number = recovery.begin(conn, since_ms, now_ms, gateway.freshness_s * 1000)
        waiting = len(recovery.apart(conn))
    return {"restore": number, "backup_ms": since_ms, "restored_ms": now_ms, "waiting": waiting}


def _look(path: Path) -> dict[str, Any]:
    with backup.opened(path) as conn:
        backup.check(conn)
        marks = anchor.marks(conn)
        return {
            "backup_ms": recovery.backup_ms(conn),
            "rows": backup.counts(conn),
            "anchor": [str(mark) for mark in marks],
            "all": anchor.whole(marks),
            "faults": audit.verify(conn, (), lambda _: None).faults,
        }


def _refuse_faults(faults: list[Fault]) -> None:
    if faults:
        sentence = f"The copy does not hold: {faults[0].text} See hagaki audit verify."
        raise _refused(sentence, "backup-faulty")


def _check_manifest(source: Path) -> None:
    manifest = _manifest(source)
    if not manifest.exists():
        return
    try:
        with manifest.open("rb") as file:
            said = json.load(file)["sha256"]
    except (ValueError, LookupError, TypeError):
        sentence = f"{manifest} is damaged: bring it from where the backup is kept, too."
        raise _refused(sentence, "backup-damaged") from None
    if said != _hash(source):
        raise _refused(f"{source} is not the file that {manifest.name} describes.", "backup-damaged")


def _move_aside(target: Path, *, aside: bool) -> list[str]:
    there = [ending for ending in _BESIDE if Path(f"{target}{ending}").exists()]
    if not there or target.stat().st_size == 0:
        return there
    if not aside:
        sentence = f"There is a database at {target}: say --aside to keep it beside the restored one."
        raise _refused(sentence, "database-exists")
    return there


def _copy_file(source: Path, target: Path) -> None:
    target.touch(mode=0o600)
    with source.open("rb") as old, target.open("wb") as new:
        while data := old.read(_READ):
            new.write(data)


def _hash(path: Path) -> str:
    total = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(_READ):
            total.update(data)
    return total.hexdigest()


def _manifest(target: Path) -> Path:
    return target.with_name(f"{target.name}.json")


def _refused(sentence: str, slug: str) -> GatewayError:
    return GatewayError(sentence, slug, Disposition.REFUSE)
