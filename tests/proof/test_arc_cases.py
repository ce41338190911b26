"""ARC chains, right and wrong, before the gateway's judgement: the subjects of the public suite and more."""

from __future__ import annotations

import sys
from typing import Final

import pytest
from arc_cases import CHAINS, Says
from arc_cases_canonical import CANONICAL
from arc_cases_keys import KEYS
from arc_cases_tags import TAGS
from arc_door import Names, standing_of
from arc_sealer import MAIL, Change, Hop, sealed, swap

from mail_gateway.proof.evidence import FROM
from mail_gateway.proof.standing import Standing

CASES: Final = (*CHAINS, *TAGS, *CANONICAL, *KEYS)


async def test_what_the_gateway_believes_of_chains() -> None:
    wrong = []
    for case in CASES:
        believed = case.says is Says.PASS and not case.house
        standing = await standing_of(case.raw())
        if standing is not (Standing.PROVEN if believed else Standing.UNPROVEN):
            wrong.append(f"{case.subject} ({case.clause}): {standing}")
    sys.stdout.write(f"{len(CASES)} ARC chains, {len(CASES) - len(wrong)} judged right\n")
    assert wrong == []
    assert len({case.subject for case in CASES}) == len(CASES) > 300


@pytest.mark.parametrize("change", [{"message": swap("s=s1", "s=k10")}, {"seal": swap("s=s1", "s=k10")}])
async def test_a_sealer_s_key_that_the_dns_does_not_answer_for_is_asked_for_later(
    change: dict[str, Change],
) -> None:
    raw = sealed(MAIL, Hop(**change)).encode()
    assert await standing_of(raw, Names(silent="k10._domainkey.list.example")) is Standing.LATER


async def test_what_has_not_the_form_of_a_chain_asks_for_no_key() -> None:
    names = Names()
    await standing_of(sealed(MAIL, *[Hop()] * 11).encode(), names)
    assert not [name for name in names.asked if "_domainkey" in name]


@pytest.mark.parametrize(
    ("named", "standing"), [(":to:subject", Standing.PROVEN), (":subject", Standing.UNPROVEN)]
)
async def test_a_forwarder_too_has_to_sign_what_says_which_order_is_meant(
    named: str, standing: Standing
) -> None:
    """Else an answer that it sent on could be sent again with another To."""
    raw = sealed(MAIL, Hop(message=swap(":to:subject", named))).encode()
    assert await standing_of(raw, covered=FROM | {"to"}) is standing
    other = raw.replace(b"To: sale@", b"To: other@")
    assert await standing_of(other, covered=FROM | {"to"}) is Standing.UNPROVEN
