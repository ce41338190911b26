"""Cases of the tags of AMS, AS and AAR: RFC 8617 section 4.1, RFC 6376 section 3.5, RFC 8301."""

from __future__ import annotations

from itertools import chain
from typing import Final

from arc_cases import FAIL, PASS, Case, Says
from arc_sealer import AAR, AMS, AS, MAIL, Change, Hop, sealed, swap, taken_apart

LISTS: Final = "6376 3.2"
UNSAID: Final = "dkimpy wants it otherwise, and nobody writes it"


def in_each(subject: str, clause: str, says: Says, *pairs: str, house: str = "") -> tuple[Case, ...]:
    """The same in AMS and in AS, sealed as it stands."""
    return (
        Case(f"AMS: {subject}", clause, says, (Hop(message=swap(*pairs)),), house=house),
        Case(f"AS: {subject}", clause, says, (Hop(seal=swap(*pairs)),), house=house),
    )


def ams(subject: str, clause: str, says: Says, *pairs: str, house: str = "") -> Case:
    return Case(f"AMS: {subject}", clause, says, (Hop(message=swap(*pairs)),), house=house)


def seal(subject: str, clause: str, says: Says, *pairs: str, house: str = "") -> Case:
    return Case(f"AS: {subject}", clause, says, (Hop(seal=swap(*pairs)),), house=house)


def aar(subject: str, clause: str, says: Says, *pairs: str, house: str = "") -> Case:
    return Case(f"AAR: {subject}", clause, says, (Hop(results=swap(*pairs)),), house=house)


def later(subject: str, clause: str, says: Says, change: Change) -> tuple[Case, ...]:
    """The same done to AMS when it is signed, and sealed so, and to AS when all is done."""
    return (
        Case(f"AMS later: {subject}", clause, says, (Hop(signed=change),)),
        Case(
            f"AS later: {subject}",
            clause,
            says,
            after=lambda mail: change(mail.partition("\r\n")[0]) + mail[mail.index("\r\n") :],
        ),
    )


def b_of(change: Change) -> Change:
    """Of a field, the value of its b=, which is the last tag."""

    def changed(field: str) -> str:
        before, equals, value = field.rpartition("; b=")
        return before + equals + change(value)

    return changed


def another(text: str) -> str:
    return ("A" if text[0] == "B" else "B") + text[1:]


def with_ams_of(other: Hop) -> Change:
    """The AMS of another forwarder of the same mail stands there instead."""

    def change(mail: str) -> str:
        here, there = (
            [one for one in taken_apart(text)[0] if one.startswith(AMS)]
            for text in (mail, sealed(MAIL, other))
        )
        return mail.replace(here[0], there[0])

    return change


FORMS: Final = (
    in_each("blanks before a semicolon", LISTS, PASS, "; s=", " ; s="),
    in_each("folded behind a semicolon", LISTS, PASS, "; s=", ";\r\n s="),
    in_each("folded with tabs", LISTS, PASS, "; s=", ";\r\n\ts=", "i=1; ", "\r\n\ti=1;\r\n\t"),
    in_each("blanks around =", LISTS, PASS, "; s=s1", "; s = s1"),
    in_each("a semicolon at the end", LISTS, PASS, "b=", "b=;"),
    in_each("a tag that nobody knows", LISTS, PASS, "; s=", "; zz=later; s="),
    in_each("i= in the middle", "8617 4.2.1", PASS, "i=1; ", "", "; s=", "; i=1; s="),
    in_each("a tag without a name", LISTS, FAIL, "; s=", "; =; s="),
    in_each("a tag without =", LISTS, FAIL, "; s=", "; zz; s="),
    in_each("a tag that begins with _", LISTS, FAIL, "; s=", "; _z=1; s="),
    in_each("a tag with a hyphen", LISTS, FAIL, "; s=", "; z-z=1; s="),
    in_each("two semicolons", LISTS, FAIL, "; s=", ";; s="),
    in_each("a tag twice", LISTS, FAIL, "; s=s1", "; s=s1; s=s1"),
    in_each("i= twice", LISTS, FAIL, "; s=", "; i=1; s="),
    in_each("S= instead of s=", LISTS, FAIL, "; s=", "; S="),
    in_each("blanks within t=", "6376 3.5", FAIL, "t=17", "t=17 "),
    (
        ams("blanks around i=", "8617 4.2.1", PASS, "i=1;", "i = 1 ;", house=UNSAID),
        seal("blanks around i=", "8617 4.2.1", PASS, "i=1;", "i = 1 ;"),
    ),
    in_each("i= is not there", "8617 4.2.1", FAIL, "i=1; ", ""),
    in_each("i= is empty", "8617 4.2.1", FAIL, "i=1", "i="),
    in_each("i= of the next set", "8617 4.2.1", FAIL, "i=1", "i=2"),
    in_each("i= is an address, as in DKIM", "8617 4.1.2", FAIL, "i=1", "i=@list.example"),
    in_each("i= comes behind another that ends so", "8617 4.2.1", FAIL, "i=1", "xi=1"),
    in_each("v=1", "8617 4.1.2", PASS, "; s=", "; v=1; s="),
    in_each("v=2", "8617 4.1.2", PASS, "; s=", "; v=2; s=", house=UNSAID),
    in_each("q=dns/txt", "6376 3.5", PASS, "; s=", "; q=dns/txt; s="),
    in_each("q=other", "6376 3.5", FAIL, "; s=", "; q=other; s="),
)
ALGORITHMS: Final = (
    in_each("a= is not there", "6376 3.5", FAIL, "a=rsa-sha256; ", ""),
    in_each("a= is empty", "6376 3.5", FAIL, "a=rsa-sha256", "a="),
    in_each("a= is rsa-sha1", "8301 3.1", FAIL, "a=rsa-sha256", "a=rsa-sha1"),
    in_each("a= is unknown", "6376 3.3", FAIL, "a=rsa-sha256", "a=rsa-sha77"),
    in_each("a= has only a kind", "6376 3.5", FAIL, "a=rsa-sha256", "a=rsa"),
    in_each("a= is of another kind than the key", "6376 6.1.2", FAIL, "a=rsa-sha256", "a=ed25519-sha256"),
)
SIGNATURES: Final = (
    in_each("b= is not there", "6376 3.5", FAIL, "; b=", ""),
    in_each("b= is empty", "6376 3.5", FAIL, "; b=", "; b= "),
    in_each("b= is not base64", "6376 3.5", FAIL, "; b=", "; b=not_in_base64"),
    in_each("b= is of something else", "6376 3.7", FAIL, "; b=", "; b=AAAA"),
)
LATER: Final = (
    later("b= has another first letter", "6376 3.7", FAIL, b_of(another)),
    later("b= has another last letter", "6376 3.7", FAIL, b_of(lambda b: b[:-6] + another(b[-6:]))),
    later("b= lost its first letter", "6376 3.5", FAIL, b_of(lambda b: b[1:])),
    later("b= is of another alphabet", "4648 5", FAIL, b_of(lambda b: f"-_{b[2:]}")),
    later("b= has blanks within", "6376 3.5", PASS, b_of(lambda b: f"{b[:20]} {b[20:50]}  {b[50:]}")),
    later("b= is folded", "6376 3.5", PASS, b_of(lambda b: f"\r\n\t{b[:60]}\r\n\t{b[60:]}")),
    later("a tag comes", "6376 3.7", FAIL, swap("; t=", "; zz=1; t=")),
    later("a tag goes", "6376 3.7", FAIL, swap("; t=1700000000", "")),
    later("d= gets capitals", "6376 3.7", FAIL, swap("d=list.example", "d=List.Example")),
    later("s= names another with the same key", "6376 3.7", FAIL, swap("s=s1", "s=same")),
    later("a blank comes within t=", "6376 3.7", FAIL, swap("t=17", "t=17 ")),
)
ONCE: Final = (
    Case("AMS later: h= in another order", "6376 3.7", FAIL, (Hop(signed=swap("from:to", "to:from")),)),
    Case("AMS later: h= in capitals", "6376 3.7", FAIL, (Hop(signed=swap("from:", "From:")),)),
    Case(
        "AMS of another sealing, right by itself",
        "8617 5.2 step 6",
        FAIL,
        after=with_ams_of(Hop(message=swap(":to", ""))),
    ),
    Case(
        "the second AMS has a wrong bh=, and is sealed",
        "8617 5.2 step 4",
        FAIL,
        (Hop(), Hop(message=swap(" bh=", " bh=x; zz="))),
    ),
)
NAMES: Final = (
    in_each("d= is not there", "6376 3.5", FAIL, "d=list.example; ", ""),
    in_each("d= is empty", "6376 3.5", FAIL, "d=list.example", "d="),
    in_each("d= is no name", "6376 3.5", FAIL, "d=list.example", "d=list..example"),
    in_each("d= is stars", "6376 3.5", FAIL, "d=list.example", "d=***"),
    in_each("d= is a name with a blank", "6376 3.5", FAIL, "d=list.example", "d=list. example"),
    in_each("d= is a domain that is not there", "6376 6.1.2", FAIL, "d=list.example", "d=nowhere.example"),
    in_each("d= in capitals", "6376 3.5", PASS, "d=list.example", "d=List.Example"),
    in_each("s= is not there", "6376 3.5", FAIL, "s=s1; ", ""),
    in_each("s= is empty", "6376 3.5", FAIL, "s=s1", "s="),
    in_each("s= is a selector that is not there", "6376 6.1.2", FAIL, "s=s1", "s=none"),
)
TIMES: Final = (
    in_each("t= is not there", "6376 3.5", PASS, "t=1700000000; ", ""),
    in_each("t= is empty", "6376 3.5", FAIL, "t=1700000000", "t="),
    in_each("t= is a word", "6376 3.5", FAIL, "t=1700000000", "t=today"),
    in_each("t= is less than nothing", "6376 3.5", FAIL, "t=1700000000", "t=-170.5"),
    in_each("t= is in the future", "6376 3.5", PASS, "t=17", "t=47", house="the clock is not that wrong"),
    in_each("x= is in the future", "6376 3.5", PASS, "; s=", "; x=4000000000; s="),
    in_each("x= is a word", "6376 3.5", FAIL, "; s=", "; x=never; s="),
    in_each("x= before t=", "6376 3.5", FAIL, "; s=", "; x=1600000000; s="),
)
ENDED: Final = (
    ams("x= is past by the gateway's clock", "6376 3.5", FAIL, "; s=", "; x=1799999999; s="),
    ams("x= is now", "6376 3.5", PASS, "; s=", "; x=4000000000; s="),
)
VERDICT: Final = (
    seal("cv= is not there", "8617 4.1.3", FAIL, "cv=none; ", ""),
    seal("cv= is empty", "8617 4.1.3", FAIL, "cv=none", "cv="),
    seal("cv= is unknown", "8617 4.1.3", FAIL, "cv=none", "cv=well"),
    seal("h= in a seal", "8617 4.1.3", FAIL, "; s=", "; h=from:to; s="),
    seal("h= in a seal, empty", "8617 4.1.3", FAIL, "; s=", "; h=; s="),
    seal("c=relaxed in a seal", "8617 4.1.3", PASS, "; s=", "; c=relaxed; s="),
    seal("bh= in a seal", "8617 4.1.3", PASS, "; s=", "; bh=AAAA; s=", house=UNSAID),
)
COVERED: Final = (
    ams("h= is not there", "6376 3.5", FAIL, "h=from:to:subject:date:message-id; ", ""),
    ams("h= is empty", "6376 5.4", FAIL, "h=from:to:subject:date:message-id", "h="),
    ams("h= lacks From", "6376 5.4", FAIL, "h=from:", "h="),
    ams("h= has From in two words", "6376 3.5", FAIL, "h=from:", "h=fr om:"),
    ams("h= with blanks around colons", "6376 3.5", PASS, "from:to:", "from : to : "),
    ams("h= folded at colons", "6376 3.5", PASS, "from:to:", "from:\r\n to :\r\n\t"),
    ams("h= in capitals", "6376 3.5", PASS, "from:to:", "From:TO:"),
    ams("h= names a field that is not there", "6376 5.4", PASS, ":date", ":date:cc"),
    ams("h= names one twice that is not there", "6376 5.4", PASS, ":date", ":cc:date:cc"),
    ams("h= names From once too often", "6376 5.4", PASS, ":date", ":date:from"),
    ams("h= has an empty name", "6376 3.5", FAIL, ":date", "::date"),
    ams("h= names AR", "8617 5.2 step 4", PASS, ":date", ":date:authentication-results"),
    *(
        Case(
            f"AMS: h= names {name}", "8617 4.1.2", FAIL, (Hop(), Hop(message=swap(":date", f":date:{name}")))
        )
        for name in (AAR, AMS, AS)
    ),
)
TWO: Final = MAIL.replace("X-Mailer: Pen", "X-Seen: one\r\nX-Seen: two")
TWICE_NAMED: Final = Hop(message=swap(":date", ":x-seen:x-seen:date"))
FIELDS: Final = (
    Case("AMS: a field twice, named twice", "6376 5.4.2", PASS, (TWICE_NAMED,), mail=TWO),
    Case(
        "AMS: two of a name have changed places",
        "6376 5.4.2",
        FAIL,
        (TWICE_NAMED,),
        swap("one\r\nX-Seen: two", "two\r\nX-Seen: one"),
        TWO,
    ),
    Case(
        "AMS: a third of a name is put on top",
        "6376 5.4.2",
        PASS,
        (TWICE_NAMED,),
        lambda mail: f"X-Seen: three\r\n{mail}",
        TWO,
    ),
    Case(
        "AMS: a field that was not there comes",
        "6376 5.4",
        FAIL,
        (Hop(message=swap(":date", ":date:cc")),),
        lambda mail: f"Cc: x@y.example\r\n{mail}",
    ),
    Case(
        "AMS: a field that was there goes",
        "6376 3.7",
        FAIL,
        after=swap("Date: Thu, 15 Jan 2027 08:00:00 +0000\r\n", ""),
    ),
    Case("AMS: From changed", "6376 3.7", FAIL, after=swap("From: Owner", "From: Own")),
    Case("AMS: Subject changed", "6376 3.7", FAIL, after=swap("One  answer", "One  answer (seen)")),
    Case(
        "AMS: a field changed that is not named",
        "6376 5.4",
        PASS,
        after=swap("X-Mailer: Pen", "X-Mailer: Ink"),
    ),
    Case(
        "AMS: a field comes that is not named", "6376 5.4", PASS, after=lambda mail: f"X-New: yes\r\n{mail}"
    ),
)
FOUND: Final = (
    aar("i= is not there", "8617 4.1.1", FAIL, "i=1; ", ""),
    aar("i= is empty", "8617 4.1.1", FAIL, "i=1", "i="),
    aar("i= is a word", "8617 4.1.1", FAIL, "i=1", "i=one"),
    aar("i= of the next set", "8617 4.1.1", FAIL, "i=1", "i=2"),
    aar("i= behind the server's name", "8617 4.1.1", FAIL, "i=1; list.example", "list.example; i=1"),
    aar("i= behind another that ends so", "8617 4.1.1", FAIL, "i=1", "xi=1"),
    aar("no semicolon behind i=", "8617 4.1.1", FAIL, "i=1;", "i=1"),
    aar("i= twice", "8617 4.1.1", FAIL, "i=1;", "i=1; i=1;"),
    aar("blanks around i=", "8617 4.1.1", PASS, "i=1;", " i = 1 ;"),
    aar("folded", "8617 4.1.1", PASS, "; dmarc", ";\r\n\tdmarc"),
    aar("it says fail", "8617 7.2", PASS, "dmarc=pass", "dmarc=fail", house="a forwarder's no is no proof"),
    aar(
        "it says pass of somebody else",
        "8617 7.2",
        PASS,
        "shop.example",
        "other.example",
        house="of this author",
    ),
    Case("AAR: changed", "8617 5.2 step 6", FAIL, after=swap("header.from=", "header.from= ")),
)

TAGS: Final = tuple(
    chain(
        chain.from_iterable((*FORMS, *ALGORITHMS, *SIGNATURES, *LATER, *NAMES, *TIMES)),
        (*ONCE, *ENDED, *VERDICT, *COVERED, *FIELDS, *FOUND),
    )
)
