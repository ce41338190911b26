"""The commands acquirer new, list, conform and profile: for whoever writes or sets up an adapter."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from acquirer_sdk import registry
from hagaki import new_acquirer, tables
from hagaki.problem import DONE, NO, Problem
from hagaki.sections import AsJson

if TYPE_CHECKING:
    from acquirer_sdk.bench import OpenBench
    from acquirer_sdk.check import Check
    from acquirer_sdk.conformance import Finding

app = typer.Typer(help="Acquirers: those installed, and what a new one needs.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The acquirer's name, as in config.toml.")]


@app.command("new")
def new(
    name: Name,
    folder: Annotated[Path | None, typer.Option(help="Where; NAME in this folder if not said.")] = None,
    as_json: AsJson = False,
) -> int:
    """Write the package of a new adapter: adapter, simulator, bench, tests. It passes the kit as it is."""
    where = folder or Path(name)
    written = new_acquirer.write(name, where)
    row = {"name": name, "folder": str(where), "files": [str(path) for path in written]}
    sentence = f"{len(written)} files in {where}. Now: pip install -e {where}; hagaki acquirer conform {name}"
    tables.one(row, sentence, as_json=as_json)
    return DONE


@app.command("list")
def listed(as_json: AsJson = False) -> int:
    """List the acquirers that are installed here, and what each can."""
    rows = [_row(name) for name in registry.names()]
    if not as_json:
        rows = [{"acquirer": row["name"], "can": ", ".join(_words(row["capabilities"]))} for row in rows]
    tables.many(rows, "acquirers", as_json=as_json)
    return DONE


@app.command("conform")
def conform(
    name: Name,
    only: Annotated[list[str] | None, typer.Option(help="Run only this check; may be repeated.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write the findings as JUnit XML as well.")] = None,
    as_json: AsJson = False,
) -> int:
    """Run the conformance kit against an adapter on its bench; print the report card. Exit 1: it fails."""
    from acquirer_sdk.conformance import Verdict
    from hagaki import report_card

    checks = _checks(only or [])
    findings = _run(_bench(name), checks, quiet=as_json)
    report_card.show(name, findings, as_json=as_json)
    if junit is not None:
        report_card.junit(name, findings, junit)
    return NO if any(finding.verdict is Verdict.FAIL for finding in findings) else DONE


@app.command("profile")
def profile(
    file: Annotated[str, typer.Argument(help="A wire profile for cafis: a file, or cafis or iso87.")],
    as_json: AsJson = False,
) -> int:
    """Check a wire profile of the CAFIS-style adapter, and say what its host takes."""
    from cafis_adapter.part import ProfileError
    from cafis_adapter.profile import load_profile

    try:
        found = load_profile(file)
    except ProfileError as error:
        raise Problem(f"{file}: {error}", "profile-wrong") from None
    kinds = found.layouts.values()
    rows = [{"message": one.kind.value, "mti": one.mti, "elements": list(one.fields)} for one in kinds]
    if not as_json:
        rows = [{**row, "elements": " ".join(map(str, row["elements"]))} for row in rows]
    tables.many(rows, "messages", as_json=as_json)
    return DONE


def _run(bench: OpenBench, checks: Sequence[Check], *, quiet: bool) -> list[Finding]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from acquirer_sdk import conformance

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True, quiet=quiet), transient=True) as progress:
        task = progress.add_task("", total=len(checks))
        return conformance.run_quickly(
            bench, checks, lambda finding: progress.update(task, advance=1, description=finding.subject)
        )


def _bench(name: str) -> OpenBench:
    """Raises Problem where there is no such acquirer, or nothing to test it on."""
    if name not in registry.names():
        known = ", ".join(registry.names())
        raise Problem(f"no acquirer is called {name!r}; installed are {known}", "acquirer-unknown")
    try:
        bench = registry.find_bench(name)
    except registry.BROKEN as error:
        reason = f"{type(error).__name__}: {error}"
        raise Problem(f"the bench of {name} cannot be loaded: {reason}", "bench-broken") from None
    if bench is None:
        raise Problem(
            f"{name} brings no bench: write an async context manager that yields an acquirer_sdk.bench.Bench "
            f'and name it in the entry points "{registry.BENCHES}" (docs/adding-an-acquirer.md)',
            "bench-missing",
        )
    return bench


def _checks(only: Sequence[str]) -> Sequence[Check]:
    """All of them, or those named. Raises Problem for a name that no check has."""
    from acquirer_sdk import conformance

    known = {check.name: check for check in conformance.CHECKS}
    for name in only:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else "the report card lists them"
            raise Problem(f"no check is called {name!r}; {hint}", "check-unknown")
    return [known[name] for name in only] or conformance.CHECKS


def _row(name: str) -> dict[str, Any]:
    """capabilities: None where there is no bench to ask on."""
    from acquirer_sdk import conformance

    try:
        bench = registry.find_bench(name)
    except registry.BROKEN:
        bench = None
    said = dataclasses.asdict(conformance.capabilities(bench)) if bench is not None else None
    return {"name": name, "capabilities": said}


def _words(said: dict[str, Any] | None) -> list[str]:
    if said is None:
        return ["brings no bench that can be loaded, so nobody can ask it"]
    return [word.replace("_", " ") for word, value in said.items() if value is True]
