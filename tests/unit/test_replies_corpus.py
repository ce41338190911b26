"""Answers of customers in the shapes of their mail programs: understood or asked back, never misread."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator

import pytest
from reply_mails import CODE, CORPUS, NAMES, Case, answers, nothings, question, reading, toml, written

from mail_gateway.domain import saying
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.saying import Meaning
from schemas.mail.read import Mail, read_mail
from schemas.mail.said import said

AGREES = {Meaning.YES, Meaning.CODE, Meaning.OCRA}


def test_what_is_answered_is_read_as_it_was_meant_or_asked_back(
    record_property: pytest.RecordProperty,
) -> None:
    cases = list(answers())
    read = {case.name: reading(case).meaning for case in cases}
    meant = {case.name: case.meaning for case in cases}
    missed = [name for name, meaning in read.items() if meaning is Meaning.UNCLEAR]
    wrong = [name for name, meaning in read.items() if meaning not in (meant[name], Meaning.UNCLEAR)]
    shapes = {client["name"] for client in toml("clients")["client"]}
    figures = {"replies": len(cases), "shapes": len(shapes), "missed": len(missed), "misread": len(wrong)}
    record_property("figures", figures)
    print(figures, Counter(meant.values()))  # noqa: T201
    assert wrong == []
    assert len(missed) <= len(cases) // 100, "\n".join(missed)
    assert len(cases) >= 300
    assert len(shapes) >= 25


def test_what_must_confirm_nothing_confirms_nothing(record_property: pytest.RecordProperty) -> None:
    cases = list(nothings())
    confirmed = [case.name for case in cases if reading(case).meaning is not Meaning.UNCLEAR]
    record_property("figures", {"nothings": len(cases), "false": len(confirmed)})
    print({"nothings": len(cases), "false": len(confirmed)})  # noqa: T201
    assert confirmed == []
    assert len(cases) >= 200


WRITTEN = list(written())


@pytest.mark.parametrize("case", WRITTEN, ids=lambda case: case.name)
def test_a_mail_written_by_hand_means_what_its_writer_meant(case: Case) -> None:
    assert reading(case).meaning is case.meaning


def test_every_mail_written_by_hand_is_read() -> None:
    files = {path.stem for path in (CORPUS / "mails").glob("*.eml")}
    assert files == {case.name for case in WRITTEN} | {"letter-ja", "letter-en"}
    assert len(WRITTEN) >= 40


DOUBTS = (
    *(
        "ただし明日までに届けば",
        "2 pieces please",
        "いいえ",
        "When?",
        "日時: 11月30日 18:00まで",
        "3",
        "3個",
        "four",
    ),
    *(
        "deliver Nov 30 at 18:00",
        "Nov 30, 2026 18:00",
        "2026-11-30 18:00 配達",
        "宛先: 会社",
        "上高地ペナント",
        "From: my office",
    ),
    *(
        "1. 信州りんごジャム",
        "Send it to sale@pay.example:",
        "1個でよいと妻が書きました:",
        "by 18:00 he wrote:",
        "TNMKW",
    ),
)
PLACES = int(os.environ.get("HAGAKI_DOUBTS", "1"))


def test_a_doubt_anywhere_among_a_persons_lines_or_between_quoted_ones_is_heard() -> None:
    """PLACES: so many of them in each mail; HAGAKI_DOUBTS."""
    unheard = []
    for case in answers():
        if case.meaning not in AGREES or (b"iso-2022" in case.raw and b"\r\n-- \r\n" in case.raw):
            continue
        mail = read_mail(case.raw)
        assert isinstance(mail, Mail)
        lines, dice = mail.body.split("\n"), random.Random(case.name)
        above = [at for at in range(len(lines) + 1) if at == 0 or _may_be_written_below(lines[at - 1])]
        for at in dice.sample(above, min(PLACES, len(above))):
            body = "\n".join([*lines[:at], dice.choice(DOUBTS), *lines[at:]])
            found = said(body, case.question.texts, ["pay.example", "r.pay.example"])
            if saying.read(found, CODE, names=NAMES[case.question.language]).meaning in AGREES:
                unheard.append(f"{case.name}: {body}")
    assert unheard == []


def _may_be_written_below(line: str) -> bool:
    """Nobody writes into an attribution, a head or a signature."""
    return line.startswith((">", "＞")) or line.strip() in (
        "はい",
        "Yes",
        "yes",
        CODE,
        "OK",
        f"yes {CODE}",
        f"はい {CODE}",
    )


TIMES = int(os.environ.get("HAGAKI_OWN_WORDS", "400"))
LETTERS = (Letter.QUESTION, Letter.QUESTION_REMINDER, Letter.QUESTION_AGAIN)
MARKS = ("", "> ", ">", "＞ ", "| ", ">> ", "\t", "　", "・", "- ", "* ")
LEADS = (
    *("", "-----Original Message-----", "On Sat, Nov 21, 2026 at 6:05 PM Hagaki <sale@pay.example> wrote:"),
    *("差出人: Hagaki <sale@pay.example>", "2026年11月21日(土) 18:05 Hagaki <sale@pay.example>:", "-- "),
    *("iPhoneから送信", "お世話になっております。", "Best regards,", "山田花子"),
)


def pieces(dice: random.Random, text: str) -> Iterator[str]:
    """Some of our own lines, as they are or broken, in any order, with any mark before them."""
    lines = [line for line in text.splitlines() if line.strip()]
    begin = dice.randrange(len(lines))
    chosen = lines[begin : begin + dice.randint(1, len(lines))]
    if dice.random() < 0.3:
        dice.shuffle(chosen)
    mark, width = dice.choice(MARKS), dice.choice((999, 999, 76, 40, 30, 21, 12))
    for line in chosen:
        cut = [line[at : at + width] for at in range(0, len(line), width)]
        yield mark + cut[0]
        yield from (dice.choice(("", mark)) + piece for piece in cut[1:])


def test_our_own_words_are_never_an_answer() -> None:
    """Of a letter of ours, quoted and broken in any way, nobody says yes. HAGAKI_OWN_WORDS: so many times."""
    read = Counter[Meaning]()
    for seed in range(TIMES):
        dice = random.Random(seed)
        asked = question(dice.choice(("ja", "en")), dice.choice(LETTERS))
        text = "\n".join([dice.choice(LEADS), *pieces(dice, dice.choice(asked.texts)), dice.choice(LEADS)])
        lines = said(text, asked.texts if dice.random() < 0.9 else (), ["pay.example", "r.pay.example"])
        meaning = saying.read(lines, CODE, names=NAMES[asked.language]).meaning
        assert meaning not in AGREES, f"HAGAKI_OWN_WORDS, seed {seed}: {lines}"
        read[meaning] += 1
    print(read)  # noqa: T201
