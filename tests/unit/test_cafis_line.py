"""The line without a socket: its phases are one table, and an answer reaches nobody but its own request."""

from __future__ import annotations

import itertools

import pytest

from acquirer_sdk.values import NotReady, Ready
from cafis_adapter import build
from cafis_adapter.build import Network
from cafis_adapter.codec import Message, pack
from cafis_adapter.framing import frame
from cafis_adapter.keeper import Pace, pause_ms
from cafis_adapter.line import TABLE, Answer, Broken, HostAsks, IllegalSignal, Key, Line, Phase, Signal, Stray
from cafis_adapter.profile import load_profile

PROFILE = load_profile()


def line_up(outstanding_max: int = 64) -> Line[str]:
    line: Line[str] = Line(PROFILE, outstanding_max)
    line.up()
    line.signal(Signal.SIGN_ON_ACCEPTED)
    return line


def answer(
    stan: int = 1, terminal: str = "T1", reference: str = "000000000001", mti: str = "0110"
) -> Message:
    return Message(mti, {11: f"{stan:06d}", 37: reference, 39: "00", 41: terminal})


def on_wire(*messages: Message) -> bytes:
    return b"".join(frame(pack(PROFILE, message)) for message in messages)


KEY = Key.of_answer(answer())


@pytest.mark.parametrize(("phase", "signal"), list(itertools.product(Phase, Signal)))
def test_table_is_all_there_is(phase: Phase, signal: Signal) -> None:
    line: Line[str] = Line(PROFILE, 1)
    line.phase = phase
    if (phase, signal) in TABLE:
        line.signal(signal)
        assert line.phase is TABLE[phase, signal]
    else:
        with pytest.raises(IllegalSignal):
            line.signal(signal)
        assert line.phase is phase


def test_only_a_signed_on_line_takes_new_work() -> None:
    line: Line[str] = Line(PROFILE, 1)
    assert line.ready() == NotReady("not-connected")
    line.up()
    assert line.ready() == NotReady("not-signed-on")
    line.signal(Signal.SIGN_ON_ACCEPTED)
    assert line.ready() == Ready()
    list(line.receive(on_wire(build.network(PROFILE, Network.SIGN_OFF, 1, 0))))
    assert line.ready() == NotReady("not-signed-on")


def test_request_and_its_answer_have_one_key() -> None:
    for asked, said in (("0100", "0110"), ("0420", "0430"), ("0421", "0430"), ("0800", "0810")):
        assert Key.of_request(answer(mti=asked)) == Key.of_answer(answer(mti=said))


def test_answer_reaches_its_waiter_once() -> None:
    line = line_up()
    assert line.expect(KEY, "me") is None
    first, second = line.receive(on_wire(answer(), answer()))
    assert isinstance(first, Answer) and first.waiter == "me" and first.message[39] == "00"
    assert isinstance(second, Stray) and not second.near


@pytest.mark.parametrize(
    ("other", "near"),
    [
        (answer(stan=2), True),
        (answer(terminal="T2"), True),
        (answer(reference="000000000002"), True),
        (answer(terminal="T2", reference="000000000002"), False),
        (answer(stan=2, reference="000000000002"), False),
        (answer(mti="0430"), False),
        (answer(mti="0130"), False),
        (answer(mti="0100"), False),
    ],
)
def test_anything_else_is_not_its_answer(other: Message, near: bool) -> None:
    line = line_up()
    line.expect(KEY, "me")
    (event,) = line.receive(on_wire(other))
    assert isinstance(event, Stray) and event.near is near
    assert line.down() == ["me"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50, 10_000])
def test_events_are_the_same_however_the_stream_is_cut(size: int) -> None:
    line = line_up()
    keys = [Key.of_answer(answer(stan)) for stan in (1, 2)]
    for number, key in enumerate(keys):
        line.expect(key, str(number))
    echo = build.network(PROFILE, Network.ECHO, 1, 0)
    stream = on_wire(answer(2), echo, answer(1), answer(3)) + b"\x00\x04junk" + on_wire(answer(1))
    events = []
    for start in range(0, len(stream), size):
        events += line.receive(stream[start : start + size])
        if isinstance(events[-1] if events else None, Broken):
            break
    assert [type(event) for event in events] == [Answer, HostAsks, Answer, Stray, Broken]
    assert [event.waiter for event in events if isinstance(event, Answer)] == ["1", "0"]


def test_one_request_is_not_under_way_twice() -> None:
    line = line_up()
    assert line.expect(KEY, "first") is None
    assert line.expect(KEY, "second") == "in-flight"
    line.forget(KEY, "second")
    assert line.expect(KEY, "third") == "in-flight"
    line.forget(KEY, "first")
    assert line.expect(KEY, "fourth") is None


def test_full_line_still_takes_reversals() -> None:
    line = line_up(outstanding_max=2)
    for stan in (1, 2):
        assert line.expect(Key.of_answer(answer(stan)), "sale") is None
    assert line.expect(Key.of_answer(answer(3)), "sale") == "busy"
    for stan in (1, 2):
        assert line.expect(Key.of_answer(answer(stan, mti="0430")), "reversal") is None
    assert line.expect(Key.of_answer(answer(3, mti="0430")), "reversal") == "busy"


def test_a_new_stream_begins_clean() -> None:
    line = line_up()
    line.expect(KEY, "me")
    whole = on_wire(answer())
    assert list(line.receive(whole[:20])) == []
    assert line.down() == ["me"]
    line.up()
    assert [type(event) for event in line.receive(whole)] == [Stray]


@pytest.mark.parametrize(
    ("failures", "low", "high"),
    [(0, 250, 500), (1, 500, 1000), (3, 2000, 4000), (8, 30_000, 60_000), (5000, 30_000, 60_000)],
)
def test_pause_doubles_up_to_the_longest_with_a_random_half(failures: int, low: int, high: int) -> None:
    pace = Pace(30, 60, 500, 60_000)
    assert pause_ms(pace, failures, b"\x00\x00") == low
    assert high - 1 <= pause_ms(pace, failures, b"\xff\xff") <= high
