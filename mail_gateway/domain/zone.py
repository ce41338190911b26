"""One key that is shared with an acquirer, as it is kept: never in clear."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Zone:
    """name: such as cafis.pin; usage, algorithm: as in a key block (X9.143); wrapped: under the root key."""

    name: str
    usage: str
    algorithm: str
    wrapped: bytes = field(repr=False)
    kcv: str
