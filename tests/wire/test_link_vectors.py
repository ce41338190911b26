"""Every vector of the link behaves as its file says, and the generator writes exactly these files."""

from __future__ import annotations

from pathlib import Path

import pytest

import schemas.link
from schemas.errors import WireError
from schemas.link import events, frames, table
from schemas.link.session import Session
from schemas.link.vectors import generate
from schemas.link.vectors.notation import line_bytes, line_text

FOLDER = Path(schemas.link.__file__).parent / "vectors"
FILES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.glob("*/*.txt"))
NUMBERS = {"hello": 0, "permission": 0, "keys_told": 1}
VALUES = ("serial", "firmware", "unix_s", "text", "code", "key_id", "counter", "opens", "done", "value")


def read(name: str) -> tuple[dict[str, str], str]:
    """A vector -> its headers, its data."""
    head, _, data = (FOLDER / name).read_bytes().decode().partition("\n\n")
    return dict(line.split(": ", 1) for line in head.split("\n")), data.removesuffix("\n")


class Script:
    """Plays one script on a session; `expect` and `comment` are its file's."""

    def __init__(self, role: str) -> None:
        self.session = Session(role)
        self.now_ms = 0
        self.pending: list[str] = ["out " + line_text(self.session.outgoing())]
        self.refused = ""

    def step(self, line: str) -> None:
        verb, _, rest = line.partition(" ")
        if verb in ("event", "out"):
            assert self.pending, f"nothing comes, wanted: {line}"
            assert self.pending.pop(0) == line
        elif verb == "refuse":
            assert self.refused == rest
        elif verb == "deadline":
            assert rest == ("none" if self.session.deadline_ms is None else str(self.session.deadline_ms))
        else:
            assert not self.pending, f"not foreseen: {self.pending}"
            getattr(self, "do_" + verb)(rest)

    def do_at(self, rest: str) -> None:
        self.now_ms = int(rest)

    def do_in(self, rest: str) -> None:
        self.note(self.session.receive(line_bytes(rest), self.now_ms))

    def do_tick(self, rest: str) -> None:
        self.note(self.session.tick(self.now_ms))

    def do_say(self, rest: str) -> None:
        verb, *words = rest.split(" ")
        place = NUMBERS.get(verb)
        arguments = [int(word) if i == place else word for i, word in enumerate(words)]
        try:
            getattr(self.session, verb)(*arguments)
        except WireError as error:
            self.refused = error.slug
        self.note([])

    def note(self, told: list[events.Event]) -> None:
        self.pending = ["event " + " ".join([repr(event), *arguments(event)]) for event in told]
        out = self.session.outgoing()
        self.pending += ["out " + frame for frame in split_frames(out)]


def arguments(event: events.Event) -> list[str]:
    """An event's values in the order of its constructor."""
    return [str(getattr(event, n)) for n in VALUES if hasattr(event, n)]


def split_frames(out: bytes) -> list[str]:
    return ["<STX>" + part for part in line_text(out).split("<STX>")[1:]]


def check_frame(headers: dict[str, str], data: str) -> None:
    found = frames.Decoder().feed(line_bytes(data))
    if isinstance(found[0], frames.Damaged):
        raise WireError(found[0].slug, found[0].where)
    assert found == [frames.Frame(headers["type"], int(headers["seq"]), headers["body"])]
    assert line_text(frames.encode(headers["type"], int(headers["seq"]), headers["body"])) == data


def check_body(headers: dict[str, str], data: str) -> None:
    event = events.decode(table.MESSAGES[headers["type"]][1], data)
    assert events.encode(event) == data


def check_session(headers: dict[str, str], data: str) -> None:
    script = Script(headers["role"])
    for line in data.split("\n"):
        script.step(line)
    assert not script.pending, f"not foreseen: {script.pending}"
    if script.refused:
        raise WireError(script.refused, "session")


CHECKS = {"frame": check_frame, "body": check_body, "session": check_session}


@pytest.mark.parametrize("name", FILES)
def test_vector(name: str) -> None:
    headers, data = read(name)
    check = CHECKS[name.partition("/")[0]]
    if headers["expect"] == "ok":
        check(headers, data)
    else:
        with pytest.raises(WireError) as caught:
            check(headers, data)
        assert caught.value.slug == headers["expect"]


def test_the_generator_writes_exactly_these_files() -> None:
    written = {name: text.encode() for name, text in generate.files()}
    assert written == {name: (FOLDER / name).read_bytes() for name in FILES}


def test_every_slug_of_the_codec_has_a_vector() -> None:
    source = "".join(path.read_text("utf-8") for path in FOLDER.parent.glob("*.py"))
    parts = [part for call in ("WireError(", "_damaged(", "Damaged(") for part in source.split(call)[1:]]
    said = {part.split('"')[1] for part in parts if part.startswith('"')}
    assert said == {read(name)[0]["expect"] for name in FILES} - {"ok"}
