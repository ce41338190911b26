"""Mails with one place changed, before the gateway's judgement: nothing proves what was not proven before.

HAGAKI_ARC_CHANGES says how many changes are tried of each property.
"""

from __future__ import annotations

import asyncio
import os
from typing import Final

import pytest
from arc_door import standing_of
from arc_sealer import AUTHOR, MAIL, Hop, sealed, signed, swap
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from mail_gateway.intake.gate import has_bare_newline
from mail_gateway.proof.standing import Standing
from schemas.mail.read import Mail, read_mail

CHANGES: Final = int(os.environ.get("HAGAKI_ARC_CHANGES", "80"))
PROVEN: Final = {
    "a chain of one": sealed(MAIL, Hop()),
    "a chain of two": sealed(MAIL, Hop(domain="first.list.example"), Hop()),
    "signed by the author": signed(MAIL, "shop.example"),
    "signed and sealed": sealed(signed(MAIL, "shop.example"), Hop()),
}
UNPROVEN: Final = {
    "nothing": MAIL,
    "found to fail": sealed(MAIL, Hop(results=swap("pass", "fail"))),
    "found of somebody else": sealed(MAIL, Hop(results=swap("from=shop", "from=shot"))),
    "sealed by a stranger": sealed(MAIL, Hop(), Hop(domain="first.list.example")),
    "sealed without From": sealed(MAIL, Hop(message=swap("h=from:", "h="))),
    "sealed in part": sealed(MAIL, Hop(message=swap("; s=", "; l=4; s="))),
    "sealed and ended": sealed(MAIL, Hop(message=swap("; s=", "; x=1700000009; s="))),
    "sealed as broken": sealed(MAIL, Hop(), Hop(verdict="fail")),
    "signed by a stranger": signed(MAIL, "elsewhere.example"),
    "signed in part": signed(MAIL, "shop.example", swap("; s=", "; l=4; s=")),
}
PIECES: Final = st.one_of(
    st.binary(max_size=1),
    st.sampled_from([b"\r\n", b"\r\n ", b"\r\n\t", b" ", b"\t", b";", b"=", b":", b",", b"<", b"(", b"\xa0"]),
    st.sampled_from([b"\r\nFrom x\r\n ", b"\r\nFrom x\r\n", b"\r\nx\r\n ", b"\r\nTo :\r\n "]),
)


@st.composite
def changed(draw: st.DrawFn, mails: dict[str, str]) -> tuple[str, bytes]:
    """A mail, and the same with one byte replaced or gone, or a piece put in."""
    name = draw(st.sampled_from(sorted(mails)))
    raw = mails[name].encode()
    at = draw(st.integers(0, len(raw) - 1))
    other = raw[:at] + draw(PIECES) + raw[at + draw(st.integers(0, 1)) :]
    assume(other != raw and not has_bare_newline(other))
    return name, other


def what_is_read(raw: bytes) -> tuple[str, ...] | None:
    """What the gateway would go by; None: it reads nothing."""
    mail = read_mail(raw)
    if not isinstance(mail, Mail):
        return None
    texts = (" ".join(text.split()) for text in (mail.subject, *mail.texts))
    return mail.from_address.lower(), mail.message_id, *texts


def standing(raw: bytes) -> Standing:
    read = what_is_read(raw)
    return asyncio.run(standing_of(raw, author="" if read is None else read[0]))


CUT: Final = {
    "behind a line that some take for none": ("One  answer", "One\r\nFrom here\r\n  answer"),
    "behind a line that is no field": ("One  answer", "One\r\nhere\r\n  answer"),
    "behind a name with a blank": ("One  answer", "One\r\nFrom : here\r\n  answer"),
    "before its first field": ("", " X\r\n"),
}


@pytest.mark.parametrize("how", list(CUT))
def test_a_head_that_readers_take_apart_in_two_ways_proves_nothing(how: str) -> None:
    """dkimpy takes a line that begins with "From " for none, and puts what is folded behind it to the field
    before: so a signed field could be cut short."""
    for mail in PROVEN.values():
        assert standing(swap(*CUT[how])(mail).encode()) is Standing.UNPROVEN


def test_a_neighbour_at_the_same_provider_cannot_cut_the_sender_short() -> None:
    """Who may write any name before his address would become whom he names."""
    own = "From: owner@shop.example\r\n <neighbour@shop.example>"
    mail = signed(swap("From: Owner <owner@shop.example>", own)(MAIL), "shop.example")
    cut = swap(own, own.replace("\r\n", "\r\nFrom x\r\n"))(mail).encode()
    assert read_mail(cut).from_address == AUTHOR
    assert standing(cut) is Standing.UNPROVEN


def test_the_mails_are_as_their_names_say() -> None:
    assert {standing(mail.encode()) for mail in PROVEN.values()} == {Standing.PROVEN}
    assert {standing(mail.encode()) for mail in UNPROVEN.values()} == {Standing.UNPROVEN}


@settings(max_examples=CHANGES, deadline=None)
@given(changed(UNPROVEN))
def test_no_change_proves_what_was_not_proven(one: tuple[str, bytes]) -> None:
    name, raw = one
    assert standing(raw) is not Standing.PROVEN, name


@settings(max_examples=CHANGES, deadline=None)
@given(changed(PROVEN))
def test_what_is_still_proven_reads_as_it_did(one: tuple[str, bytes]) -> None:
    name, raw = one
    found = standing(raw)
    event(found.value)
    if found is Standing.PROVEN:
        assert what_is_read(raw) == what_is_read(PROVEN[name].encode()), name
