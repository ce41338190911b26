"""Writing a mail and its headers: deterministic, short lines, no injected header."""

from __future__ import annotations

import email
from email import policy

import pytest

from schemas.errors import WireError
from schemas.mail import token
from schemas.mail.build import build_mail
from schemas.mail.read import Mail, read_mail

HEADERS = {"From": "a@b.jp", "To": "c@d.jp", "Subject": "承認 1,234円 " + "山" * 60, "Message-ID": "<1@b.jp>"}
RESULT = ("result.txt", "text/plain", b"ABC\n")
PDF = ("receipt.pdf", "application/pdf", b"%PDF-1.4\r\n\x00\n\r \xe3\x82" * 9)
TABLE = ("売上-20261121.csv", "text/csv", "\ufeff日時,金額\r\n12:00,1\r\n".encode())


def read_back(raw: bytes) -> Mail:
    mail = read_mail(raw)
    assert isinstance(mail, Mail)
    return mail


@pytest.mark.parametrize("charset", ["utf-8", "iso-2022-jp"])
def test_what_is_written_is_read_by_us_and_by_python(charset: str) -> None:
    raw = build_mail(HEADERS, "一行目\nsecond\n", (RESULT,), charset=charset)
    mail = read_back(raw)
    assert (mail.subject, mail.texts) == (HEADERS["Subject"], ("一行目\nsecond\n", "ABC\n"))
    parsed = email.message_from_bytes(raw, policy=policy.default)
    assert parsed["Subject"] == HEADERS["Subject"]
    contents = [part.get_content().replace("\r\n", "\n") for part in parsed.iter_parts()]
    assert contents == ["一行目\nsecond\n", "ABC\n"]
    assert not parsed.defects


@pytest.mark.parametrize("charset", ["utf-8", "iso-2022-jp"])
def test_lines_end_in_crlf_and_are_short(charset: str) -> None:
    raw = build_mail({**HEADERS, "References": "<x@y> " * 40}, "長い" * 400, (RESULT,), charset=charset)
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    head = raw.partition(b"\r\n\r\n")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 78
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_same_input_same_bytes_other_input_other_boundary() -> None:
    first, second = (build_mail(HEADERS, "x", (RESULT,)) for _ in range(2))
    assert first == second
    assert build_mail(HEADERS, "z", (RESULT,)).splitlines()[-1] != first.splitlines()[-1]


def test_ascii_goes_as_it_is_and_without_an_attachment_there_is_one_part() -> None:
    raw = build_mail({"Subject": "x"}, "hello\nworld")
    assert raw.endswith(b"Content-Transfer-Encoding: 7bit\r\n\r\nhello\r\nworld\r\n")
    assert b"multipart" not in raw
    assert b"base64" in build_mail({"Subject": "x"}, "y" * 1000)


def test_what_old_phones_cannot_show_becomes_a_question_mark() -> None:
    assert read_back(build_mail({"Subject": "x"}, "髙①", charset="iso-2022-jp")).texts == ("??\n",)


@pytest.mark.parametrize(
    ("headers", "slug"),
    [
        ({"Subject": "x\r\nBcc: y@z"}, "header-unsafe"),
        ({"Subject": "=?UTF-8?Q?=0A?=Bcc: y@z"}, "header-unsafe"),
        ({"Subject": "x\x85y"}, "header-unsafe"),
        ({"To": "山@b.jp"}, "header-unsafe"),
        ({"X-Y:Bcc": "x"}, "header-name"),
    ],
)
def test_headers_cannot_be_injected(headers: dict[str, str], slug: str) -> None:
    with pytest.raises(WireError) as raised:
        build_mail(headers, "x")
    assert raised.value.slug == slug


@pytest.mark.parametrize(
    ("attachments", "charset", "slug"),
    [
        ([('a".txt', "text/plain", b"x")], "utf-8", "attachment-name"),
        ([("../a", "text/plain", b"x")], "utf-8", "attachment-name"),
        ([("山\r\nBcc: x", "application/pdf", b"x")], "utf-8", "attachment-name"),
        ([(".山", "application/pdf", b"x")], "utf-8", "attachment-name"),
        ([("a.txt", 'text/plain; name="x"', b"x")], "utf-8", "attachment-type"),
        ([("a.txt", "text/plain\r\nBcc: x@y", b"x")], "utf-8", "attachment-type"),
        ([], "utf-7", "mail-charset"),
    ],
)
def test_attachments_and_charsets_are_plain(attachments, charset: str, slug: str) -> None:
    with pytest.raises(WireError) as raised:
        build_mail({}, "x", attachments, charset=charset)
    assert raised.value.slug == slug


@pytest.mark.parametrize("charset", ["utf-8", "iso-2022-jp"])
def test_any_content_arrives_byte_for_byte_under_its_name(charset: str) -> None:
    raw = build_mail(HEADERS, "本文", (PDF, TABLE, RESULT), charset=charset)
    assert raw == build_mail(HEADERS, "本文", (PDF, TABLE, RESULT), charset=charset)
    assert max(map(len, raw.split(b"\r\n"))) <= 200
    parsed = email.message_from_bytes(raw, policy=policy.default)
    body, *files = parsed.iter_parts()
    assert body.get_content() == "本文\r\n"
    found = [(one.get_filename(), one.get_content_type(), one.get_payload(decode=True)) for one in files]
    assert found == [PDF, TABLE, (*RESULT[:2], b"ABC\r\n")]
    assert not any(part.defects for part in parsed.walk())
    assert read_back(raw).body == "本文\n"


def test_a_token_names_its_recipient_and_expiry() -> None:
    key = bytes(32)
    read = token.read(token.make(key, token.REPLY, 2**64 - 1, "Shop@B.jp", 9))
    assert read.ident == 2**64 - 1
    assert token.verify(key, read, "shop@b.jp", 9)
    assert not token.verify(key, read, "other@b.jp", 9)
    assert not token.verify(key, read, "shop@b.jp", 10)
    assert not token.verify(bytes(31) + b"x", read, "shop@b.jp", 9)
