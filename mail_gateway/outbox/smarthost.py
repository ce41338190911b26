"""The connection to the smarthost: hands one letter over and says what became of it (RFC 5321)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
)

if TYPE_CHECKING:
    from mail_gateway.settings import SmarthostSettings
    from mail_gateway.store.letters import LetterRow

TIMEOUT_S: Final = 60
_REMARK_MAX: Final = 200
_GOING_DOWN: Final = 421
_PERMANENT: Final = 500


class Fate(Enum):
    """What became of a letter. UNCERTAIN: it may have been taken, so only the same bytes may follow."""

    SENT = "sent"
    LATER = "later"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Handed:
    """A letter's fate and the smarthost's words or the kind of error."""

    fate: Fate
    remark: str


class SmarthostDown(Exception):
    """No connection can be had now; no letter is to blame. The text is the kind of error."""


class Smarthost:
    """One connection, kept while it lives."""

    def __init__(self, settings: SmarthostSettings, local_name: str) -> None:
        self._settings = settings
        self._local_name = local_name
        self._client = self._new_client()

    async def connect(self) -> bool:
        """Have a connection; whether it was there already. Raises SmarthostDown."""
        if self._client.is_connected:
            return True
        self._client = self._new_client()
        try:
            await self._client.connect()
        except (SMTPException, OSError) as error:
            raise SmarthostDown(type(error).__name__) from error
        return False

    async def hand_over(self, letter: LetterRow) -> Handed:
        """Send one letter. A connection that idled out is made anew, once. Raises SmarthostDown."""
        while True:
            kept = await self.connect()
            try:
                return await self._name_route(letter) or await self._content(letter)
            except (SMTPException, OSError) as error:
                self._client.close()
                if not kept:
                    raise SmarthostDown(type(error).__name__) from error

    async def close(self) -> None:
        """Say QUIT, if anybody listens."""
        if self._client.is_connected:
            with suppress(SMTPException, OSError):
                await self._client.quit()
        self._client.close()

    async def _name_route(self, letter: LetterRow) -> Handed | None:
        """Sender and recipient; None if both were taken."""
        try:
            await self._client.mail(letter.sender)
            await self._client.rcpt(letter.recipient)
        except SMTPResponseException as error:
            if error.code == _GOING_DOWN:
                raise SMTPServerDisconnected(error.message) from error
            # every letter has a sender of ours: that it is refused is the settings' fault, not the letter's
            for_good = isinstance(error, SMTPRecipientRefused) and error.code >= _PERMANENT
            await self._client.rset()
            return Handed(Fate.REFUSED if for_good else Fate.LATER, _remark(error.code, error.message))
        return None

    async def _content(self, letter: LetterRow) -> Handed:
        try:
            response = await self._client.data(letter.raw)
        except SMTPDataError as error:
            fate = Fate.REFUSED if error.code >= _PERMANENT else Fate.LATER
            return Handed(fate, _remark(error.code, error.message))
        except (SMTPException, OSError) as error:
            self._client.close()
            return Handed(Fate.UNCERTAIN, type(error).__name__)
        return Handed(Fate.SENT, _remark(response.code, response.message))

    def _new_client(self) -> SMTP:
        own = self._settings
        return SMTP(
            hostname=own.host,
            port=own.port,
            username=own.user or None,
            password=own.password or None,
            local_hostname=self._local_name,  # else the library asks DNS for ours, and blocks
            timeout=TIMEOUT_S,
            use_tls=own.tls == "tls",
            start_tls=own.tls == "starttls",
            cert_bundle=own.tls_ca or None,
        )


def _remark(code: int, message: str) -> str:
    return f"{code} {' '.join(message.split())}"[:_REMARK_MAX]
