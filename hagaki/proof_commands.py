"""The command proof: a customer's own answer to a question, computed here; it needs no gateway."""

from __future__ import annotations

import getpass
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from hagaki import machine, tables
from hagaki.deal_show import goods
from hagaki.problem import DONE, Problem
from hagaki.sections import AsJson
from mail_gateway.domain.money import shown
from schemas.deal import layout, ocra
from schemas.errors import WireError
from schemas.mail.read import Mail, read_mail

_LINES_SHOWN: Final = 200
_QUESTION: Final = re.compile(r"(?<![0-9a-z])[0-9a-f]{64}(?![0-9a-z])", re.IGNORECASE)
_HEX: Final = re.compile(r"(?:[0-9a-f]{2}\s*)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a customer is about to agree to. question: 64 hex digits; words: lines for a person."""

    question: str
    words: tuple[str, ...]


def proof(
    source: Annotated[
        str,
        typer.Argument(
            help="The question, 64 hex digits; or a file with the mail or the deal; -: standard input."
        ),
    ],
    key: Annotated[
        Path | None, typer.Option("--key", help="A file with your key; else it is asked for, hidden.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Compute your answer to a shop's question from your key and password, and show what you agree to."""
    agreed = _agreed(source)
    if not as_json:
        print("\n".join(agreed.words))
    piped = source != "-" and not sys.stdin.isatty()
    text = key.read_text("utf-8") if key else _hidden("key (hidden): ", piped=piped)
    try:
        hashed = ocra.password_hash(_hidden("password (hidden): ", piped=piped))
        minute = machine.now_s() // 60
        answer = ocra.answer(ocra.read_key(text), hashed, agreed.question, minute)
    except WireError:
        raise Problem("that is not your key as it was given out: 14 groups of four", "key-mistyped") from None
    facts = {"question": agreed.question, "minute": minute, "answer": answer}
    tables.one(
        facts, f"answer           {answer}\nWrite these eight digits back, alone on a line.", as_json=as_json
    )
    return DONE


def _hidden(prompt: str, *, piped: bool) -> str:
    """A line that nobody sees; from a pipe: a line of standard input. Raises Problem if it is empty."""
    line = (sys.stdin.readline() if piped else getpass.getpass(prompt)).strip("\r\n")
    if not line:
        raise Problem("key and password are both needed, a line each", "password-missing")
    return line


def _agreed(source: str) -> Agreed:
    if _QUESTION.fullmatch(source):
        return Agreed(source.lower(), (f"question         {source.lower()}",))
    if source != "-" and not Path(source).exists():
        raise Problem(f"{source} is neither a question, 64 hex digits, nor a file", "question-missing")
    data = machine.standard_input() if source == "-" else Path(source).read_bytes()
    return _of_deal(data) or of_mail(data)


def _of_deal(data: bytes) -> Agreed | None:
    """The deal's own bytes, or these in hex; None where it is something else."""
    text = data.decode("ascii", "replace").strip()
    data = bytes.fromhex(text) if _HEX.fullmatch(text) else data
    try:
        deal = layout.decode(data)
    except WireError:
        return None
    return Agreed(layout.question(data), tuple(words_of(deal)))


def words_of(deal: layout.Deal) -> list[str]:
    """A deal -> lines for a person, the question apart."""
    total = shown(deal.total_minor, deal.currency, "en")
    time = machine.time_text(deal.time_s * 1000)
    head = [f"shop             {deal.shop}", f"deal             {deal.deal_id}", f"placed           {time}"]
    return [*head, *(f"  {line}" for line in goods(deal)), f"total            {total}"]


def of_mail(data: bytes) -> Agreed:
    """The mail as it was saved: the one question in it, and its text without what moves a terminal.

    Raises Problem where there is no question in it, or several.
    """
    mail = read_mail(data)
    texts = mail.texts if isinstance(mail, Mail) else ()
    found = {match.lower() for text in texts for match in _QUESTION.findall(text)}
    if not found:
        sentence = "there is no question in it: 64 digits and letters a to f in one line"
        raise Problem(sentence, "question-missing")
    if len(found) > 1:
        raise Problem("there are several questions in it: give the one that you answer", "question-several")
    lines = ["".join(c if c.isprintable() else " " for c in line) for line in texts[0].splitlines()]
    return Agreed(found.pop(), tuple(lines[:_LINES_SHOWN]))
