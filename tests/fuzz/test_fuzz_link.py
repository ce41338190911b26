"""Frames of the link on a bad line: of those that were damaged none is taken for another, the good ones pass.

HAGAKI_FRAMES=n: so many frames, with what was found in numbers.
"""

from __future__ import annotations

import os
import random
import sys
from collections import Counter

import dice

from schemas.errors import WireError
from schemas.link import events, frames, table
from schemas.link.session import PHONE, READER, Session

FRAMES = int(os.environ.get("HAGAKI_FRAMES", "20000"))
DAMAGED_PERCENT = 30
PORTION = 500
"""Frames in one go; then the decoder begins anew."""

NOISE_MAX = 12
STX = 0x02
LETTERS = [chr(code) for code in range(0x20, 0x7F)]


def body(chance: random.Random, kind: str) -> str:
    """What such a frame carries in life: armour, a key block, a text, nothing."""
    if kind in (table.SALE, table.RESULT):
        return "".join(chance.choices(events.BASE32, k=chance.randint(180, 500)))
    if kind == table.KEY:
        return "".join(chance.choices(events.CAPITALS, k=events.BLOCK))
    if kind in (table.ACK, table.NAK, table.STORED, table.KEYS_ASKED):
        return ""
    return "".join(chance.choices(LETTERS, k=chance.randint(1, 40)))


KINDS = (table.CALL, table.ACK, table.NAK, *table.MESSAGES)


def hit(chance: random.Random, wire: bytes) -> bytes:
    """What a bad line makes of a frame: bits flipped, bytes lost, doubled, changed, added, a burst, a cut."""
    damaged = bytearray(wire)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        at = chance.randrange(len(damaged)) if damaged else 0
        harm = chance.randrange(7)
        if not damaged:
            break
        if harm == 0:
            damaged[at] ^= 1 << chance.randrange(8)
        elif harm == 1:
            del damaged[at]
        elif harm == 2:
            damaged.insert(at, damaged[at])
        elif harm == 3:
            damaged[at] = chance.randrange(256)
        elif harm == 4:
            damaged.insert(at, chance.randrange(256))
        elif harm == 5:
            end = min(len(damaged), at + chance.randint(1, 16))
            damaged[at:end] = chance.randbytes(end - at)
        else:
            del damaged[at:]
    return bytes(damaged)


def portion(chance: random.Random, count: int, found: Counter[str]) -> None:
    """Some frames and noise on one wire: what the decoder says was said, and the whole ones are among it.

    A frame that was cut may be made whole again by what follows it: then it is the one that was said.
    """
    decoder, everything, expected, heard = frames.Decoder(), Counter(), Counter(), []
    for _ in range(count):
        kind, seq = chance.choice(KINDS), chance.randrange(10)
        said = (kind, seq, body(chance, kind))
        wire = sent = frames.encode(*said)
        if chance.randrange(100) < DAMAGED_PERCENT:
            sent = hit(chance, wire)
            found["damaged"] += wire not in sent
            sent += bytes(byte for byte in chance.randbytes(chance.randrange(NOISE_MAX)) if byte != STX)
        everything[said] += 1
        expected[said] += wire in sent
        for piece in pieces(chance, sent):
            heard += decoder.feed(piece)
    good = Counter((item.type, item.seq, item.body) for item in heard if isinstance(item, frames.Frame))
    found["frames"] += count
    found["passed"] += good.total()
    found["refused"] += len(heard) - good.total()
    found["wrong"] += (good - everything).total()
    found["lost"] += (expected - good).total()


def pieces(chance: random.Random, wire: bytes) -> list[bytes]:
    cut = chance.randrange(len(wire) + 1)
    return [wire[:cut], wire[cut:]]


def test_of_damaged_frames_none_is_taken_for_another() -> None:
    found: Counter[str] = Counter()
    chance = random.Random(dice.FIRST)
    while found["frames"] < FRAMES:
        portion(chance, min(PORTION, FRAMES - found["frames"]), found)
    sys.stderr.write(f"{dict(found)}\n")
    assert found["wrong"] == 0
    assert found["lost"] == 0
    assert found["damaged"] > found["frames"] // 5
    assert found["refused"] > found["damaged"] // 3


def test_no_bytes_at_all_bring_a_session_down() -> None:
    """Whatever comes, a session of either role goes on, and is up again after a call."""

    def case(chance: random.Random) -> None:
        role, other = chance.choice(((READER, PHONE), (PHONE, READER)))
        session, now_ms = Session(role), 0
        for _ in range(40):
            now_ms += chance.randrange(3000)
            for event in session.receive(some_bytes(chance), now_ms):
                answer(chance, session, event)
            session.outgoing()
        peer = Session(other)
        for _ in range(12):
            now_ms += 5000
            up = [type(event) for event in session.receive(peer.outgoing(), now_ms)]
            peer.receive(session.outgoing(), now_ms)
            if events.LinkUp in up:
                return
        raise AssertionError("it never came up again")

    dice.play(60, case)


def some_bytes(chance: random.Random) -> bytes:
    """Noise, frames of any kind with any body, and what a bad line makes of them."""
    wire = chance.randbytes(chance.randrange(6))
    for _ in range(chance.randrange(4)):
        kind = chance.choice(KINDS)
        frame = frames.encode(kind, chance.randrange(10), body(chance, kind))
        wire += hit(chance, frame) if chance.randrange(3) == 0 else frame
    if chance.randrange(3) == 0:
        wire += frames.encode(table.CALL, 0, chance.choice(("1 reader", "1 phone")))
    return wire


def answer(chance: random.Random, session: Session, event: object) -> None:
    """A caller that speaks when it likes: what may not be said now is refused, nothing else."""
    saying = chance.choice(
        [
            lambda: session.hello(1, "x"),
            lambda: session.permission(1),
            lambda: session.sale("AEAQAAIA"),
            lambda: session.stored(),
            lambda: session.result("AEBAAAIA"),
            lambda: session.verdict("genuine"),
            lambda: session.ask_keys(),
            lambda: session.keys_told("00" * 8, 1, "update"),
            lambda: session.key("0" * events.BLOCK),
            lambda: session.key_answered("loaded", "ABCDEF"),
        ]
    )
    try:
        saying()
    except WireError as error:
        assert error.slug in ("link-order", "link-full")


def test_any_text_as_any_message_is_read_back_as_it_was_or_refused() -> None:
    def case(chance: random.Random) -> None:
        event_type = chance.choice([entry[1] for entry in table.MESSAGES.values()])
        text = "".join(chance.choices(LETTERS, k=chance.randrange(200)))
        try:
            event = events.decode(event_type, text)
        except WireError as error:
            assert error.slug in ("link-body", "link-text")
        else:
            assert events.encode(event) == text

    dice.play(500, case)
