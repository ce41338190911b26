"""Cases of canonicalization and of body hashes (RFC 6376 sections 3.4 and 3.5, RFC 8617 section 4.1)."""

from __future__ import annotations

from itertools import chain
from typing import Final

from arc_cases import FAIL, PASS, TEXT, Case, Says
from arc_cases_tags import ams
from arc_sealer import AAR, AMS, AS, MAIL, Change, Hop, same, swap

DEFAULT: Final = "dkimpy takes another default than the standard's: c= has to be said"


def of_head(subject: str, says: Says, *pairs: str) -> Case:
    return Case(f"head: {subject}", "6376 3.4.2", says, after=swap(*pairs))


def as_c(subject: str, c: str, does: str, says: Says = PASS, house: str = "", after: Change = same) -> Case:
    """c: what the AMS says. does: how it was canonicalized."""
    hop = Hop(message=swap("c=relaxed/relaxed; ", c), canonical=does)
    return Case(f"c= {subject}", "6376 3.5", says, (hop,), after, house=house)


def whose_body(does: str) -> tuple[Hop]:
    """A forwarder that canonicalizes bodies so, and says it in c=."""
    return (Hop(message=swap("c=relaxed/relaxed", f"c=relaxed/{does}"), canonical=f"relaxed/{does}"),)


def of_body(subject: str, says: Says, *pairs: str, does: str = "relaxed") -> Case:
    return Case(f"{does} body: {subject}", "6376 3.4", says, whose_body(does), swap(*pairs))


HEADS: Final = (
    of_head("a name in capitals", PASS, "From:", "FROM:"),
    of_head("a field unfolded otherwise", PASS, "Owner <", "Owner\r\n <"),
    of_head("folded with a tab", PASS, "Owner <", "Owner\r\n\t<"),
    of_head("blanks at the end", PASS, "+0000\r\n", "+0000  \t\r\n"),
    of_head("more blanks within", PASS, "One  answer", "One \t  answer"),
    of_head("fewer blanks within", PASS, "One  answer", "One answer"),
    of_head("no blank within", FAIL, "One  answer", "Oneanswer"),
    of_head("more blanks behind the colon", PASS, "From: ", "From:   "),
    of_head("no blank behind the colon", PASS, "From: ", "From:"),
    of_head("a letter in another case", FAIL, "One  answer", "one  answer"),
    *(
        of_head(f"{name} {subject}", PASS, old.format(name), new.format(name))
        for name in (AAR, AMS, AS)
        for subject, old, new in (
            ("with more blanks behind the colon", "{}: ", "{}:   "),
            ("without a blank behind the colon", "{}: ", "{}:"),
            ("folded behind i=", "{}: i=1; ", "{}: i=1;\r\n\t"),
            ("folded before i=", "{}: i=1; ", "{}:\r\n\ti=1; "),
            ("with more blanks within", "{}: i=1; ", "{}: i=1;   "),
        )
    ),
    of_head("ARC-SEAL", PASS, AS, AS.upper()),
    of_head("arc-message-signature", PASS, AMS, AMS.lower()),
    of_head(
        "AAR with blanks at the end", PASS, "header.from=shop.example\r\n", "header.from=shop.example \t\r\n"
    ),
    of_head("AS with blanks between two tags gone", FAIL, "cv=none; ", "cv=none;"),
)
SAID: Final = (
    as_c("simple/simple", "c=simple/simple; ", "simple/simple"),
    as_c("simple/relaxed", "c=simple/relaxed; ", "simple/relaxed"),
    as_c("simple", "c=simple; ", "simple/simple"),
    as_c("relaxed/simple", "c=relaxed/simple; ", "relaxed/simple"),
    as_c("relaxed", "c=relaxed; ", "relaxed/simple"),
    as_c("relaxed, and the body was relaxed", "c=relaxed; ", "relaxed/relaxed", FAIL),
    as_c("simple, and the head was relaxed", "c=simple/relaxed; ", "relaxed/relaxed", FAIL),
    as_c("relaxed, and the head was simple", "c=relaxed/relaxed; ", "simple/relaxed", FAIL),
    as_c("not there, which is simple", "", "simple/simple", PASS, DEFAULT),
    as_c("not there, and it was relaxed", "", "relaxed/relaxed", FAIL),
    as_c("empty", "c=; ", "relaxed/relaxed", FAIL),
    as_c("unknown", "c=plain/tidy; ", "relaxed/relaxed", FAIL),
    as_c("unknown for the body", "c=relaxed/tidy; ", "relaxed/relaxed", FAIL),
    as_c("of three", "c=relaxed/relaxed/relaxed; ", "relaxed/relaxed", FAIL),
    as_c(
        "simple: a name in capitals", "c=simple/simple; ", "simple/simple", FAIL, after=swap("From:", "FROM:")
    ),
    as_c("simple: a blank more", "c=simple/simple; ", "simple/simple", FAIL, after=swap("From: ", "From:  ")),
    Case("c= in a seal: simple", "8617 4.1.3", FAIL, (Hop(seal=swap("; s=", "; c=simple; s=")),)),
)
BODIES: Final = (
    of_body("as it was", PASS, "Yes", "Yes"),
    of_body("blanks at the ends of lines", PASS, "please.\r\n", "please. \t\r\n"),
    of_body("more blanks within", PASS, "Yes,  please", "Yes,\t   please"),
    of_body("empty lines at the end", PASS, "Owner\r\n", "Owner\r\n\r\n\r\n"),
    of_body("a letter more", FAIL, "Yes,", "Yes,x"),
    of_body("an empty line within", FAIL, "please.\r\n", "please.\r\n\r\n"),
    of_body("a line more", FAIL, "Yes,", "No.\r\nYes,"),
    of_body("as it was", PASS, "Yes", "Yes", does="simple"),
    of_body("empty lines at the end", PASS, "Owner\r\n", "Owner\r\n\r\n\r\n", does="simple"),
    of_body("blanks at the ends of lines", FAIL, "please.\r\n", "please. \r\n", does="simple"),
    of_body("more blanks within", FAIL, "Yes,  please", "Yes,   please", does="simple"),
    *(
        Case(
            f"{does} body: its last line has no end",
            "6376 3.4",
            PASS,
            whose_body(does),
            lambda mail: mail.removesuffix("\r\n"),
        )
        for does in ("relaxed", "simple")
    ),
    *(
        Case(
            f"{does} body: none",
            "6376 3.4",
            PASS,
            whose_body(does),
            mail=MAIL.removesuffix(TEXT),
        )
        for does in ("relaxed", "simple")
    ),
)
HASHES: Final = (
    ams("bh= is not there", "6376 3.5", FAIL, " bh=", " zz="),
    ams("bh= is empty", "6376 3.5", FAIL, " bh=", " bh=; zz="),
    ams("bh= is not base64", "6376 3.5", FAIL, " bh=", " bh=not_in_base64; zz="),
    ams("bh= is of something else", "6376 3.5", FAIL, " bh=", " bh=SGFuYWtv; zz="),
    Case(
        "AMS: bh= has blanks within",
        "6376 3.5",
        PASS,
        (Hop(message=lambda text: text.replace("=; b=", " =; b=")),),
    ),
    ams(
        "l= of the whole body",
        "6376 3.5",
        PASS,
        "; s=",
        f"; l={len(TEXT) - 1}; s=",
        house="l= lets text be added",
    ),
    ams("l= is a word", "6376 3.5", FAIL, "; s=", "; l=all; s="),
    ams("l= is more than there is", "6376 6.1.1", FAIL, "; s=", "; l=99999; s="),
    Case(
        "AMS: l= and text behind it",
        "6376 8.2",
        PASS,
        (Hop(message=swap("; s=", f"; l={len(TEXT) - 1}; s=")),),
        lambda mail: mail + "And ten more.\r\n",
        house="l= lets text be added",
    ),
)

CANONICAL: Final = tuple(chain(HEADS, SAID, BODIES, HASHES))
