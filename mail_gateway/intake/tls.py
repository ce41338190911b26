"""The door's certificate, for STARTTLS (RFC 3207). It is read once, at start."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from mail_gateway.domain.errors import Disposition, GatewayError

if TYPE_CHECKING:
    from mail_gateway.settings import SmtpSettings


def context(smtp: SmtpSettings) -> ssl.SSLContext | None:
    """TLS 1.2 or newer with the certificate of [smtp], None where there is none. Raises GatewayError."""
    if not smtp.tls_certificate:
        return None
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        made.load_cert_chain(smtp.tls_certificate, smtp.tls_key)
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        sentence = "The certificate or key of [smtp] cannot be used."
        raise GatewayError(sentence, "tls-certificate", Disposition.REFUSE, str(error)) from None
    return made
