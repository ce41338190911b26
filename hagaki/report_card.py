"""The conformance kit's findings as a report card: for a person, as JSON lines, and as JUnit's XML."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from acquirer_sdk.conformance import Finding, Verdict

_STYLES: Final = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.DENIED: "dim",
    Verdict.UNPROVOKED: "yellow",
}


def row(finding: Finding) -> dict[str, str]:
    """One finding for a program."""
    return {
        "check": finding.check,
        "subject": finding.subject,
        "demand": finding.demand,
        "verdict": finding.verdict.value,
        "sentence": finding.sentence,
    }


def show(name: str, findings: Sequence[Finding], *, as_json: bool) -> None:
    """The whole card, one section for each subject; the totals under it."""
    if as_json:
        for finding in findings:
            print(json.dumps(row(finding), ensure_ascii=False))
        return
    table = Table(
        Column("verdict", max_width=10), "check, and what it demands", title=f"report card of {name}"
    )
    subject = ""
    for finding in findings:
        if finding.subject != subject:
            subject = finding.subject
            table.add_section()
            table.add_row("", f"[bold]{subject}[/bold]")
        table.add_row(Text(finding.verdict.value, style=_STYLES[finding.verdict]), _demand(finding))
    Console().print(table)
    for finding in findings:
        if finding.verdict is Verdict.FAIL:
            print(f"FAIL {finding.check}: {finding.sentence}")
    print(totals(findings))


def _demand(finding: Finding) -> Text:
    said = Text(f"{finding.check}\n", style="bold" if finding.verdict is Verdict.FAIL else "")
    said.append(finding.demand, style="dim")
    if finding.sentence:
        said.append(f"\n{finding.sentence}", style=_STYLES[finding.verdict])
    return said


def totals(findings: Sequence[Finding]) -> str:
    """How many of each verdict, in one line."""
    count = Counter(finding.verdict for finding in findings)
    return f"{len(findings)} checks: " + ", ".join(f"{count[one]} {one.value}" for one in Verdict)


def junit(name: str, findings: Sequence[Finding], path: Path) -> None:
    """The same for a build server. Raises OSError."""
    failed = sum(finding.verdict is Verdict.FAIL for finding in findings)
    suite = ElementTree.Element("testsuite", name=name, tests=str(len(findings)), failures=str(failed))
    for finding in findings:
        case = ElementTree.SubElement(suite, "testcase", classname=finding.subject, name=finding.check)
        if finding.verdict is not Verdict.PASS:
            kind = "failure" if finding.verdict is Verdict.FAIL else "skipped"
            ElementTree.SubElement(case, kind, message=f"{finding.verdict.value}: {finding.sentence}")
    ElementTree.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)
