"""Writes the envelope's vectors: python -m schemas.envelope.vectors.generate. The same files every time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from schemas.envelope.vectors import armour_cases, binary_cases, key_cases

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent


def files() -> Iterator[tuple[str, str]]:
    """-> (path below the folder, content) of every vector. Headers, an empty line, the data."""
    for module in (binary_cases, key_cases, armour_cases):
        for name, expect, comment, headers, data in module.cases():
            lines = [f"expect: {expect}", f"comment: {comment}"]
            lines += [f"{key}: {value}" for key, value in headers.items()]
            yield f"{name}.txt", "\n".join([*lines, "", data]) + "\n"


def main() -> None:
    """Write all, and remove what no case writes any more."""
    content = dict(files())
    for old in FOLDER.glob("*/*.txt"):
        if str(old.relative_to(FOLDER)) not in content:
            old.unlink()
    for name, text in content.items():
        path = FOLDER / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode())


if __name__ == "__main__":
    main()
