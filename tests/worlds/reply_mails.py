"""Answers of customers as mail programs write them: raw mails of the corpus tables and our own letter."""

from __future__ import annotations

import base64
import html
import quopri
import random
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from order_letters import html_of, news, read

from mail_gateway.domain import saying
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.saying import Meaning, Said
from schemas.mail import html as markup
from schemas.mail import robots
from schemas.mail.read import Mail, read_mail
from schemas.mail.said import said_in_both
from schemas.mail.subjects import is_no_answer

CORPUS: Final = Path(__file__).parents[1] / "corpus/replies"
CODE: Final = "KNXTR"
DOMAINS: Final = ("pay.example", "r.pay.example")
NAMES: Final = {"ja": ("山田花子", "山田", "山の店"), "en": ("Hanako Yamada", "Yama Store")}
CUSTOMER: Final = "hanako@docomo.example"
FROM: Final = "Hagaki <sale@pay.example>"
KANA: Final = str.maketrans({"ハ": "ﾊ", "イ": "ｲ"})
PLAIN: Final = {
    "flowed": "text/plain; charset={}; format=flowed",
    "delsp": "text/plain; charset={}; format=flowed; delsp=yes",
}


@dataclass(frozen=True, slots=True)
class Question:
    """A letter of ours that is answered. subject, text, markup: of it; texts: as the gateway knows it."""

    language: str
    subject: str
    text: str
    markup: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One mail. meaning: what has to be read. sender: as SMTP named it."""

    name: str
    raw: bytes
    question: Question
    meaning: Meaning
    sender: str = CUSTOMER


@cache
def question(language: str, kind: Letter = Letter.QUESTION) -> Question:
    """The letter as the gateway writes it."""
    told = news(kind, language, code=CODE)
    mail = read(told)
    marked_up = html_of(told).replace("\r\n", "\n")
    return Question(language, mail.subject, mail.body.strip(), marked_up, mail.texts)


def reading(case: Case) -> Said:
    """What the gateway reads: nothing of what robots write."""
    if robots.is_automatic(case.raw, case.sender):
        return Said()
    mail = read_mail(case.raw)
    if not isinstance(mail, Mail):
        return Said()
    lines = said_in_both(mail.body, mail.beside, case.question.texts, DOMAINS)
    names = NAMES[case.question.language]
    return saying.read(lines, CODE, names=names, passed_on=is_no_answer(mail.subject))


def toml(name: str) -> dict[str, Any]:
    """One file of the corpus."""
    return tomllib.loads((CORPUS / f"{name}.toml").read_text("utf-8"))


def answers() -> Iterator[Case]:
    """Every program, language and place of the answer, with answers in turn."""
    for client, language, posting in _shapes():
        for entry in toml("answers")["answer"]:
            turn = random.Random(f"{client['name']} {language} {posting} {entry['meaning']}")
            texts = turn.sample(entry[language], 2 if entry["meaning"] == "code" else 1)
            for text in texts:
                name = f"{client['name']}, {language}, {posting}: {text}"
                raw = mail_of(client, question(language), text, posting=posting)
                yield Case(name, raw, question(language), Meaning(entry["meaning"]))


def nothings() -> Iterator[Case]:
    """What must confirm nothing, each text in some programs, and what robots write."""
    shapes, found = list(_shapes()), toml("answers")
    for entry in (*found["nothing"], *found["machine"]):
        for language, text in ((own, text) for own in ("ja", "en") for text in entry[own]):
            turn = random.Random(f"{entry['why']} {text}")
            fitting = [shape for shape in shapes if shape[1] == language]
            for client, _, posting in turn.sample(fitting, 4):
                yield _nothing(entry, client, (language, posting), text)


def _nothing(entry: Mapping[str, Any], client: Mapping[str, Any], how: tuple[str, str], text: str) -> Case:
    language, posting = how
    asked = question(language)
    subject = entry.get("subject", {}).get(language, "Re: {subject}")
    more = {"headers": [*client.get("headers", []), *entry.get("headers", [])], "subject": subject}
    raw = mail_of({**client, **more}, asked, text, posting=posting)
    name = f"{entry['why']}: {client['name']}, {language}, {posting}: {text}"
    return Case(name, raw, asked, Meaning.UNCLEAR, entry.get("sender", CUSTOMER))


def _shapes() -> Iterator[tuple[dict[str, Any], str, str]]:
    for client in toml("clients")["client"]:
        for language in ("ja", "en"):
            for posting in client.get("postings", ["top", "bottom"] if "html_bottom" in client else ["top"]):
                yield client, language, posting


def mail_of(client: Mapping[str, Any], asked: Question, answer: str, *, posting: str = "top") -> bytes:
    """The raw mail. posting: where the answer stands, top, bottom or inline."""
    text = answer.replace("{code}", CODE)
    if client.get("kana"):
        text = text.translate(KANA)
    charset = client.get("charset", "utf-8")
    head = [f"From: {CUSTOMER}", "To: o1@r.pay.example", "Date: Sat, 21 Nov 2026 18:40:00 +0900"]
    subject = client.get("subject", "Re: {subject}").format(subject=asked.subject, code=CODE)
    head += [f"Subject: =?utf-8?B?{base64.b64encode(subject.encode()).decode()}?=", "MIME-Version: 1.0"]
    head += client.get("headers", [])
    form = client.get("form", "plain")
    plain = _part(client, PLAIN.get(form, "text/plain; charset={}"), _plain(client, asked, text, posting))
    if form in ("plain", *PLAIN):
        return _joined(head, plain)
    marked_up = _part(client, "text/html; charset={}", _marked_up(client, asked, text, posting))
    if form == "html":
        return _joined(head, marked_up)
    edge = f"=_{charset}_1"
    head.append(f'Content-Type: multipart/alternative; boundary="{edge}"')
    parts = b"".join(b"--%s\r\n%s\r\n" % (edge.encode(), part) for part in (plain, marked_up))
    return _joined(head, b"\r\n" + parts + b"--%s--\r\n" % edge.encode())


def _joined(head: list[str], rest: bytes) -> bytes:
    return "\r\n".join(head).encode() + b"\r\n" + rest


def _part(client: Mapping[str, Any], kind: str, text: str) -> bytes:
    """Headers and body of one part."""
    charset, encoding = client.get("charset", "utf-8"), client.get("encoding", "8bit")
    data = encoded(text.replace("\n", "\r\n"), charset)
    if encoding == "base64":
        data = base64.encodebytes(data).replace(b"\n", b"\r\n")
    elif encoding == "quoted-printable":
        data = quopri.encodestring(data.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    head = f"Content-Type: {kind.format(charset)}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + data


def encoded(text: str, charset: str) -> bytes:
    """As phones do it: half-width kana too, which Python's own ISO-2022-JP does not know."""
    if charset != "iso-2022-jp":
        return text.encode("cp932" if charset == "shift_jis" else charset, "replace")
    out = []
    for run in re.split("([ｦ-ﾟ]+)", text):
        is_kana = run[:1] and "ｦ" <= run[0] <= "ﾟ"
        kana = bytes(byte & 0x7F for byte in run.encode("cp932")) if is_kana else b""
        out.append(b"\x1b(I" + kana + b"\x1b(B" if is_kana else run.encode("iso-2022-jp", "replace"))
    return b"".join(out)


def _words(client: Mapping[str, Any], asked: Question) -> str:
    date = {"Y": "2026", "M": "11", "D": "21", "w": "土"}
    return str(client[asked.language]).format(**date, **{"from": FROM}, to=CUSTOMER, subject=asked.subject)


def _quoted(client: Mapping[str, Any], asked: Question, inside: str = "") -> str:
    """The letter as the program quotes it. inside: written below the line that says how to answer."""
    mark, width = client.get("mark", "> "), client.get("wrap", 500)
    text = "\n\n".join(markup.strip(asked.markup).split("\n")) if client.get("rendered") else asked.text
    out = []
    for line in text.strip().splitlines():
        pieces = [line[at : at + width] for at in range(0, max(len(line), 1), width)]
        out.append(mark + pieces[0])
        out += [client.get("wrap_mark", mark) + piece for piece in pieces[1:]]
        if inside and CODE in line and ("「はい」" in line or '"yes"' in line):
            out += ["", inside, ""]
    return "\n".join(out)


def _plain(client: Mapping[str, Any], asked: Question, text: str, posting: str) -> str:
    signature = client.get("signature", {}).get(asked.language, "")
    signature = re.sub("<a[^>]*>|</a>", "", signature)
    if client.get("bare"):
        return f"{text}\n"
    lead = _words(client, asked)
    match posting:
        case "top":
            return f"{text}\n\n{signature}\n\n{lead}\n{_quoted(client, asked)}\n"
        case "bottom":
            return f"{lead}\n{_quoted(client, asked)}\n\n{text}\n{signature}\n"
    return f"{lead}\n{_quoted(client, asked, text)}\n{signature}\n"


def _marked_up(client: Mapping[str, Any], asked: Question, text: str, posting: str) -> str:
    template = client["html_bottom" if posting == "bottom" else "html"]
    original = asked.markup.partition("<body")[2].partition(">")[2].partition("</body>")[0]
    lead = "<br>".join(html.escape(line, quote=False) for line in _words(client, asked).splitlines())
    answer = "<br>\n".join(html.escape(line, quote=False) for line in text.split("\n"))
    signature = client.get("signature", {}).get(asked.language, "")
    made: str = template.replace("{{", "{").replace("}}", "}").replace("{signature}", signature)
    return made.replace("{lead}", lead).replace("{answer}", answer).replace("{original}", original)


def written() -> Iterator[Case]:
    """The mails that were written by hand, to letters as they were then."""
    folder = CORPUS / "mails"
    for name, entry in tomllib.loads((folder / "expected.toml").read_text("utf-8")).items():
        letter = read_mail((folder / f"letter-{entry['language']}.eml").read_bytes())
        assert isinstance(letter, Mail)
        asked = Question(entry["language"], letter.subject, letter.body, "", letter.texts)
        raw, sender = (folder / f"{name}.eml").read_bytes(), entry.get("sender", CUSTOMER)
        yield Case(name, raw, asked, Meaning(entry["meaning"]), sender)
