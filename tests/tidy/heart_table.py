"""Draws the payment's table into docs/architecture.md; `make docs` writes it, a test compares it."""

from __future__ import annotations

from pathlib import Path

from mail_gateway.domain.payment import ENDED, TRANSITIONS, State

PAGE = Path(__file__).resolve().parents[2] / "docs/architecture.md"
BEGIN = "<!-- drawn from mail_gateway/domain/payment.py by `make docs` -->\n"
END = "<!-- end of drawing -->\n"


def drawing() -> str:
    """The table as a Mermaid state diagram, one line per arrow, in the table's order."""
    arrows = [
        f"    {before.name} --> {after.name}: {kind}"
        for before, row in TRANSITIONS.items()
        for kind, after in row.items()
    ]
    ends = [f"    {state.name} --> [*]" for state in State if state in ENDED]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> RECEIVED", *arrows, *ends, "```", ""])


def redrawn(page: str) -> str:
    """The page's text -> the same with the drawing as the table has it now."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + drawing() + END + after


if __name__ == "__main__":
    PAGE.write_text(redrawn(PAGE.read_text("utf-8")), "utf-8")
