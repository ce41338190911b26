"""What gateways, mailboxes and forgers make of a letter: mail in, mail out."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from email import message_from_bytes
from email.policy import compat32
from typing import Final

from schemas.envelope import armour
from schemas.mail.build import build_mail
from schemas.mail.read import Unreadable, read_mail

COLUMNS: Final = 40
FOOTER: Final = (
    "_______________________________________________\n"
    "This e-mail was scanned and found clean.\n"
    "END OF MESSAGE - please consider the environment.\n"
)
_MIME: Final = re.compile(rb"^(?:content-[a-z-]+|mime-version):[^\n]*\n(?:[ \t][^\n]*\n)*", re.I | re.M)
_RESULT_LENGTH: Final = 90
"""Bytes of a sealed result, about."""


def text_of(mail: bytes) -> str:
    """The first text of a letter, "\\n" lines."""
    found = read_mail(mail)
    return "" if isinstance(found, Unreadable) or not found.texts else found.texts[0]


def cut(mail: bytes) -> bytes:
    """It ends within the sealed block, and what came behind is gone; one without a block, in its middle."""
    text = text_of(mail)
    block = text.find("BEGIN HAGAKI")
    return _with_text(mail, text[: block + 80] if block >= 0 else text[: len(text) // 2])


def wrapped(mail: bytes) -> bytes:
    """Every line is broken at 40 columns; attachments are gone."""
    lines = text_of(mail).split("\n")
    pieces = (line[at : at + COLUMNS] for line in lines for at in range(0, max(len(line), 1), COLUMNS))
    return _with_text(mail, "\n".join(pieces))


def with_footer(mail: bytes) -> bytes:
    """A gateway's words below; attachments are gone."""
    return _with_text(mail, f"{text_of(mail)}\n{FOOTER}")


def as_html(mail: bytes) -> bytes:
    """A web page in place of the text; attachments are gone."""
    lines = "<br>\n".join(html.escape(line) for line in text_of(mail).split("\n"))
    page = f"<html><head><style>p {{ color: black }}</style></head><body><p>{lines}</p></body></html>\n"
    return _with_text(mail, page, "text/html")


def forged_approval(mail: bytes, random_bytes: Callable[[int], bytes]) -> bytes:
    """A letter of the same look that says approved; its sealed block is noise, and correctly armoured."""
    head = message_from_bytes(mail, policy=compat32)
    reference = str(head["Message-ID"]).strip("<>").partition(".")[0]
    headers = {
        "From": str(head["From"]),
        "To": str(head["To"]),
        "Subject": "[Hagaki] APPROVED - hand over the goods",
        "Date": str(head["Date"]),
        "Message-ID": f"<{reference}.approved.9@pay.example>",
    }
    block = armour.block(armour.RESULT, random_bytes(_RESULT_LENGTH))
    return build_mail(headers, f"APPROVED\n\nYou may hand over the goods.\n\n{block}")


def out_of_office(mail: bytes, away: str) -> tuple[str, bytes]:
    """-> where the absence note goes, and the note (RFC 3834), the letter quoted in it."""
    head = message_from_bytes(mail, policy=compat32)
    to = str(head["Reply-To"] or head["From"])
    quoted = "\n".join(f"> {line}" for line in text_of(mail).split("\n")[:3])
    headers = {
        "From": away,
        "To": to,
        "Subject": "Out of office",
        "Date": str(head["Date"]),
        "Message-ID": f"<away.{str(head['Message-ID']).strip('<>')}>",
        "In-Reply-To": str(head["Message-ID"]),
        "Auto-Submitted": "auto-replied",
    }
    return to, build_mail(headers, f"I am away until Monday.\n\n{quoted}\n")


def bounce(recipient: str, to: str) -> bytes:
    """A report that a letter could not be delivered (RFC 3464)."""
    lines = [
        "From: MAILER-DAEMON@carrier.example",
        f"To: {to}",
        "Subject: Undelivered Mail Returned to Sender",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
        *("", "--b", "Content-Type: text/plain", "", "Nobody here by that name.", "--b"),
        *("Content-Type: message/delivery-status", "", "Reporting-MTA: dns; carrier.example", ""),
        *(f"Final-Recipient: rfc822; {recipient}", "Action: failed", "Status: 5.1.1", "--b--", ""),
    ]
    return "\r\n".join(lines).encode("ascii")


def _with_text(mail: bytes, text: str, media_type: str = "text/plain") -> bytes:
    """The same headers over one new text."""
    head = _MIME.sub(b"", mail.partition(b"\r\n\r\n")[0] + b"\r\n")
    body = build_mail({}, text).partition(b"Content-Type: text/plain")[2]
    return head + b"MIME-Version: 1.0\r\nContent-Type: " + media_type.encode("ascii") + body
