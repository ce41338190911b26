"""The gateway's judgement of who sent a mail: one sealer is believed, the DNS is as the tables say."""

from __future__ import annotations

from typing import Final

from arc_cases_keys import ZONE
from arc_sealer import AUTHOR, LIST

from mail_gateway.proof.dns import DnsTrouble
from mail_gateway.proof.evidence import FROM, evidence_of
from mail_gateway.proof.judge import Rules, prove
from mail_gateway.proof.spf import Session
from mail_gateway.proof.standing import Standing
from mail_gateway.settings import Way

NOW_S: Final = 1_800_000_000
ELSEWHERE: Final = Session("192.0.2.99", "mx.elsewhere.example", "bounces@elsewhere.example")
RULES: Final = Rules(Way.DIRECT, sealers=frozenset({LIST}))


class Names:
    """The DNS as the tables have it. silent: a name that it does not answer for."""

    def __init__(self, silent: str = "") -> None:
        self._silent = silent
        self.asked: list[str] = []

    async def ask(self, name: str, kind: str) -> tuple[str, ...]:
        self.asked.append(name)
        if name == self._silent:
            raise DnsTrouble(name)
        return ZONE.get((name.lower().rstrip("."), kind), ())


async def standing_of(
    raw: bytes, names: Names | None = None, covered: frozenset[str] = FROM, author: str = AUTHOR
) -> Standing:
    proof = await prove(evidence_of(raw, author, NOW_S, covered), ELSEWHERE, RULES, names or Names())
    return proof.standing
