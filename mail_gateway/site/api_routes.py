"""Which operation a method and a path name. No sockets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from mail_gateway.site.api_openapi import PATHS

ROOT: Final = "/v1/"
_NAME: Final = "{deal_id}"


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.escape(path).replace(re.escape(_NAME), "(?P<deal_id>[^/]{1,200})"))


_PATTERNS: Final = {path: _pattern(path) for _, path in PATHS.values()}


@dataclass(frozen=True, slots=True)
class Route:
    """operation: empty where the path does not know the method. allowed: what it knows."""

    operation: str
    deal_id: str
    allowed: tuple[str, ...]


def route(method: str, path: str) -> Route | None:
    """What is asked for; None: there is no such path. HEAD is a GET whose body stays here."""
    for known, pattern in _PATTERNS.items():
        found = pattern.fullmatch(path)
        if found is not None:
            named = {its.upper(): name for name, (its, its_path) in PATHS.items() if its_path == known}
            wanted = "GET" if method == "HEAD" else method
            return Route(named.get(wanted, ""), found.groupdict().get("deal_id", ""), _allowed(named))
    return None


def _allowed(named: dict[str, str]) -> tuple[str, ...]:
    return (*sorted(named), *(("HEAD",) if "GET" in named else ()), "OPTIONS")
