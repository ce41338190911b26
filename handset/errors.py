"""The one error that ends the phone's side: it cannot start as it was set up."""

from __future__ import annotations


class HandsetError(Exception):
    """slug is for a program, sentence for a person: what is wrong and what to do."""

    def __init__(self, slug: str, sentence: str) -> None:
        super().__init__(f"{sentence} [{slug}]")
        self.slug = slug
        self.sentence = sentence
