"""Session scripts: one end alone, what reaches it, what its caller says, and what must come of each.

`at MS`: the time from here on. `in LINE`: bytes arrive. `say VERB ARGUMENTS`: its caller speaks.
`refuse SLUG`: the `say` before was refused. `tick`: the time is told. `event NAME ARGUMENTS`, `out LINE`:
what comes of the step before, in this order; nothing else may come. `deadline MS` or `deadline none`.
A script begins with what the new session writes.
"""

from __future__ import annotations

from schemas.link import frames
from schemas.link.vectors.notation import line_text


def frame(kind: str, seq: int, body: str = "") -> str:
    """One frame as it stands in a script."""
    return line_text(frames.encode(kind, seq, body))


READER_CALL, PHONE_CALL = frame("E", 0, "1 reader"), frame("E", 0, "1 phone")
HELLO = frame("H", 1, "0000002A 1.0")
PERMISSION = frame("P", 1, "1700000000")
SALE = frame("S", 2, "AEAQAAIA")
STORED = frame("C", 2)
RESULT = frame("R", 3, "AEBAAAIA")
VERDICT = frame("V", 3, "genuine")
BLOCK = "D0144B1AX00N0200IK141234567890123456PB0C00000000" + "0123456789ABCDEF" * 6
HAS = "000000000000002A 0 transport"
TOLD = frame("T", 2, "000000000000002A 00000000 transport")


def ack(seq: int) -> str:
    """The acknowledgement of one frame."""
    return frame("A", seq)


READER_UP = [f"out {READER_CALL}", f"in {ack(0)}", "event LinkUp", "say hello 42 1.0", f"out {HELLO}"]
READER_UP += [f"in {ack(1)}", f"in {PERMISSION}", "event Permission 1700000000", f"out {ack(1)}"]
PHONE_UP = [
    f"out {PHONE_CALL}",
    f"in {ack(0)}",
    "event LinkUp",
    f"in {HELLO}",
    "event Hello 42 1.0",
    f"out {ack(1)}",
]
PHONE_UP += ["say permission 1700000000", f"out {PERMISSION}", f"in {ack(1)}"]
PHONE_HAS_SALE = [*PHONE_UP, f"in {SALE}", "event SaleArrived AEAQAAIA", f"out {ack(2)}"]
TELL = "say result AEBAAAIA"
SHOWS = ["say show 0", f"out {frame('W', 2, '0')}", *[f"say show {i}" for i in range(1, 10)]]

SCRIPTS = (
    # name, expect, comment, role, lines
    (
        "ok-reader",
        "ok",
        "a sale, stored; a result, genuine",
        "reader",
        [
            *READER_UP,
            "say sale AEAQAAIA",
            f"out {SALE}",
            f"in {ack(2)}{STORED}",
            "event Stored",
            f"out {ack(2)}",
            f"in {RESULT}",
            "event ResultArrived AEBAAAIA",
            f"out {ack(3)}",
            "say verdict genuine",
            f"out {VERDICT}",
            f"in {ack(3)}",
            "deadline none",
        ],
    ),
    (
        "ok-phone",
        "ok",
        "the same from the other end",
        "phone",
        [
            *PHONE_HAS_SALE,
            "say stored",
            f"out {STORED}",
            f"in {ack(2)}",
            "say result AEBAAAIA",
            f"out {RESULT}",
            f"in {ack(3)}{VERDICT}",
            "event Verdict genuine",
            f"out {ack(3)}",
            "deadline none",
        ],
    ),
    (
        "ok-again",
        "ok",
        "not stored: the reader may offer it once more",
        "phone",
        [
            *PHONE_HAS_SALE,
            "say again disk-full",
            f"out {frame('G', 2, 'disk-full')}",
            f"in {ack(2)}{frame('S', 3, 'AEAQAAIA')}",
            "event SaleArrived AEAQAAIA",
            f"out {ack(3)}",
        ],
    ),
    (
        "ok-peer-calls",
        "ok",
        "a call brings both up, whoever was first",
        "reader",
        [f"out {READER_CALL}", f"in {PHONE_CALL}", "event LinkUp", f"out {ack(0)}", "deadline none"],
    ),
    (
        "ok-peer-restarts",
        "ok",
        "a call in the middle of a sale: all anew",
        "reader",
        [
            *READER_UP,
            "say sale AEAQAAIA",
            f"out {SALE}",
            f"in {PHONE_CALL}",
            "event LinkUp",
            f"out {ack(0)}",
            "say hello 42 1.0",
            f"out {HELLO}",
        ],
    ),
    (
        "ok-keys-reader",
        "ok",
        "what keys are there, then a key block, loaded",
        "reader",
        [
            *READER_UP,
            f"in {frame('Q', 2)}",
            "event KeysAsked",
            f"out {ack(2)}",
            f"say keys_told {HAS}",
            f"out {TOLD}",
            f"in {ack(2)}{frame('K', 3, BLOCK)}",
            f"event KeyArrived {BLOCK}",
            f"out {ack(3)}",
            "say key_answered loaded 08D7B4",
            f"out {frame('L', 3, 'loaded 08D7B4')}",
            f"in {ack(3)}",
            "deadline none",
        ],
    ),
    (
        "ok-keys-phone",
        "ok",
        "the same from the other end; the same block again, refused; no permission was given",
        "phone",
        [
            *PHONE_UP[:6],
            "say ask_keys",
            f"out {frame('Q', 1)}",
            f"in {ack(1)}{TOLD}",
            f"event KeysTold {HAS}",
            f"out {ack(2)}",
            f"say key {BLOCK}",
            f"out {frame('K', 2, BLOCK)}",
            f"in {ack(2)}{frame('L', 3, 'loaded 08D7B4')}",
            "event KeyAnswered loaded 08D7B4",
            f"out {ack(3)}",
            f"say key {BLOCK}",
            f"out {frame('K', 3, BLOCK)}",
            f"in {ack(3)}{frame('L', 4, 'refused keyblock-mac')}",
            "event KeyAnswered refused keyblock-mac",
            f"out {ack(4)}",
            "deadline none",
        ],
    ),
    (
        "ok-keys-unknown",
        "ok",
        "a reader of before key loading calls anew: its phone's end is up again, and may ask no more",
        "phone",
        [
            *PHONE_UP[:6],
            "say ask_keys",
            f"out {frame('Q', 1)}",
            f"in {READER_CALL}",
            "event LinkUp",
            f"out {ack(0)}",
            f"in {HELLO}",
            "event Hello 42 1.0",
            f"out {ack(1)}",
            "deadline none",
        ],
    ),
    (
        "ok-key-unanswered",
        "ok",
        "a second key block before the answer to the first: out of step, call anew",
        "reader",
        [
            *READER_UP,
            f"in {frame('K', 2, BLOCK)}",
            f"event KeyArrived {BLOCK}",
            f"out {ack(2)}",
            f"in {frame('K', 3, BLOCK)}",
            "event LinkLost",
            f"out {READER_CALL}",
        ],
    ),
    (
        "ok-call-repeats",
        "ok",
        "nobody there: a call a second, for ever",
        "phone",
        [
            f"out {PHONE_CALL}",
            "tick",
            "deadline 1015",
            "at 1014",
            "tick",
            "at 1015",
            "tick",
            f"out {PHONE_CALL}",
            "deadline 2030",
        ],
    ),
    (
        "ok-resend",
        "ok",
        "no ACK: again after the time-out",
        "reader",
        [
            *READER_UP,
            "say sale AEAQAAIA",
            f"out {SALE}",
            "tick",
            "deadline 2016",
            "at 2016",
            "tick",
            f"out {SALE}",
            f"in {ack(2)}",
            "deadline none",
        ],
    ),
    (
        "ok-lost",
        "ok",
        "five times no ACK: lost, and calling",
        "reader",
        [
            *READER_UP,
            "say sale AEAQAAIA",
            f"out {SALE}",
            "tick",
            *[line for i in range(1, 5) for line in (f"at {2016 * i}", "tick", f"out {SALE}")],
            "at 10080",
            "tick",
            "event LinkLost",
            f"out {READER_CALL}",
        ],
    ),
    (
        "ok-nak",
        "ok",
        "a NAK: again at once",
        "reader",
        [*READER_UP, "say sale AEAQAAIA", f"out {SALE}", f"in {frame('N', 0)}", f"out {SALE}"],
    ),
    (
        "ok-damaged",
        "ok",
        "one NAK for any number of damaged frames, until a good one",
        "reader",
        [
            *READER_UP,
            f"in {STORED[:-1]}x",
            f"out {frame('N', 0)}",
            f"in {STORED[:-1]}x",
            f"in noise{frame('W', 2, 'OK')}",
            "event ShowText OK",
            f"out {ack(2)}",
        ],
    ),
    (
        "ok-duplicate",
        "ok",
        "the same sequence again: an ACK and no event",
        "phone",
        [*PHONE_HAS_SALE, f"in {SALE}", f"out {ack(2)}"],
    ),
    (
        "ok-own-role",
        "ok",
        "two readers on one line: no ACK",
        "reader",
        [f"out {READER_CALL}", f"in {READER_CALL}"],
    ),
    (
        "ok-other-version",
        "ok",
        "a version to come: no ACK",
        "reader",
        [f"out {READER_CALL}", f"in {frame('E', 0, '2 phone')}"],
    ),
    (
        "ok-out-of-table",
        "ok",
        "stored before any sale: out of step, call anew",
        "reader",
        [*READER_UP, f"in {STORED}", "event LinkLost", f"out {READER_CALL}"],
    ),
    (
        "ok-out-of-sequence",
        "ok",
        "a sequence was skipped: out of step, call anew",
        "reader",
        [*READER_UP, f"in {frame('P', 3, '1700000600')}", "event LinkLost", f"out {READER_CALL}"],
    ),
    (
        "ok-unreadable",
        "ok",
        "a body that nobody writes: out of step, call anew",
        "reader",
        [*READER_UP, f"in {frame('P', 2, 'noon')}", "event LinkLost", f"out {READER_CALL}"],
    ),
    (
        "bad-sale-before-permission",
        "link-order",
        "a reader may not speak before it is allowed",
        "reader",
        [*READER_UP[:6], "say sale AEAQAAIA", "refuse link-order"],
    ),
    (
        "bad-say-of-other-role",
        "link-order",
        "a phone has no sale",
        "phone",
        [*PHONE_UP, "say sale AEAQAAIA", "refuse link-order"],
    ),
    (
        "bad-keys-untold",
        "link-order",
        "a reader does not tell its keys unasked",
        "reader",
        [*READER_UP, f"say keys_told {HAS}", "refuse link-order"],
    ),
    (
        "bad-second-result",
        "link-order",
        "one result at a time",
        "phone",
        [*PHONE_UP, TELL, f"out {frame('R', 2, 'AEBAAAIA')}", TELL, "refuse link-order"],
    ),
    (
        "bad-queue-full",
        "link-full",
        "nine texts behind one that has no ACK",
        "phone",
        [*PHONE_UP, *SHOWS, "refuse link-full"],
    ),
)  # fmt: skip
