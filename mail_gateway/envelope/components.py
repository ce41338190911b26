"""The components of a BDK: each made or entered by one person, joined by XOR, none of them printable."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NoReturn

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.envelope.keys import kcv

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LENGTH: Final = 16
_FORM: Final = re.compile(r"[0-9A-Fa-f]{32}")


class Secret:
    """Bytes of a key that are not printed, compared or pickled. `value` is for who wraps or joins them."""

    __slots__ = ("value",)

    def __init__(self, value: bytes) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "Secret(...)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys are never serialised")

    @property
    def kcv(self) -> str:
        """Its check value, 6 hex capitals; 16 bytes only."""
        return kcv(self.value)


def made(random_bytes: Callable[[int], bytes]) -> Secret:
    """A new component."""
    return Secret(random_bytes(LENGTH))


def read(text: str) -> Secret:
    """32 hex digits, in groups or not -> a component. Raises GatewayError, which does not repeat them."""
    digits = re.sub(r"[\s-]", "", text)
    if not _FORM.fullmatch(digits):
        sentence = "A component is 32 hex digits, in groups or not."
        raise GatewayError(sentence, "component-form", Disposition.REFUSE)
    return Secret(bytes.fromhex(digits))


def shown(component: Secret) -> str:
    """In eight groups of four, for the one person it is for, on a terminal and nowhere else."""
    digits = component.value.hex().upper()
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def joined(components: Iterable[Secret]) -> Secret:
    """The key that they are components of. Raises GatewayError if they cancel each other out."""
    total = 0
    for component in components:
        total ^= int.from_bytes(component.value, "big")
    if not total:
        sentence = "The components make a key of zeros: one of them was entered twice."
        raise GatewayError(sentence, "component-twice", Disposition.REFUSE)
    return Secret(total.to_bytes(LENGTH, "big"))
