"""A template cut where its words stand: rendered once for each shape of letter, then only joined."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

Render = Callable[[str, Mapping[str, str]], str]
"""Template name and words -> text. What is joined here is what this would have rendered."""

SHAPES_MAX: Final = 1024
COMPARED, WITH = "version", "1"
"""The one word that templates compare with a text. Of every other they ask only whether there is one."""

_MARK: Final = "\0"
Cut = tuple[tuple[str, ...], tuple[tuple[int, str], ...]]
"""The pieces, with room for the words; and which word goes where."""
Shape = tuple[object, ...]


class Skeletons:
    """Templates as far as they were needed. A word never holds NUL."""

    def __init__(self, render: Render) -> None:
        self._render = render
        self._cuts: dict[Shape, Cut] = {}

    def join(self, name: str, words: Mapping[str, str]) -> str:
        """The template of that name with these words."""
        shape = (name, words.get(COMPARED) == WITH, *map(bool, words.values()))
        cut = self._cuts.get(shape)
        if cut is None:
            cut = self._learn(shape, name, words)
        pieces, holes = cut
        text = list(pieces)
        for index, word in holes:
            text[index] = words[word]
        return "".join(text)

    def _learn(self, shape: Shape, name: str, words: Mapping[str, str]) -> Cut:
        marked = {word: _shown(word, value) for word, value in words.items()}
        pieces = self._render(name, marked).split(_MARK)
        holes = tuple((index, pieces[index]) for index in range(1, len(pieces), 2))
        if len(self._cuts) >= SHAPES_MAX:
            self._cuts.clear()
        self._cuts[shape] = tuple(pieces), holes
        return self._cuts[shape]


def _shown(word: str, value: str) -> str:
    """What stands for a word while its template is cut: its own name between marks, or what is compared."""
    if not value or (word, value) == (COMPARED, WITH):
        return value
    return f"{_MARK}{word}{_MARK}"
