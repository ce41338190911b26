"""Cases of the public keys of sealers (RFC 6376 section 3.6.1, RFC 8301, RFC 8463)."""

from __future__ import annotations

from itertools import chain
from typing import Final

from arc_cases import FAIL, PASS, Case, Says
from arc_sealer import LIST, Hop, p_of, swap

P: Final = f"p={p_of('1024')}"
RECORDS: Final[dict[str, tuple[str, ...]]] = {
    "same": (f"v=DKIM1; k=rsa; {P}",),
    "2048": (f"v=DKIM1; p={p_of('2048')}",),
    "short": (f"v=DKIM1; p={p_of('short')}",),
    "ed25519": (f"v=DKIM1; k=ed25519; p={p_of('ed25519')}",),
}
"""Texts by selector."""


def key(subject: str, clause: str, says: Says, *texts: str, house: str = "") -> tuple[Case, ...]:
    """AMS, and then AS, name a key that has these records."""
    name = f"k{len(RECORDS)}"
    RECORDS[name] = texts
    other = swap("s=s1", f"s={name}")
    return (
        Case(f"key of AMS: {subject}", clause, says, (Hop(message=other),), house=house),
        Case(f"key of AS: {subject}", clause, says, (Hop(seal=other),), house=house),
    )


BITS: Final = (
    Case("a key of 2,048 bits", "8301 3.2", PASS, (Hop(key="2048"),)),
    Case("a key of 639 bits", "8301 3.2", FAIL, (Hop(key="short"),)),
    Case(
        "a key on a curve",
        "8463 3",
        PASS,
        (Hop(message=swap("rsa", "ed25519"), seal=swap("rsa", "ed25519"), key="ed25519"),),
        house="dkimpy knows chains of RSA alone",
    ),
    Case("a key on a curve, and a=rsa-sha256", "6376 6.1.2", FAIL, (Hop(key="ed25519"),)),
)
HELD: Final = (
    key("no record", "6376 6.1.2", FAIL),
    key("two records", "6376 3.6.2.2", FAIL, f"v=DKIM1; {P}", f"v=DKIM1; {P}"),
    key("an empty record", "6376 3.6.1", FAIL, ""),
    key("no tag list", "6376 3.6.1", FAIL, "v=DKIM1; k=rsa; nothing"),
    key("a tag twice", "6376 3.2", FAIL, f"v=DKIM1; k=rsa; k=rsa; {P}"),
    key("p= is not there", "6376 3.6.1", FAIL, "v=DKIM1; k=rsa"),
    key("p= is empty: revoked", "6376 3.6.1", FAIL, "v=DKIM1; k=rsa; p="),
    key("p= is not base64", "6376 3.6.1", FAIL, "v=DKIM1; k=rsa; p=***"),
    key("p= is another key", "6376 6.1.3", FAIL, f"v=DKIM1; k=rsa; p={p_of('2048')}"),
    key("p= is cut off", "6376 3.6.1", FAIL, f"v=DKIM1; k=rsa; {P[:-40]}"),
    key("p= is a key without its kind", "6376 3.6.1", PASS, f"v=DKIM1; p={p_of('pkcs1')}"),
    key("p= alone", "6376 3.6.1", PASS, P),
    key("blanks within p=", "6376 3.6.1", PASS, f"v=DKIM1; {P[:40]} {P[40:90]}  {P[90:]};"),
    key("v= is another", "6376 3.6.1", FAIL, f"v=DKIM2; {P}"),
    key("k= is unknown", "6376 3.6.1", FAIL, f"v=DKIM1; k=abacus; {P}"),
    key("k= is of a curve", "8463 3", FAIL, f"v=DKIM1; k=ed25519; {P}"),
    key("a tag that nobody knows", "6376 3.6.1", PASS, f"v=DKIM1; zz=later; {P}"),
    key("n= has a note", "6376 3.6.1", PASS, f"v=DKIM1; n=since the move; {P}"),
    key("g=, which has gone", "6376 C.2", PASS, f"v=DKIM1; g=nobody; {P}"),
)
LIMITED: Final = (
    key("h=sha256", "6376 3.6.1", PASS, f"v=DKIM1; h=sha256; {P}"),
    key("h=sha1:sha256", "6376 3.6.1", PASS, f"v=DKIM1; h=sha1 : sha256; {P}"),
    key("h=sha1", "6376 3.6.1", FAIL, f"v=DKIM1; h=sha1; {P}"),
    key("s=*", "6376 3.6.1", PASS, f"v=DKIM1; s=*; {P}"),
    key("s=email", "6376 3.6.1", PASS, f"v=DKIM1; s=email; {P}"),
    key("s=tlsrpt", "8460 3", FAIL, f"v=DKIM1; s=tlsrpt; {P}"),
    key("s=other", "6376 3.6.1", FAIL, f"v=DKIM1; s=other; {P}"),
    key("s=email:other", "6376 3.6.1", PASS, f"v=DKIM1; s=email:other; {P}", house="dkimpy reads one"),
    key("t=s", "6376 3.6.1", PASS, f"v=DKIM1; t=s; {P}"),
    key("t=y: a trial", "6376 3.6.1", FAIL, f"v=DKIM1; t=y; {P}"),
    key("t=s:y", "6376 3.6.1", FAIL, f"v=DKIM1; t=s:y; {P}"),
    key("t= is unknown", "6376 3.6.1", PASS, f"v=DKIM1; t=z; {P}"),
)

KEYS: Final = (*BITS, *chain.from_iterable((*HELD, *LIMITED)))

ZONE: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("elsewhere.example", "TXT"): ("v=spf1 +all",),
    ("_dmarc.shop.example", "TXT"): ("v=DMARC1; p=reject",),
    **{
        (f"s1._domainkey.{domain}", "TXT"): (f"v=DKIM1; k=rsa; {P}",)
        for domain in (LIST, "first.list.example", "shop.example", "elsewhere.example")
    },
    **{(f"{name}._domainkey.{LIST}", "TXT"): texts for name, texts in RECORDS.items()},
}
"""What the DNS says: the author's domain disowns what it did not send, and the sender's is a stranger's."""
