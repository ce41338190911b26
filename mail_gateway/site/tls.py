"""The site's certificate. It is read once, at start."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from mail_gateway.domain.errors import Disposition, GatewayError

if TYPE_CHECKING:
    from mail_gateway.settings import SiteSettings


def context(site: SiteSettings) -> ssl.SSLContext | None:
    """TLS 1.2 or newer with the certificate of [site], None where a proxy has it. Raises GatewayError."""
    if not site.tls_certificate:
        return None
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        made.load_cert_chain(site.tls_certificate, site.tls_key)
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        sentence = "The certificate or key of [site] cannot be used."
        raise GatewayError(sentence, "tls-certificate", Disposition.REFUSE, str(error)) from None
    return made
