"""The certificates that our doors show, to mail (STARTTLS, RFC 3207) and to browsers; renewed ones are shown
without a restart."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mail_gateway.domain.errors import Disposition, GatewayError

if TYPE_CHECKING:
    from mail_gateway.ports import Ports
    from mail_gateway.settings import SiteSettings, SmtpSettings

    Door = SmtpSettings | SiteSettings
    Files = tuple[bytes | None, bytes | None]

LOOK_S: Final = 60


@dataclass(slots=True)
class _Shown:
    """What one door shows. files: certificate and key as they were last looked at."""

    door: Door
    section: str
    context: ssl.SSLContext
    files: Files


class Certificates:
    """Those of all doors of one gateway."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._shown: list[_Shown] = []

    def context(self, door: Door, section: str) -> ssl.SSLContext | None:
        """TLS 1.2 or newer with the certificate of that section; None: it names none. Raises GatewayError."""
        if not door.tls_certificate:
            return None
        files = self._files(door)
        made = _loaded(door, section)
        self._shown.append(_Shown(door, section, made, files))
        return made

    async def run(self) -> None:
        """Look for renewed ones for as long as it runs."""
        while True:
            await asyncio.sleep(LOOK_S)
            self.look()

    def look(self) -> None:
        """Show what was renewed to whoever comes next. What cannot be used is told once, and the old one
        stays: a renewal that is seen half written is whole at the next look."""
        for one in self._shown:
            files = self._files(one.door)
            if None not in files and files != one.files:
                one.files = files
                self._renew(one)

    def _renew(self, one: _Shown) -> None:
        try:
            _loaded(one.door, one.section)  # one that fails half way would leave the live one without a key
            one.context.load_cert_chain(one.door.tls_certificate, one.door.tls_key)
        except (GatewayError, OSError) as error:
            self._ports.tell("alarm.tls", slug="tls-certificate", section=one.section, error=str(error))
        else:
            self._ports.tell("tls.renewed", section=one.section)

    def _files(self, door: Door) -> Files:
        return self._ports.file(door.tls_certificate), self._ports.file(door.tls_key)


def _loaded(door: Door, section: str) -> ssl.SSLContext:
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        made.load_cert_chain(door.tls_certificate, door.tls_key)
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        sentence = f"The certificate or key of [{section}] cannot be used."
        raise GatewayError(sentence, "tls-certificate", Disposition.REFUSE, str(error)) from None
    return made
