"""How one signs in to a mail server: with a password, or with an access token of OAuth 2 (SASL XOAUTH2).

The secret is fixed, or what a command writes in its first line, run anew at each sign-in. Where a token comes
from and how it is refreshed is that command's work. Nothing here knows a mail library or runs anything.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

PASSWORD: Final = "password"
XOAUTH2: Final = "xoauth2"
WAYS: Final = (PASSWORD, XOAUTH2)

COMMAND: Final = {"help": "instead of it: a command whose first line is the password or the access token"}
WAY: Final = {"help": "how to sign in; xoauth2: by access token", "choices": WAYS}
"""Of the two settings' fields: what they are, for a person."""

Ask = Callable[[tuple[str, ...]], Awaitable[str]]
"""Runs a command and gives the first line of what it writes. Raises NoSecret."""

_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_CODED: Final = re.compile(r"[A-Za-z0-9+/=_-]{24,}")
"""So long a word in a server's answer may be a token, in base64 or as it is, whole or cut."""


class NoSecret(Exception):
    """A command gave no secret. sentence: why, for a person, and nothing of what the command wrote."""

    slug: Final = "secret-command"

    def __init__(self, sentence: str) -> None:
        super().__init__(f"{sentence} [{self.slug}]")
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class SignIn:
    """An account and how one signs in to it. user: empty: nobody does; command: instead of a password."""

    user: str
    password: str = field(repr=False)
    command: tuple[str, ...] = ()
    way: str = PASSWORD

    def fault(self, host: str, *, tls: bool) -> tuple[str, str] | None:
        """What of it cannot be, if anything: the part and a sentence. tls: whether the way to host has it."""
        by_token = self.way == XOAUTH2
        if not self.user:
            return ("user", "is needed to sign in") if self.command or by_token else None
        if not (self.password or self.command):
            return "password", "is needed where there is a user, or secret_command"
        if self.password and self.command:
            return "secret_command", "stands instead of a password: set one of them"
        if by_token and not self.command:
            return "secret_command", "is needed for xoauth2: an access token lives for an hour"
        if by_token and not tls and host not in _LOOPBACK:
            return "sign_in", "xoauth2 needs TLS (RFC 7628)"
        return self._unprintable()

    def _unprintable(self) -> tuple[str, str] | None:
        if not self.user.isprintable() or (self.way == XOAUTH2 and not self.user.isascii()):
            return "user", "holds a character that cannot be sent"
        if not self.password.isprintable():
            return "password", "holds a character that cannot be sent"
        if self.command and not (self.command[0] and all(map(str.isprintable, self.command))):
            return "secret_command", 'must be a program and what it is given, such as ["pass", "mail"]'
        return None

    async def secret(self, ask: Ask) -> str:
        """The password or the access token for one sign-in. Raises NoSecret."""
        if not self.command:
            return self.password
        said = await ask(self.command)
        if not said or not said.isprintable():
            raise NoSecret(f"{self.command[0]} wrote no secret in its first line")
        if self.way == XOAUTH2 and (" " in said or not said.isascii()):
            raise NoSecret(f"{self.command[0]} wrote no access token in its first line")
        return said


async def no_command(command: tuple[str, ...]) -> str:
    """An `Ask` where nothing can be run."""
    raise NoSecret(f"{command[0]} cannot be run here")


def without(text: str, user: str, secret: str) -> str:
    """What a server answered, without what it repeats of a sign-in: the secret as it is, and as PLAIN and
    LOGIN send it; and any word that may be a token."""
    plain = f"\0{user}\0{secret}"
    coded = (b64encode(one.encode()).decode("ascii") for one in (plain, secret))
    for form in (*coded, secret):
        text = text.replace(form, "")
    return _CODED.sub("", text)
