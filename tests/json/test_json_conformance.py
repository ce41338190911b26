"""The adapter and its simulator pass the conformance kit, over TLS and a cable that can be cut."""

from __future__ import annotations

from acquirer_sdk.conformance import CHECKS, Verdict, run_quickly
from acquirer_sdk.registry import find_bench

SLOW = {
    "doubts_a_reset_at_every_byte_of_the_answer",
    "doubts_a_reset_at_every_byte_of_the_request",
    "survives_spoiled_bytes",
}
"""A handshake for each byte: `hagaki acquirer conform json` plays them; test_json_line cuts within TLS."""

BEYOND_HTTP = {
    "reports_a_no_after_a_yes",
    "reports_a_yes_after_a_no",
    "reports_an_approval_after_the_reversal",
}
"""A second answer to one request: HTTP has no place for it."""


def test_every_check_passes_or_says_why_it_cannot_be_made() -> None:
    bench = find_bench("json")
    assert bench is not None
    findings = run_quickly(bench, [check for check in CHECKS if check.name not in SLOW])
    assert [finding for finding in findings if finding.verdict is Verdict.FAIL] == []
    unprovoked = {finding.check for finding in findings if finding.verdict is Verdict.UNPROVOKED}
    assert unprovoked == BEYOND_HTTP
    assert len(findings) > 100
