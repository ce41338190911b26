"""A check: one demand on an adapter, said in the docstring of the function that looks whether it is met."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from acquirer_sdk.trial import Trial

Run = Callable[[Trial], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Check:
    """needs: names of capabilities without which it does not apply. started: whether the acquirer is."""

    name: str
    subject: str
    demand: str
    run: Run
    needs: tuple[str, ...]
    started: bool


@dataclass(slots=True)
class Subject:
    """The checks of one subject, in the order in which they are written."""

    name: str
    checks: list[Check] = field(default_factory=list)

    def check(self, *needs: str, started: bool = True) -> Callable[[Run], Run]:
        """Marks a function as a check: its name, and its docstring as the demand."""

        def noted(run: Run) -> Run:
            name = getattr(run, "__name__", "check")
            demand = " ".join((run.__doc__ or "").split())
            self.checks.append(Check(name, self.name, demand, run, needs, started))
            return run

        return noted
