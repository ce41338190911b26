"""The certificate that a door of ours shows, to mail (STARTTLS, RFC 3207) browsers; read once, at start."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from mail_gateway.domain.errors import Disposition, GatewayError

if TYPE_CHECKING:
    from mail_gateway.settings import SiteSettings, SmtpSettings


def context(door: SmtpSettings | SiteSettings, section: str) -> ssl.SSLContext | None:
    """TLS 1.2 or newer with the certificate of that section; None: it names none. Raises GatewayError."""
    if not door.tls_certificate:
        return None
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        made.load_cert_chain(door.tls_certificate, door.tls_key)
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        sentence = f"The certificate or key of [{section}] cannot be used."
        raise GatewayError(sentence, "tls-certificate", Disposition.REFUSE, str(error)) from None
    return made
