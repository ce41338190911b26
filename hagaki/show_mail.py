"""The two mails of the demo as a person finds them: what the phone sent, and the letter in the mailbox."""

from __future__ import annotations

from pathlib import Path

from schemas.envelope import armour
from schemas.mail.read import Unreadable, read_mail


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
    try:
        mail = read_mail(found[-1].read_bytes())
    except FileNotFoundError:  # the phone has just taken it from new to cur
        return letter(folder)
    return "" if isinstance(mail, Unreadable) else mail.body.partition("BEGIN HAGAKI")[0].strip()
