"""What robots write, known by its form alone: delivery reports (RFC 3464), automatic mail (RFC 3834)."""

from __future__ import annotations

import re
from typing import Final

_HEAD_MAX: Final = 65_536
_ANY: Final = re.IGNORECASE | re.MULTILINE
_ROBOT: Final = re.compile(
    rb"^(?:auto-submitted:[ \t]*(?!no\b)\S|precedence:[ \t]*(?:bulk|junk|list|auto_reply)\b|x-autoreply:"
    rb"|content-type:\s*multipart/report\b)",
    _ANY,
)
_REPORT: Final = re.compile(rb"^content-type:\s*multipart/report\b(?:[^\n]|\n[ \t])*", _ANY)
_OF_DELIVERY: Final = re.compile(rb"report-type\s{0,9}=\s{0,9}\"?delivery-status", re.IGNORECASE)
_ACTION: Final = re.compile(rb"^action:[ \t]{0,9}([a-z]{1,20})", _ANY)
_STATUS: Final = re.compile(rb"^status:[ \t]{0,9}(5\.\d{1,3}\.\d{1,3})\b", _ANY)


def is_automatic(raw: bytes, sender: str) -> bool:
    """Whether no person sent it. sender: as SMTP named it, "" the null sender. `X-Auto-Response-Suppress`
    says nothing: people's mail programs write it too."""
    return not sender or _ROBOT.search(_head(raw)) is not None


def undelivered(raw: bytes, sender: str) -> str | None:
    """Whether it says that a mail was not delivered, for good: None if not, else its status code such as
    "5.1.1", or "" where it names none.

    A report of delivery that names no failure says delayed, relayed or delivered. What has the null sender
    and is no report is taken for a bounce of the old kind. Anything else is a person or an auto-reply.
    """
    report = _REPORT.search(_head(raw))
    if report is None and sender:
        return None
    actions = {action.lower() for action in _ACTION.findall(raw)} if report else set()
    if report and not _OF_DELIVERY.search(report.group()):
        return None
    if actions and b"failed" not in actions:
        return None
    status = _STATUS.search(raw)
    return status.group(1).decode("ascii") if status else ""


def _head(raw: bytes) -> bytes:
    return raw[:_HEAD_MAX].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
