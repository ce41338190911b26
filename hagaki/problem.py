"""What a command says when it cannot go on: one sentence with what to do, a slug, and the exit code."""

from __future__ import annotations

from typing import Final

DONE: Final = 0
NO: Final = 1
WRONG_INPUT: Final = 2
MACHINE: Final = 3


class Problem(Exception):
    """Ends a command. sentence is for a person, slug for a program, code is the exit code (docs/cli.md)."""

    def __init__(self, sentence: str, slug: str, code: int = WRONG_INPUT) -> None:
        super().__init__(f"{sentence} [{slug}]")
        self.sentence = sentence
        self.slug = slug
        self.code = code
