"""What an operator can set. config.toml is read by these classes; each field explains itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from acquirer_sdk.port import SettingsError
from schemas.mail.sign_in import COMMAND, PASSWORD, WAY, SignIn

if TYPE_CHECKING:
    from collections.abc import Mapping

_DOMAIN: Final = re.compile(
    r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+"
)

_URL: Final = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?")
DEVICE: Final = "pkcs11:"
_DATABASE: Final = re.compile(r"(sqlite:///|postgres(ql)?:|env:|file:).+")
_TIME: Final = re.compile(r"(([01][0-9]|2[0-3]):[0-5][0-9])?")


class Way(StrEnum):
    """How mail reaches us."""

    NONE = "none"  # nothing is looked at
    DIRECT = "direct"  # senders hand it to us: SPF, DKIM, ARC and DMARC
    RELAY = "relay"  # through a mail server of our own, which says what it found


def _set(help: str, **limits: Any) -> dict[str, Any]:
    return {"help": help, **limits}


FONT_PLACES: Final = (
    (
        "/usr/share/fonts/truetype/bizud-gothic/BIZUDPGothic-Regular.ttf",
        "/usr/share/fonts/truetype/bizud-gothic/BIZUDPGothic-Bold.ttf",
    ),
    ("/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf",) * 2,
)
"""Where Debian puts fonts that have Japanese and may be embedded, plain and bold: fonts-morisawa-bizud-gothic
(OFL-1.1), fonts-ipaexfont-gothic (IPA)."""


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """[gateway]: the address sales come to, the database, and the limits of a payment."""

    domain: str = field(metadata=_set("mail domain that sales are sent to"))
    reply_domain: str = field(default="", metadata=_set("mail domain of reply addresses; empty: the same"))
    sale_local: str = field(default="sale", metadata=_set("local part of the address that sales are sent to"))
    database: str = field(
        default="sqlite:///var/hagaki.db",
        repr=False,
        metadata=_set(
            'sqlite:///FILE, or for many nodes postgresql://USER@HOST/NAME, "env:NAME" or "file:PATH"',
            path="sqlite:///",
            url=True,
        ),
    )
    lease_s: int = field(
        default=10,
        metadata=_set("many nodes: silence after which one counts as dead, s", min=3, max=300),
    )
    link: str = field(
        default="", metadata=_set("many nodes: name of the one link to the host they share; empty: one each")
    )
    time_zone: str = field(default="Asia/Tokyo", metadata=_set("time zone of the times in letters"))
    freshness_s: int = field(
        default=900, metadata=_set("a sale older than this is not charged", min=10, max=604_800)
    )
    currency: int = field(default=392, metadata=_set("the currency taken, ISO 4217 numeric", min=1, max=999))
    amount_minor_max: int = field(
        default=1_000_000, metadata=_set("largest sale, minor units", min=1, max=999_999_999_999)
    )
    host_message_life_s: int = field(
        default=120,
        metadata=_set("longest life of a message at the acquirer; then confirm", min=0, max=86_400),
    )
    reversal_first_s: int = field(
        default=5, metadata=_set("first pause between two reversals", min=1, max=3600)
    )
    reversal_max_s: int = field(
        default=300, metadata=_set("longest pause between two reversals", min=1, max=3600)
    )
    requests_max: int = field(
        default=4096, metadata=_set("sales at the acquirer at the same time", min=1, max=16_384)
    )
    resend_after_s: int = field(
        default=60,
        metadata=_set("a repeated sale pulls its letter again, at most so often", min=1, max=86_400),
    )

    want_remind_h: int = field(
        default=24, metadata=_set("an unanswered request for further items is sent again, h", min=1, max=168)
    )
    want_lapse_days: int = field(
        default=7, metadata=_set("a request for further items lapses, days", min=1, max=90)
    )
    digest_at: str = field(
        default="21:00", metadata=_set("local time of the letter about what is open, HH:MM; empty: none")
    )
    totals_at: str = field(
        default="00:30",
        metadata=_set(
            "from when on acquirers are asked for the totals of the day before, HH:MM; empty: never"
        ),
    )

    receipt_font: str = field(
        default="",
        metadata=_set("TrueType font for receipts; empty: one of Debian's Japanese fonts", path=""),
    )
    desk_per_hour_max: int = field(
        default=30,
        metadata=_set("what one merchant may ask by mail in any hour; more is not answered", min=1, max=1200),
    )

    def __post_init__(self) -> None:
        """Raises SettingsError for what no limit can tell: a domain, a time or a time zone that is none."""
        for key in ("digest_at", "totals_at"):
            if not _TIME.fullmatch(getattr(self, key)):
                raise SettingsError(key, "must be a local time such as 21:00, or empty")
        for key, value in (("domain", self.domain), ("reply_domain", self.reply_domain or self.domain)):
            if not _DOMAIN.fullmatch(value):
                raise SettingsError(key, "must be a mail domain, such as pay.example")
        if not _DATABASE.fullmatch(self.database):
            raise SettingsError("database", "must be sqlite:///FILE or postgresql://USER@HOST/NAME")
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            sentence = "is no time zone; write one such as Asia/Tokyo"
            raise SettingsError("time_zone", sentence) from None


@dataclass(frozen=True, slots=True)
class KeySettings:
    """[keys]: where the root key is. It wraps every other key; it is never in the database."""

    root: str = field(
        default="file:var/root.key",
        metadata=_set('root key, 64 hex digits: "file:PATH" or "env:NAME"', path="file:"),
    )
    old_opens_days: int = field(
        default=7, metadata=_set("a BDK opens for so long after hagaki keys rotate, days", min=0, max=3650)
    )
    device: str = field(
        default="",
        metadata=_set('PKCS#11 device that translates PINs: "pkcs11:LIBRARY.so"; empty: software'),
    )
    device_token: str = field(default="hagaki", metadata=_set("label of the device's token"))
    device_pin: str = field(
        default="", repr=False, metadata=_set('its PIN: "env:NAME" or "file:PATH"', secret=True)
    )

    def __post_init__(self) -> None:
        """Raises SettingsError for a root key or a device that is named in no form we know."""
        if not self.root.startswith(("env:", "file:")):
            raise SettingsError("root", 'must say where the key is: "file:PATH" or "env:NAME"')
        if self.device and not self.device.startswith(DEVICE):
            raise SettingsError("device", f'must be "{DEVICE}" and the path of a library, or empty')

    @property
    def device_library(self) -> str:
        """The path of the device's library, or an empty text."""
        return self.device.removeprefix(DEVICE)


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """[smtp]: the door that mail comes in by."""

    hostname: str = field(metadata=_set("name in the greeting and in Received"))
    listen: bool = field(default=True, metadata=_set("open the port; false: mail comes by [imap] alone"))
    host: str = field(default="127.0.0.1", metadata=_set("address to listen on"))
    port: int = field(default=2525, metadata=_set("port to listen on; 0: any free one", min=0, max=65_535))
    size_max: int = field(default=1_048_576, metadata=_set("largest mail, bytes", min=16_384, max=67_108_864))
    connections_max: int = field(default=200, metadata=_set("connections at once, in all", min=1, max=10_000))
    connections_per_address_max: int = field(
        default=20, metadata=_set("connections at once from one address", min=1, max=10_000)
    )
    timeout_s: int = field(
        default=300, metadata=_set("silence after which a client is dropped", min=5, max=3600)
    )
    rate_min_bytes_s: int = field(
        default=128, metadata=_set("slowest client let stay, bytes per second", min=0, max=1_000_000)
    )
    tls_certificate: str = field(
        default="", metadata=_set("file with the certificate chain, PEM; empty: no STARTTLS", path="")
    )
    tls_key: str = field(default="", metadata=_set("file with its private key, PEM", path=""))
    require_tls: bool = field(default=False, metadata=_set("take mail over TLS only"))

    def __post_init__(self) -> None:
        """Raises SettingsError for a half of a certificate, or TLS required without one."""
        if bool(self.tls_certificate) != bool(self.tls_key):
            raise SettingsError("tls_key", "certificate and key go together: set both or none")
        if self.require_tls and not self.tls_certificate:
            raise SettingsError("require_tls", "needs tls_certificate and tls_key")


@dataclass(frozen=True, slots=True)
class ImapSettings:
    """[imap]: a mailbox at a provider that mail is fetched from as well; needs the extra imap."""

    host: str = field(default="", metadata=_set("name of the provider's IMAP server; empty: none"))
    port: int = field(default=993, metadata=_set("its port", min=1, max=65_535))
    user: str = field(default="", metadata=_set("user name there"))
    password: str = field(
        default="", repr=False, metadata=_set('password there: "env:NAME" or "file:PATH"', secret=True)
    )
    secret_command: tuple[str, ...] = field(default=(), metadata=COMMAND)
    sign_in: str = field(default=PASSWORD, metadata=WAY)
    tls: bool = field(default=True, metadata=_set("TLS from the first byte; false: all in clear"))
    tls_ca: str = field(
        default="", metadata=_set("file with the authorities trusted, PEM; empty: the system's", path="")
    )
    folder: str = field(default="INBOX", metadata=_set("folder that mail is fetched from; nobody else's"))
    done: str = field(default="Hagaki-done", metadata=_set("folder that mails go to once they are kept"))
    refused: str = field(
        default="Hagaki-refused", metadata=_set("folder of mails that are not ours to take: look there")
    )
    poll_s: int = field(
        default=60,
        metadata=_set("it is looked at so often, or at once where the server tells", min=5, max=480),
    )
    timeout_s: int = field(
        default=30, metadata=_set("longest wait for the server's answer, s", min=1, max=300)
    )
    relay: str = field(
        default="", metadata=_set("authserv-id of the provider, whose results count; empty: as [proof] says")
    )

    def __post_init__(self) -> None:
        """Raises SettingsError for a mailbox that nobody can sign in to, or folders that cannot be."""
        if self.host and not self.user:
            raise SettingsError("user", "is needed where host is set")
        if self.host:
            _check(self.account, self.host, tls=self.tls)
        for key in ("folder", "done", "refused"):
            name = getattr(self, key)
            if not (name and name.isascii() and name.isprintable()):
                raise SettingsError(key, "must be a folder's name in ASCII, as the server lists it")
        if len({self.folder.lower(), self.done.lower(), self.refused.lower()}) < 3:
            raise SettingsError("done", "folder, done and refused must be three folders")

    @property
    def account(self) -> SignIn:
        """Who signs in there, and how."""
        return SignIn(self.user, self.password, self.secret_command, self.sign_in)

    @property
    def name(self) -> str:
        """What it is called in events and by the doctor."""
        return mailbox_name({key: getattr(self, key) for key in _MAILBOX})


_MAILBOX: Final = ("user", "host", "port", "folder")


def mailbox_name(table: Mapping[str, Any]) -> str:
    """The same by its table [imap], for who needs no password; empty: it names no mailbox."""
    usual = {one.name: one.default for one in fields(ImapSettings)}
    user, host, port, folder = ({**usual, **table}[key] for key in _MAILBOX)
    return f"{user}@{host}:{port} {folder}" if host else ""


@dataclass(frozen=True, slots=True)
class SmarthostSettings:
    """[smarthost]: the mail server that letters leave by."""

    host: str = field(default="127.0.0.1", metadata=_set("name or address of the mail server"))
    port: int = field(default=25, metadata=_set("its port", min=1, max=65_535))
    sender_domain: str = field(
        default="", metadata=_set("mail domain letters come from; empty: [gateway] domain")
    )
    user: str = field(default="", metadata=_set("user name; empty: none"))
    password: str = field(
        default="", repr=False, metadata=_set('password: "env:NAME" or "file:PATH"', secret=True)
    )
    secret_command: tuple[str, ...] = field(default=(), metadata=COMMAND)
    sign_in: str = field(default=PASSWORD, metadata=WAY)
    tls: str = field(
        default="none", metadata=_set("encryption on the way", choices=("none", "starttls", "tls"))
    )
    letters_per_hour_max: int = field(
        default=1200,
        metadata=_set("letters to one address in any hour; more wait, none is lost", min=1, max=10_000_000),
    )
    tls_ca: str = field(
        default="", metadata=_set("file with the authorities trusted, PEM; empty: the system's", path="")
    )

    def __post_init__(self) -> None:
        """Raises SettingsError for a mail server that nobody can sign in to as this says."""
        _check(self.account, self.host, tls=self.tls != "none")

    @property
    def account(self) -> SignIn:
        """Who signs in there, and how."""
        return SignIn(self.user, self.password, self.secret_command, self.sign_in)


def _check(account: SignIn, host: str, *, tls: bool) -> None:
    fault = account.fault(host, tls=tls)
    if fault is not None:
        raise SettingsError(*fault)


@dataclass(frozen=True, slots=True)
class AcquirerSettings:
    """[acquirer]: who is asked for the money of a sale that no row of [[routes]] fits."""

    name: str = field(
        default="cafis", metadata=_set("name of its table [acquirers.NAME], and of its adapter")
    )


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """[site]: pages for phones and customers, and the shops' interface; over HTTPS, here or in a proxy."""

    host: str = field(default="127.0.0.1", metadata=_set("address to listen on"))
    port: int = field(default=0, metadata=_set("port to listen on; 0: no site", min=0, max=65_535))
    tls_certificate: str = field(
        default="", metadata=_set("file with the certificate chain, PEM; empty: plain HTTP", path="")
    )
    tls_key: str = field(default="", metadata=_set("file with its private key, PEM", path=""))
    public_url: str = field(
        default="",
        metadata=_set("how customers reach it, such as https://pay.example; empty: no pages named"),
    )
    shop_requests_per_minute_max: int = field(
        default=600, metadata=_set("what one key of a shop may ask in a minute", min=1, max=1_000_000)
    )

    def __post_init__(self) -> None:
        """Raises SettingsError for a half of a certificate, or an address that is none."""
        if bool(self.tls_certificate) != bool(self.tls_key):
            raise SettingsError("tls_key", "certificate and key go together: set both or none")
        if not _URL.fullmatch(self.public_url or "https://pay.example"):
            raise SettingsError("public_url", "must be such as https://pay.example, without a path")


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """[watch]: metrics, health and a page for the operator; plain HTTP, for eyes inside only."""

    host: str = field(default="127.0.0.1", metadata=_set("address to listen on"))
    port: int = field(default=0, metadata=_set("port to listen on; 0: none", min=0, max=65_535))


@dataclass(frozen=True, slots=True)
class OrderSettings:
    """[orders]: what customers are asked by mail, and how shops hear of it."""

    answer_h: int = field(
        default=72, metadata=_set("a question that nobody answered lapses, h", min=1, max=720)
    )
    remind_h: int = field(
        default=24, metadata=_set("it is sent again once, h after the first; 0: never", min=0, max=719)
    )
    ocra_window_min: int = field(
        default=120, metadata=_set("a computed answer is good for so long, minutes", min=5, max=1440)
    )
    hooks_days: int = field(
        default=30, metadata=_set("a shop's server is tried for so long, days", min=1, max=90)
    )
    daily_at: str = field(
        default="00:10", metadata=_set("local time at which daily merchants' orders are captured, HH:MM")
    )
    amount_minor_max: int = field(
        default=1_000_000, metadata=_set("largest order, minor units", min=1, max=999_999_999_999)
    )

    def __post_init__(self) -> None:
        """Raises SettingsError for a time that is none."""
        if not self.daily_at or not _TIME.fullmatch(self.daily_at):
            raise SettingsError("daily_at", "must be a local time such as 00:10")


@dataclass(frozen=True, slots=True)
class ProofSettings:
    """[proof]: how it is found out who wrote an answer. A sealed sale needs no proof."""

    way: str = field(
        default=Way.NONE.value,
        metadata=_set(
            "how mail reaches us: direct (SPF, DKIM, DMARC), relay (our server says what it found), none",
            choices=tuple(Way),
        ),
    )
    relay: str = field(default="", metadata=_set("authserv-id of our own server, for relay"))
    sealers: tuple[str, ...] = field(
        default=(), metadata=_set("forwarders believed, by the domain of their ARC seals")
    )
    servers: tuple[str, ...] = field(
        default=(), metadata=_set("addresses of DNS servers; none: the system's")
    )
    dns_port: int = field(default=53, metadata=_set("their port", min=1, max=65_535))

    def __post_init__(self) -> None:
        """Raises SettingsError for a relay without a name."""
        if self.way == Way.RELAY and not self.relay:
            raise SettingsError("relay", "is needed where way is relay: the authserv-id of our own server")

    @property
    def the_way(self) -> Way:
        """`way` as a value."""
        return Way(self.way)


@dataclass(frozen=True, slots=True)
class Settings:
    """All that one gateway is built from, apart from the adapter's own table."""

    gateway: GatewaySettings
    keys: KeySettings
    smtp: SmtpSettings
    smarthost: SmarthostSettings
    acquirer: AcquirerSettings = field(default_factory=AcquirerSettings)
    site: SiteSettings = field(default_factory=SiteSettings)
    proof: ProofSettings = field(default_factory=ProofSettings)
    orders: OrderSettings = field(default_factory=OrderSettings)
    imap: ImapSettings = field(default_factory=ImapSettings)
    watch: WatchSettings = field(default_factory=WatchSettings)

    @property
    def mailbox_proof(self) -> ProofSettings:
        """How mail out of the mailbox is proven. Beside a port of our own, what the server in front of that
        port is called proves nothing there: strangers write to the mailbox past it."""
        if self.imap.relay:
            return replace(self.proof, way=Way.RELAY.value, relay=self.imap.relay)
        if self.smtp.listen and self.proof.the_way is Way.RELAY:
            return replace(self.proof, way=Way.DIRECT.value)
        return self.proof
