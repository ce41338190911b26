"""Hand one mail to one mail server and say how it went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import aiosmtplib

from schemas.mail.sign_in import PASSWORD, XOAUTH2, without

PERMANENT: Final = 500


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server as a client needs it. tls: "none", "starttls" or "tls"; timeout_ms: for each answer.
    sign_in: with what, a password or an access token; `password` is either."""

    host: str
    port: int
    timeout_ms: int
    user: str = ""
    password: str = ""
    tls: str = "none"
    sign_in: str = PASSWORD

    def __repr__(self) -> str:
        return f"Server({self.host}:{self.port})"


@dataclass(frozen=True, slots=True)
class Sent:
    """The server has it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The server will not have this mail, however often it is tried (5yz to MAIL, RCPT or DATA)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Later:
    """Not taken, or nobody knows: the identical bytes must be tried again."""

    reason: str


async def send(server: Server, sender: str, recipient: str, mail: bytes) -> Sent | Refused | Later:
    """One try over a connection of its own (RFC 5321). sender "" is the null sender.

    Only an answer to this mail can refuse it. A 5yz to the greeting or the login is trouble on the way there,
    which somebody will put right, and loses nothing.
    """
    try:
        async with _client(server) as client:
            await client.sendmail(sender, [recipient], mail)
    except aiosmtplib.SMTPRecipientsRefused as error:
        return _answered(error.recipients[0])
    except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPDataError) as error:
        return _answered(error)
    except ValueError as error:
        return Refused(str(error))
    except (aiosmtplib.SMTPException, OSError) as error:
        return Later(without(str(error), server.user, server.password) or type(error).__name__)
    return Sent()


def _client(server: Server) -> aiosmtplib.SMTP:
    async def token() -> str:
        return server.password

    by_token = server.sign_in == XOAUTH2
    return aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        username=server.user or None,
        password=None if by_token else server.password or None,
        oauth_token_generator=token if by_token else None,
        use_tls=server.tls == "tls",
        start_tls=server.tls == "starttls",
        timeout=server.timeout_ms / 1000,
        local_hostname="localhost",
    )


def _answered(error: aiosmtplib.SMTPResponseException) -> Refused | Later:
    reason = f"{error.code} {error.message}"
    return Refused(reason) if error.code >= PERMANENT else Later(reason)
