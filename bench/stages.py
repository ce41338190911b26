"""Where the gateway's time goes, by stage: a profile, cleared of the profiler's own cost, summed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final

STAGES: Final = (
    ("SMTP in", ("/aiosmtpd/", "/mail_gateway/intake/")),
    (
        "compose",
        ("/schemas/mail/build", "/schemas/mail/token", "/outbox/compose", "/domain/money", "/jinja2/", ".j2"),
    ),
    ("mail reading", ("/schemas/mail/",)),
    ("armour, seal, keys", ("/schemas/envelope/", "/mail_gateway/envelope/")),
    ("SMTP out", ("/mail_gateway/outbox/", "/aiosmtplib/")),
    ("SQL library", ("/sqlalchemy/",)),
    ("store", ("/mail_gateway/store/",)),
    ("runner, rules", ("/mail_gateway/work/", "/mail_gateway/domain/")),
    ("ISO 8583", ("/cafis_adapter/", "/iso8583/", "/acquirer_sdk/")),
    ("event log", ("/hagaki/machine", "/mail_gateway/observe/")),
    ("asyncio, threads", ("/asyncio/", "/selectors.py", "/concurrent/", "/threading.py", "/queue.py")),
)
BUILT_IN: Final = (("database itself", ("sqlite3.", "psycopg")), ("sockets", ("_socket.", "select.")))
OTHER: Final = "other"
_PASSES: Final = 30

Name = tuple[str, str, str]


@dataclass(slots=True)
class Profile:
    """own_us: (thread, file, function) -> its own microseconds. callers: who called it, how long for each."""

    own_us: dict[Name, float] = field(default_factory=lambda: defaultdict(float))
    calls: dict[Name, int] = field(default_factory=lambda: defaultdict(int))
    callers: dict[Name, dict[Name, float]] = field(default_factory=lambda: defaultdict(dict))


def read(rows: list[Any], true_s: float) -> Profile:
    """The rows of bench.profiled; true_s: what the same work takes unprofiled, and what the sum is cut to.

    The profiler's cost is taken to be equal for each call, half in the function called, half in its caller.
    """
    rows = [row for row in rows if not row[1][0].endswith("bench/profiled.py")]
    own = [
        (thread, name, value) for thread, name, called, what, value in rows if what == "own_s" and not called
    ]
    count = sum(value for *_, called, what, value in rows if what == "calls" and not called)
    half_us = max(sum(value for *_, value in own) - true_s, 0) / max(count, 1) / 2 * 1e6
    made = Profile()
    for thread, name, value in own:
        made.own_us[thread, *name] += value * 1e6
    for thread, name, called, what, value in rows:
        caller = (thread, *name)
        if what == "calls":
            made.own_us[caller] -= value * half_us
            made.calls[caller] += 0 if called else value
        elif called:
            made.callers[thread, *called][caller] = value
    _cut_to(made, true_s * 1e6)
    return made


def _cut_to(profile: Profile, true_us: float) -> None:
    positive = {name: own for name, own in profile.own_us.items() if own > 0}
    share = true_us / max(sum(positive.values()), 1)
    profile.own_us = {name: own * share for name, own in positive.items()}


def stage_of(file: str, function: str) -> str | None:
    """The stage that a function belongs to; None: it works for whoever called it."""
    for stage, parts in STAGES if file else BUILT_IN:
        if any(part in (file or function) for part in parts):
            return stage
    return None


def by_stage(profile: Profile) -> dict[str, dict[str, float]]:
    """Stage -> thread -> microseconds. What belongs to no stage goes to its callers, by time."""
    left = dict(profile.own_us)
    made: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for _ in range(_PASSES):
        passed: dict[Name, float] = defaultdict(float)
        for name, own in left.items():
            stage = stage_of(*name[1:])
            callers = profile.callers.get(name)
            if stage is not None or not callers:
                made[stage or OTHER][name[0]] += own
                continue
            total = sum(callers.values()) or 1
            for caller, part in callers.items():
                passed[caller] += own * part / total
        left = passed
    for name, own in left.items():
        made[OTHER][name[0]] += own
    return made


def hottest(profile: Profile, count: int) -> list[tuple[float, int, str]]:
    """The functions with the most time of their own: microseconds, calls, name."""
    ranked = sorted(profile.own_us.items(), key=lambda item: -item[1])[:count]
    return [(own, profile.calls[name], _shown(name)) for name, own in ranked]


def _shown(name: Name) -> str:
    _, file, function = name
    return f"{'/'.join(file.split('/')[-2:])} {function}".strip()


def table(profile: Profile, sales: int, lines: int) -> str:
    """Microseconds per sale, a line for each stage, then the functions that cost most."""
    stages = by_stage(profile)
    ranked = sorted(stages.items(), key=lambda item: -sum(item[1].values()))
    whole = sum(profile.own_us.values())
    made = [f"{'stage':24}{'us per sale':>12}{'share':>8}{'on the loop':>14}{'on threads':>12}"]
    for stage, own in ranked:
        total = sum(own.values())
        on = (own.get("loop", 0) / sales, own.get("threads", 0) / sales)
        made.append(f"{stage:24}{total / sales:12.0f}{total / whole:8.1%}{on[0]:14.0f}{on[1]:12.0f}")
    made.append(f"{'all':24}{whole / sales:12.0f}")
    made.append(f"\n{'us per sale':>12}{'calls per sale':>16}  function (its own time)")
    for us, calls, name in hottest(profile, lines):
        made.append(f"{us / sales:12.1f}{calls / sales:16.1f}  {name}")
    return "\n".join(made)
