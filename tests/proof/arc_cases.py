"""Cases of ARC chains as a whole: which sets there are, in what order, what their verdicts say (RFC 8617)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import Final

from arc_sealer import AAR, AMS, AS, MAIL, Change, Hop, is_arc, put_together, same, sealed, swap, taken_apart


class Says(StrEnum):
    """The Chain Validation Status that the standard asks for (section 4.4)."""

    NONE = "none"
    PASS = "pass"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Case:
    """One row. clause: RFC and section that decide. after: what is done to the mail when all have sealed it.
    house: why the gateway believes less than the standard lets it, "" where it does not."""

    subject: str
    clause: str
    says: Says
    hops: tuple[Hop, ...] = (Hop(),)
    after: Change = same
    mail: str = MAIL
    house: str = ""

    def raw(self) -> bytes:
        return self.after(sealed(self.mail, *self.hops)).encode()


NONE, PASS, FAIL = Says


def hops(count: int) -> tuple[Hop, ...]:
    return (Hop(),) * count


def numbered(number: str) -> Hop:
    """A first set that says this number in all of its fields."""
    said = swap("i=1", f"i={number}")
    return Hop(results=said, message=said, seal=said)


def without(name: str, place: int) -> Change:
    """The set of that number loses its field."""

    def change(mail: str) -> str:
        fields, body = taken_apart(mail)
        return put_together([one for one in fields if not _is(one, name, place)], body)

    return change


def doubled(name: str, place: int, other: Change = same, *, is_below: bool = False) -> Change:
    """The field is there twice, the second time changed."""

    def change(mail: str) -> str:
        fields, body = taken_apart(mail)
        at = next(at for at, one in enumerate(fields) if _is(one, name, place))
        fields.insert(at + is_below, other(fields[at]))
        return put_together(fields, body)

    return change


def arranged(*order: int) -> Change:
    """The ARC fields stand in another order; numbers from the topmost, which is 0."""

    def change(mail: str) -> str:
        fields, body = taken_apart(mail)
        own = [one for one in fields if is_arc(one)]
        rest = [one for one in fields if not is_arc(one)]
        return put_together([*(own[at] for at in order), *rest], body)

    return change


def below(mail: str) -> str:
    """The ARC fields stand under all others."""
    fields, body = taken_apart(mail)
    return put_together(sorted(fields, key=is_arc), body)


def _is(field: str, name: str, place: int) -> bool:
    return field.startswith(f"{name}: i={place};")


def on_top(field: str) -> Change:
    return lambda mail: f"{field}\r\n{mail}"


def both(*changes: Change) -> Change:
    def change(mail: str) -> str:
        for one in changes:
            mail = one(mail)
        return mail

    return change


TEXT: Final = MAIL.partition("\r\n\r\n")[2]
MANY: Final = "ten sets are enough"
FORM: Final = "8617 5.2 step 3A"
ROW: Final = "8617 5.2 step 3B"
VERDICTS: Final = "8617 5.2 step 3C"

WITHOUT: Final = (
    Case("an empty mail", "8617 5.2 step 1", NONE, (), mail=""),
    Case("a body without a head", "8617 5.2 step 1", NONE, (), mail=f"\r\n{TEXT}"),
    Case("a head without a body", "8617 5.2 step 1", NONE, (), mail=MAIL.removesuffix(TEXT)),
    Case("a mail without a set", "8617 5.2 step 1", NONE, ()),
    Case(
        "a mail of parts without a set", "8617 5.2 step 1", NONE, (), mail=on_top("Content-Type: a/b")(MAIL)
    ),
    Case(
        "results of DKIM and SPF are no set", "8617 5.2 step 1", NONE, (), on_top("Authentication-Results: x")
    ),
)

PARTS: Final = (
    "Content-Type: multipart/alternative; boundary=two\r\n"
    + MAIL.removesuffix(TEXT)
    + "--two\r\nContent-Type: text/plain\r\n\r\nYes\r\n\r\n--two\r\nContent-Type: text/html\r\n\r\n"
    "<p dir='ltr'>Yes</p>\r\n\r\n--two--\r\n"
)
RENAMED: Final = Hop(mail=swap("From: Owner", "From: The Owner"))
WHOLE: Final = (
    *(Case(f"a chain of {count}", "8617 5.2 step 7", PASS, hops(count)) for count in (1, 2, 3, 4, 5, 10)),
    Case("a chain of one over parts", "8617 5.2 step 7", PASS, mail=PARTS),
    Case("a chain of two over parts", "8617 5.2 step 7", PASS, hops(2), mail=PARTS),
    Case("the second changed From, the first AMS is broken", "8617 5.2 step 4", PASS, (Hop(), RENAMED)),
    Case("the second changed the text", "8617 5.2 step 4", PASS, (Hop(), Hop(mail=swap("Yes", "Yes!")))),
    Case(
        "the first sealer is a stranger",
        "8617 5.2 step 6",
        PASS,
        (Hop(domain="first.list.example"), Hop()),
    ),
    Case("a chain of 11", "8617 4.2.1", PASS, hops(11), house=MANY),
    Case("a chain of 50", "8617 4.2.1", PASS, hops(50), house=MANY),
    Case("a chain of 51", "8617 5.2 step 1", FAIL, hops(51)),
)

LACKING: Final = tuple(
    Case(f"{name} of {place} of {count} is not there", FORM, FAIL, hops(count), without(name, place))
    for count in (1, 2)
    for place in range(1, count + 1)
    for name in (AAR, AMS, AS)
)
UNMADE: Final = (
    Case(
        "sealed without AAR",
        FORM,
        FAIL,
        (Hop(results=swap("i=1; list.example; dmarc=pass header.from=shop.example", "")),),
    ),
    Case("sealed without AMS", FORM, FAIL, (Hop(message=lambda _: ""),)),
    Case("the second sealed over a set without seal", FORM, FAIL, (Hop(seal=lambda _: ""), Hop(place=2))),
    Case("the second sealed over a set without AMS", FORM, FAIL, (Hop(message=lambda _: ""), Hop(place=2))),
)
TWICE: Final = (
    Case("the seal twice", FORM, FAIL, after=doubled(AS, 1)),
    Case("the seal twice, with others between", FORM, FAIL, after=both(doubled(AS, 1), arranged(0, 2, 3, 1))),
    Case("the second seal twice", FORM, FAIL, hops(2), doubled(AS, 2)),
    Case(
        "two AMS, the right one below",
        FORM,
        FAIL,
        after=doubled(AMS, 1, swap("h=from:to", "h=from:cc"), is_below=False),
    ),
    Case(
        "two AMS, the right one on top",
        FORM,
        FAIL,
        after=doubled(AMS, 1, swap("h=from:to", "h=from:cc"), is_below=True),
    ),
    Case("two AAR", FORM, FAIL, after=doubled(AAR, 1)),
    Case(
        "two AAR that differ, the sealed one on top",
        FORM,
        FAIL,
        after=doubled(AAR, 1, swap("pass", "none"), is_below=True),
    ),
    Case(
        "two AAR that differ, the sealed one below", FORM, FAIL, after=doubled(AAR, 1, swap("pass", "none"))
    ),
    Case("the whole set twice", FORM, FAIL, after=both(doubled(AS, 1), doubled(AMS, 1), doubled(AAR, 1))),
    Case(
        "the whole set twice, one over the other",
        FORM,
        FAIL,
        after=both(doubled(AS, 1), doubled(AMS, 1), doubled(AAR, 1), arranged(0, 2, 4, 1, 3, 5)),
    ),
)
NUMBERED: Final = (
    Case("numbers begin with 2", ROW, FAIL, (Hop(place=2, verdict="none"),)),
    Case("numbers 1 and 3", ROW, FAIL, (Hop(), Hop(place=3))),
    Case("number 1 twice", ROW, FAIL, (Hop(), Hop(place=1))),
    Case("the first set is gone", ROW, FAIL, hops(2), arranged(0, 1, 2)),
    Case("the second of three is gone", ROW, FAIL, hops(3), arranged(0, 1, 2, 6, 7, 8)),
    Case("number 0", "8617 4.2.1", FAIL, (numbered("0"),)),
    Case("a number that is a letter", "8617 4.2.1", FAIL, (numbered("a"),)),
    Case("number 01", "8617 4.2.1", PASS, (numbered("01"),)),
    Case("number 001", "8617 4.2.1", FAIL, (numbered("001"),)),
    Case("number +1", "8617 4.2.1", FAIL, (numbered("+1"),)),
    Case(
        "a seal without number beside the chain",
        "8617 4.2.1",
        FAIL,
        after=on_top(f"{AS}: a=rsa-sha256; cv=none"),
    ),
    Case(
        "an AAR without number beside the chain",
        "8617 4.2.1",
        FAIL,
        after=on_top(f"{AAR}: list.example; dmarc=pass"),
    ),
)
ORDERED: Final = (
    Case("the older set on top", "8617 5.1.1", PASS, hops(2), arranged(3, 4, 5, 0, 1, 2)),
    Case("fields by kind", "8617 5.1.1", PASS, hops(2), arranged(0, 3, 1, 4, 2, 5)),
    Case("fields turned round", "8617 5.1.1", PASS, hops(3), arranged(8, 7, 6, 5, 4, 3, 2, 1, 0)),
    Case("the chain below all fields", "8617 5.1.1", PASS, hops(2), below),
    Case(
        "the third sealed over an order of its own",
        "8617 5.1.1",
        FAIL,
        (Hop(), Hop(), Hop(mail=arranged(3, 4, 5, 0, 1, 2))),
    ),
)
SAID: Final = (
    Case("cv=pass in the first", VERDICTS, FAIL, (Hop(verdict="pass"),)),
    Case("cv=fail in the first", VERDICTS, FAIL, (Hop(verdict="fail"),)),
    Case("cv=none in the second", VERDICTS, FAIL, (Hop(), Hop(verdict="none"))),
    Case("cv=fail in the second", "8617 5.2 step 2", FAIL, (Hop(), Hop(verdict="fail"))),
    Case("cv=pass in the first of two", VERDICTS, FAIL, (Hop(verdict="pass"), Hop())),
    Case("cv=fail in the first of two", VERDICTS, FAIL, (Hop(verdict="fail"), Hop())),
    Case("cv=fail in the second of three", VERDICTS, FAIL, (Hop(), Hop(verdict="fail"), Hop())),
    Case("cv=none changed to pass", "8617 5.2 step 6", FAIL, after=swap("cv=none", "cv=pass")),
)
BROKEN: Final = (
    Case("the text changed", "8617 5.2 step 4", FAIL, after=swap("Yes", "Yet")),
    Case("the text changed behind two", "8617 5.2 step 4", FAIL, hops(2), swap("Yes", "Yet")),
    Case(
        "a tag put into the seal", "8617 5.2 step 6", FAIL, after=swap(f"{AS}: i=1; a", f"{AS}:i=1; zz=1; a")
    ),
    Case("the older seal changed", "8617 5.2 step 6", FAIL, hops(2), swap("cv=none; d=", "cv=none;d=")),
    Case(
        "the older seal wrong, the newer made over it",
        "8617 5.2 step 6",
        FAIL,
        (Hop(), Hop(mail=swap("cv=none; d=", "cv=none;d="))),
    ),
    Case(
        "the older AAR changed",
        "8617 5.2 step 6",
        FAIL,
        hops(2),
        swap("i=1; list.example; dmarc=pass", "i=1; list.example; dmarc=fail"),
    ),
    Case(
        "the older AMS changed",
        "8617 5.2 step 6",
        FAIL,
        hops(2),
        swap("i=1; a=rsa-sha256; c=relaxed/relaxed", "i=1; a=rsa-sha256; c=relaxed/simple"),
    ),
    Case(
        "the older AMS is of rsa-sha1",
        "8617 5.2 step 5",
        PASS,
        (Hop(message=swap("sha256", "sha1")), Hop()),
        house="every AMS has to be of a known form",
    ),
)

CHAINS: Final = tuple(chain(WITHOUT, WHOLE, LACKING, UNMADE, TWICE, NUMBERED, ORDERED, SAID, BROKEN))
