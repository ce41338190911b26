"""A letter that tells no payment's state: a question, a list, a receipt. Nothing is sealed in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mail_gateway.domain.outcome import Letter
    from mail_gateway.domain.reply import Merchant

    Words = Mapping[str, str | Sequence[Mapping[str, str]]]
    """What a template may use: a text, or a list of things that each have texts."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file beside the words. media_type such as application/pdf; text is UTF-8."""

    name: str
    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Notice:
    """kind names the templates. ident: with kind and merchant it makes the Message-ID, so it is said once.

    words: what the templates may use. payment: where the answer belongs; None: the merchant's own desk.
    in_reply_to: the Message-ID of the mail that asked, or empty.
    """

    kind: Letter
    ident: str
    merchant: Merchant
    words: Words
    payment: int | None = None
    in_reply_to: str = ""
    attachments: tuple[Attachment, ...] = ()
