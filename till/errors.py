"""The one error that ends a till or a machine: it cannot go on as it was set up."""

from __future__ import annotations


class TillError(Exception):
    """slug is for a program, sentence for a person: what is wrong and what to do."""

    def __init__(self, slug: str, sentence: str) -> None:
        super().__init__(f"{sentence} [{slug}]")
        self.slug = slug
        self.sentence = sentence
