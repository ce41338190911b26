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
    """What one door shows. files: certificate and key that it was told to show last; seen: as they were last
    looked at."""

    door: Door
    section: str
    context: ssl.SSLContext
    files: Files
    seen: Files

    def show(self, connection: ssl.SSLSocket | ssl.SSLObject, _name: str | None, _: ssl.SSLContext) -> None:
        """At each handshake. The door keeps the context it was opened with: one more certificate in that one
        would stand beside the old one, where the keys are of two kinds."""
        connection.context = self.context


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
        shown = _Shown(door, section, made, files, files)
        made.sni_callback = shown.show
        self._shown.append(shown)
        return made

    async def run(self) -> None:
        """Look for renewed ones for as long as it runs."""
        while True:
            await asyncio.sleep(LOOK_S)
            self.look()

    def look(self) -> None:
        """Show what was renewed to whoever comes next. What cannot be used is told once, and the old one
        stays: a renewal that is seen half written is whole at the next look. A file that is away for a moment
        is no news; one that this user may not read any more is."""
        for one in self._shown:
            files, seen = self._files(one.door), one.seen
            one.seen = files
            if files != one.files and (None not in files or files == seen):
                one.files = files
                self._renew(one)

    def _renew(self, one: _Shown) -> None:
        try:
            one.context = _loaded(one.door, one.section)
        except GatewayError as error:
            self._ports.tell("alarm.tls", slug="tls-certificate", section=one.section, error=str(error))
        else:
            self._ports.tell("tls.renewed", section=one.section)

    def _files(self, door: Door) -> Files:
        return self._ports.file(door.tls_certificate), self._ports.file(door.tls_key)


def _loaded(door: Door, section: str) -> ssl.SSLContext:
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # a key under a passphrase cannot be used: who would be asked for it is a terminal, and all would wait
        made.load_cert_chain(door.tls_certificate, door.tls_key, password="")
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        sentence = f"The certificate or key of [{section}] cannot be used."
        raise GatewayError(sentence, "tls-certificate", Disposition.REFUSE, str(error)) from None
    return made
