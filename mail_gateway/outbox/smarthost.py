"""The connection to the smarthost: hands one letter over and says what became of it (RFC 5321)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from operator import attrgetter
from typing import TYPE_CHECKING, Final, cast

from aiosmtplib import SMTP, SMTPException, SMTPHeloError, SMTPServerDisconnected

from mail_gateway.outbox.wire import TIMEOUT_S, Reply, Wire, in_lines
from schemas.mail.sign_in import XOAUTH2, NoSecret, no_command

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence

    from mail_gateway.settings import SmarthostSettings
    from mail_gateway.store.letters import LetterRow
    from schemas.mail.sign_in import Ask

_REMARK_MAX: Final = 200
_GOING_DOWN: Final = 421
_PERMANENT: Final = 500
_GO_ON: Final = 354
_GOOD: Final = 2
_DATA: Final = 2


class Fate(Enum):
    """What became of a letter. UNCERTAIN: it may have been taken, so only the same bytes may follow."""

    SENT = "sent"
    LATER = "later"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Handed:
    """A letter's fate and the smarthost's words or the kind of error. until_ms: not before, if known."""

    fate: Fate
    remark: str
    until_ms: int = 0


class SmarthostDown(Exception):
    """No connection can be had now; no letter is to blame. The text is the kind of error, or a sentence."""

    def __init__(self, text: str, slug: str = "smarthost-down") -> None:
        super().__init__(text)
        self.slug = slug


class Smarthost:
    """One connection, kept while it lives. The library makes it: greeting, TLS, sign-in.

    following: takes out the letter that goes behind the one under way, if any. Where the smarthost allows it,
    its commands leave with the content before it (RFC 2920 section 3.1). content: a letter -> its bytes, the
    same ones each time. ask: runs the command that says the secret.
    """

    def __init__(
        self,
        settings: SmarthostSettings,
        local_name: str,
        following: Callable[[], LetterRow | None] = lambda: None,
        content: Callable[[LetterRow], bytes] = attrgetter("raw"),
        ask: Ask = no_command,
    ) -> None:
        self._settings = settings
        self._local_name = local_name
        self._following = following
        self._bytes_of = content
        self._ask = ask
        self._wire: Wire | None = None
        self._pipelining = False
        self._behind: LetterRow | None = None
        self._said: LetterRow | None = None

    def take_behind(self) -> LetterRow | None:
        """The letter that was taken out to go next on this connection: to be handed over now, or put back."""
        behind, self._behind = self._behind, None
        return behind

    async def connect(self) -> bool:
        """Have a connection; whether it was there already. Raises SmarthostDown."""
        if self._wire is not None and self._wire.is_open:
            return True
        try:
            client = self._new_client(await self._settings.account.secret(self._ask))
        except NoSecret as error:
            raise SmarthostDown(error.sentence, error.slug) from None
        try:
            await client.connect()
            await _greet(client)
        except (SMTPException, OSError) as error:
            client.close()
            raise SmarthostDown(type(error).__name__) from error
        self._said = None
        self._pipelining = client.supports_extension("pipelining")
        self._wire = Wire(cast("asyncio.Transport", client.transport))
        return False

    async def hand_over(self, letter: LetterRow) -> Handed:
        """Send one letter. A connection that idled out is made anew, once. Raises SmarthostDown."""
        while True:
            kept = await self.connect()
            assert self._wire is not None
            try:
                return await self._name_route(self._wire, letter) or await self._content(self._wire, letter)
            except SMTPException as error:
                self._wire.close()
                if not kept:
                    raise SmarthostDown(type(error).__name__) from error

    async def close(self) -> None:
        """Say QUIT, if anybody listens."""
        if self._wire is not None:
            self._wire.close()

    async def _name_route(self, wire: Wire, letter: LetterRow) -> Handed | None:
        """Sender, recipient and the wish to send the content; None if all were taken."""
        commands = _commands(letter)
        if not commands:
            return Handed(Fate.REFUSED, "address-form")
        if letter is self._said:
            replies = await wire.hear(len(commands))
        elif self._pipelining:
            replies = await wire.ask(b"".join(commands), len(commands))
        else:
            replies = []
            for command in commands:
                replies += await wire.ask(command)
                if _refusal(replies) is not None:
                    break
        if any(reply.code == _GOING_DOWN for reply in replies):
            raise SMTPServerDisconnected("Going down")
        refused = _refusal(replies)
        if refused is not None:  # a server that goes on all the same gets an empty content, to nobody
            await wire.ask(b".\r\n" if replies[-1].code == _GO_ON else b"RSET\r\n")
        return refused

    async def _content(self, wire: Wire, letter: LetterRow) -> Handed:
        """The content, and with it the commands of the letter behind."""
        if self._pipelining and self._behind is None:
            self._behind = self._following()
        commands = _commands(self._behind) if self._behind is not None else ()
        self._said = self._behind
        wire.say(b"".join((_quoted(self._bytes_of(letter)), *commands)), 1 + len(commands))
        try:
            (reply,) = await wire.hear(1)
        except SMTPException as error:
            return Handed(Fate.UNCERTAIN, type(error).__name__)
        return _said_to_content(reply)

    def _new_client(self, secret: str) -> SMTP:
        async def token() -> str:
            return secret

        own = self._settings
        by_token = own.sign_in == XOAUTH2
        return SMTP(
            hostname=own.host,
            port=own.port,
            username=own.user or None,
            password=None if by_token else secret or None,
            oauth_token_generator=token if by_token else None,
            local_hostname=self._local_name,  # else the library asks DNS for ours, and blocks
            timeout=TIMEOUT_S,
            use_tls=own.tls == "tls",
            start_tls=own.tls == "starttls",
            cert_bundle=own.tls_ca or None,
        )


async def _greet(client: SMTP) -> None:
    if client.is_ehlo_or_helo_needed:
        try:
            await client.ehlo()
        except SMTPHeloError:
            await client.helo()


def _commands(letter: LetterRow) -> tuple[bytes, ...]:
    """None at all for addresses that cannot be said."""
    said = letter.sender + letter.recipient
    if not (said.isascii() and said.isprintable()):
        return ()
    return (
        f"MAIL FROM:<{letter.sender}>\r\n".encode("ascii"),
        f"RCPT TO:<{letter.recipient}>\r\n".encode("ascii"),
        b"DATA\r\n",
    )


def _quoted(raw: bytes) -> bytes:
    """The content as it goes over the wire, with its end (RFC 5321 4.5.2)."""
    lines = in_lines(raw)
    return b"." * lines.startswith(b".") + lines.replace(b"\r\n.", b"\r\n..") + b".\r\n"


def _refusal(replies: Sequence[Reply]) -> Handed | None:
    """What the replies to sender, recipient and DATA, so far, mean for the letter if one of them is a no."""
    for place, (code, text) in enumerate(replies):
        if (code == _GO_ON) != (place == _DATA) or (place != _DATA and code // 100 != _GOOD):
            # every letter has a sender of ours: that it is refused is the settings' fault, not the letter's
            for_good = place > 0 and code >= _PERMANENT
            return Handed(Fate.REFUSED if for_good else Fate.LATER, _remark(code, text))
    return None


def _said_to_content(reply: Reply) -> Handed:
    remark = _remark(reply.code, reply.text)
    if reply.code // 100 == _GOOD:
        return Handed(Fate.SENT, remark)
    return Handed(Fate.REFUSED if reply.code >= _PERMANENT else Fate.LATER, remark)


def _remark(code: int, message: str) -> str:
    """Kept and shown to people: nothing in it moves a terminal, and PostgreSQL takes no NUL."""
    shown = "".join(sign if sign.isprintable() else " " for sign in message)
    return f"{code} {' '.join(shown.split())}"[:_REMARK_MAX]
