"""What many seeds have shown, added up by fault class: tried, lost, double, untrue, leaked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from hagaki.simulation.faults import Fault
from hagaki.simulation.findings import Wrong
from hagaki.simulation.run import Result

SHOWN: Final = (Wrong.LOST, Wrong.DOUBLE, Wrong.UNTRUE, Wrong.LEAKED)
_DAY_S: Final = 86_400


@dataclass
class Line:
    """One fault class. tried, orders: payments and orders of the seeds it was on in; struck: how often it
    really struck."""

    seeds: int = 0
    tried: int = 0
    orders: int = 0
    struck: int = 0
    found: dict[str, int] = field(default_factory=dict)

    def add(self, result: Result, struck: int) -> None:
        """One seed in which this fault was on."""
        self.seeds += 1
        self.tried += result.payments
        self.orders += result.orders
        self.struck += struck
        for wrong in sorted({finding.wrong for finding in result.findings}):
            self.found[wrong.value] = self.found.get(wrong.value, 0) + 1


@dataclass
class Tally:
    """lines: by fault class. failures: what was found, with the line that runs it again."""

    seeds: int = 0
    payments: int = 0
    orders: int = 0
    virtual_s: int = 0
    deaths: int = 0
    lines: dict[str, Line] = field(default_factory=dict)
    failures: list[dict[str, Any]] = field(default_factory=list)

    def add(self, result: Result) -> None:
        """One seed more."""
        self.seeds += 1
        self.payments += result.payments
        self.orders += result.orders
        self.virtual_s += result.virtual_s
        self.deaths += result.strikes.get(Fault.CRASH, 0)
        for fault in sorted(result.faults):
            struck = result.strikes.get(fault, 0)
            self.lines.setdefault(fault.value, Line()).add(result, struck)
        self.lines.setdefault("all", Line()).add(result, sum(result.strikes.values()))
        if result.findings:
            self.failures.append(failure_of(result))

    def facts(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def rows(self) -> Iterable[tuple[str, ...]]:
        """The published table: fault class, payments and orders tried, and how often each hurt showed."""
        for name in (*(fault.value for fault in Fault), "all"):
            line = self.lines.get(name)
            if line is not None:
                shown = (str(line.found.get(wrong.value, 0)) for wrong in SHOWN)
                others = sum(n for wrong, n in line.found.items() if Wrong(wrong) not in SHOWN)
                tried = (f"{line.tried:,}", f"{line.orders:,}", f"{line.struck:,}")
                yield name, *tried, *shown, str(others)

    def sentence(self) -> str:
        """The sum of it all."""
        days = self.virtual_s // _DAY_S
        return (
            f"{self.seeds:,} seeds, {self.payments:,} payments, {self.orders:,} orders,"
            f" {self.deaths:,} deaths of the gateway, {days:,} simulated days,"
            f" {len(self.failures):,} seeds with findings"
        )


HEAD: Final = ("fault class", "tried", "orders", "struck", *(wrong.value for wrong in SHOWN), "other")


def failure_of(result: Result) -> dict[str, Any]:
    """What a seed found, for a person and for JSON."""
    findings = [str(finding) for finding in result.findings]
    return {"replay": result.replay, "digest": result.digest, "findings": findings}


def tally_of(facts: Mapping[str, Any]) -> Tally:
    """The inverse of `Tally.facts`."""
    lines = {name: Line(**line) for name, line in facts["lines"].items()}
    return Tally(**{**facts, "lines": lines})


def markdown(tally: Tally) -> str:
    """The table as a document."""
    rows = [HEAD, tuple("---" for _ in HEAD), *tally.rows()]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    failures = "".join(f"\n- `{failure['replay']}` {failure['findings'][0]}" for failure in tally.failures)
    return f"{tally.sentence()}.\n\n{table}\n{failures}\n"
