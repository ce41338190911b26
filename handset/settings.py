"""How the phone's side is set up: the reader's line, the spool, the way out by SMTP, the mailbox."""

from __future__ import annotations

from dataclasses import dataclass, field

from schemas.mail.sign_in import COMMAND, PASSWORD, WAY, SignIn


@dataclass(frozen=True, slots=True, kw_only=True)
class HandsetSettings:
    """The table [handset] of config.toml. Each field's metadata holds help and limits."""

    port: str = field(metadata={"help": "the reader's serial device, such as /dev/rfcomm0"})
    baud: int = field(
        default=9600, metadata={"help": "bits a second on that line, 8N1", "min": 300, "max": 921600}
    )
    spool: str = field(metadata={"help": "folder for sales and results on their way", "path": ""})
    mail_from: str = field(metadata={"help": "the merchant's own mail address"})
    mail_to: str = field(metadata={"help": "the centre's address for sales"})
    smtp_host: str = field(
        default="127.0.0.1", metadata={"help": "mail server that takes the merchant's mail"}
    )
    smtp_port: int = field(default=587, metadata={"help": "its port", "min": 1, "max": 65535})
    smtp_user: str = field(default="", metadata={"help": "user there; empty: without a password"})
    smtp_password: str = field(default="", repr=False, metadata={"help": "its password", "secret": True})
    smtp_secret_command: tuple[str, ...] = field(default=(), metadata=COMMAND)
    smtp_sign_in: str = field(default=PASSWORD, metadata=WAY)
    smtp_tls: str = field(
        default="none",
        metadata={"help": "encryption on the way out", "choices": ("none", "starttls", "tls")},
    )
    fetch: str = field(
        metadata={"help": "mailbox: maildir:PATH or imap:HOST:PORT:USER:FOLDER", "path": "maildir:"}
    )
    imap_password: str = field(default="", repr=False, metadata={"help": "password there", "secret": True})
    imap_secret_command: tuple[str, ...] = field(default=(), metadata=COMMAND)
    imap_sign_in: str = field(default=PASSWORD, metadata=WAY)
    imap_tls: bool = field(default=True, metadata={"help": "TLS to the IMAP server"})
    poll_ms: int = field(
        default=15_000,
        metadata={"help": "time between two looks into the mailbox, ms", "min": 10, "max": 3_600_000},
    )
    timeout_ms: int = field(
        default=30_000,
        metadata={"help": "longest wait for a mail server's answer, ms", "min": 100, "max": 600_000},
    )
    retry_first_ms: int = field(
        default=2_000, metadata={"help": "wait before the second try, ms; doubles", "min": 1, "max": 600_000}
    )
    retry_max_ms: int = field(
        default=300_000, metadata={"help": "longest wait between two tries, ms", "min": 1, "max": 3_600_000}
    )
    language: str = field(
        default="ja", metadata={"help": "language of what the phone writes", "choices": ("ja", "en")}
    )

    @property
    def smtp_account(self) -> SignIn:
        """Who signs in to send, and how."""
        return SignIn(self.smtp_user, self.smtp_password, self.smtp_secret_command, self.smtp_sign_in)
