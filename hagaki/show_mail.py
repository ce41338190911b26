"""The two mails of the demo as a person finds them: what the phone sent, and the letter in the mailbox."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import compat32
from pathlib import Path

from schemas.envelope import armour


def sale_mail(folder: Path) -> str:
    """The block that the phone mailed, or an empty text."""
    for path in sorted((folder / "phone" / "posted").glob("*")):
        return str(armour.block(*armour.from_text(path.read_text(encoding="ascii"))))
    return ""


def letter(folder: Path) -> str:
    """Subject and text of the newest letter in the mailbox, without its sealed block, or an empty text."""
    found = sorted((folder / "mailbox").glob("[nc][eu][wr]/*"))
    if not found:
        return ""
    mail = message_from_bytes(found[-1].read_bytes(), policy=compat32)
    part = next(part for part in mail.walk() if part.get_content_type() == "text/plain")
    text = part.get_payload(decode=True)
    assert isinstance(text, bytes)
    return text.decode("utf-8", "replace").partition("BEGIN HAGAKI")[0].strip()
