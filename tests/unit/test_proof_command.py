"""`hagaki proof`: the customer's own answer, from the question, the mail or the deal, without a gateway."""

from __future__ import annotations

import json
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from hagaki import machine, proof_commands
from hagaki.problem import Problem
from schemas.deal import layout, ocra

app = typer.Typer()
app.command()(proof_commands.proof)
KEY, PASSWORD, NOW_S = bytes(range(32)), "はなこ no hagaki", 1_795_264_800
DEAL = layout.encode(
    layout.Deal(
        shop="花のはがき堂",
        deal_id="A-17",
        time_s=NOW_S,
        currency=392,
        total_minor=5480,
        lines=[("花びん", "GV-12", 2740, 2)],
    )
)
QUESTION = layout.question(DEAL)
ANSWER = ocra.answer(KEY, ocra.password_hash(PASSWORD), QUESTION, NOW_S // 60)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "now_s", lambda: NOW_S)


def proof(*words: str, typed: str = f"{ocra.key_text(KEY)}\n{PASSWORD}\n") -> dict[str, Any]:
    done = CliRunner().invoke(app, [*words, "--json"], input=typed, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def letter(*questions: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "sale@pay.example", "h@home.example", "YOUR ORDER?"
    message.set_content("花びん (GV-12)\n\x1b[2J合計 5,480円\n" + "\n".join(questions), cte="base64")
    return message.as_bytes()


def test_from_the_question() -> None:
    assert proof(QUESTION.upper()) == {"question": QUESTION, "minute": NOW_S // 60, "answer": ANSWER}


@pytest.mark.parametrize(
    "data", [DEAL, DEAL.hex().encode() + b"\n", letter(QUESTION), letter(QUESTION, "> " + QUESTION)]
)
def test_from_a_file(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "file").write_bytes(data)
    (tmp_path / "key").write_text(ocra.key_text(KEY).lower())
    words = (str(tmp_path / "file"), "--key", str(tmp_path / "key"))
    assert proof(*words, typed=f"{PASSWORD}\n")["answer"] == ANSWER
    told = CliRunner().invoke(app, list(words), input=f"{PASSWORD}\n", standalone_mode=False).stdout
    assert "花びん" in told
    assert "5,480" in told
    assert "\x1b" not in told
    assert PASSWORD not in told
    assert ocra.key_text(KEY)[:9] not in told


@pytest.mark.parametrize(
    ("data", "typed", "slug"),
    [
        (letter(), "", "question-missing"),
        (letter(QUESTION[:-1]), "", "question-missing"),
        (letter(QUESTION, "0" * 64), "", "question-several"),
        (DEAL, f"{ocra.key_text(KEY).replace('EAYE', 'EAYF')}\n{PASSWORD}\n", "key-mistyped"),
        (DEAL, f"{ocra.key_text(KEY)}\n", "password-missing"),
        (DEAL, "", "password-missing"),
    ],
)
def test_what_is_no_answer_says_why(tmp_path: Path, data: bytes, typed: str, slug: str) -> None:
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(Problem) as caught:
        proof(str(tmp_path / "file"), typed=typed)
    assert caught.value.slug == slug
