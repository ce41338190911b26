"""What a mail server of our own found: its Authentication-Results (RFC 8601), and nobody else's."""

from __future__ import annotations

from typing import Final

from authres import AuthenticationResultsHeader, AuthResError

from mail_gateway.proof.dmarc import Verdict

VALUE_MAX: Final = 4_096
"""Characters of one header; a longer one proves nothing."""

_VERDICTS: Final = {"pass": Verdict.PASS, "none": Verdict.NONE, "temperror": Verdict.LATER}


def found(headers: list[tuple[str, str]], ours: str, author: str) -> Verdict:
    """The DMARC result for the domain `author` in headers of the server called `ours`.

    headers: the mail's, topmost first. Only those count that stand above the second Received: what lies below
    came with the mail. Two that differ, or none, is NONE.
    """
    verdicts = {verdict for value in _own(headers) if (verdict := _of(value, ours, author)) is not None}
    return verdicts.pop() if len(verdicts) == 1 else Verdict.NONE


def of_sealer(value: str, author: str) -> Verdict:
    """The same of the results that a trusted sealer wrote into an ARC set, whatever it calls itself."""
    return _of(value, None, author) or Verdict.NONE


def _own(headers: list[tuple[str, str]]) -> list[str]:
    values, received = [], 0
    for name, value in headers:
        received += name.lower() == "received"
        if received > 1:
            break
        if name.lower() == "authentication-results":
            values.append(value)
    return values


def _of(value: str, ours: str | None, author: str) -> Verdict | None:
    if len(value) > VALUE_MAX:
        return None
    try:
        read = AuthenticationResultsHeader.parse_value(" ".join(value.split()))
    except (AuthResError, RecursionError):
        return None
    if ours is not None and (read.authserv_id or "").lower() != ours.lower():
        return None
    results = [one for one in read.results if one.method == "dmarc"]
    if len(results) != 1 or not _is_about(results[0], author):
        return None
    return _VERDICTS.get((results[0].result or "").lower(), Verdict.FAIL)


def _is_about(result: object, author: str) -> bool:
    named = [
        one.value for one in getattr(result, "properties", ()) if (one.type, one.name) == ("header", "from")
    ]
    return [str(value).lower().rpartition("@")[2] for value in named] == [author.lower()]
