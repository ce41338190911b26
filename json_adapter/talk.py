"""One exchange from a call to an answer that can be believed: signed, sent, and its signature checked."""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import Callable

from acquirer_sdk.port import Ports
from json_adapter.answers import Answer
from json_adapter.asked import Operation
from json_adapter.build import Call
from json_adapter.farclock import FarClock
from json_adapter.link import Got, Link, Lost, Post, Unsent
from json_adapter.signature import Key, NotSigned, Stamp, sign_request, verify_answer

_NONCE_BYTES = 16

Said = Answer | Unsent | Lost
"""What became of a call."""


class Talk:
    """The link, the key, the prefix of every path, and the ports."""

    def __init__(self, link: Link, key: Key, prefix: str, ports: Ports) -> None:
        self._link = link
        self._key = key
        self._prefix = prefix
        self._ports = ports
        self._clock = FarClock(ports.now_ms, key.skew_s)

    async def say(self, call: Call, late: Callable[[Call, Answer], None]) -> Said:
        """Send a call and wait. late gets an answer that came after its time."""
        headers = {
            "content-type": "application/json",
            "idempotency-key": call.key,
            "transmission": str(call.transmission),
        }
        nonce = urlsafe_b64encode(self._ports.random_bytes(_NONCE_BYTES)).rstrip(b"=").decode()
        stamp = Stamp(self._clock.now_s(_loop_s()), nonce)
        signed = sign_request(self._key, stamp, self._prefix + call.path, headers, call.body)
        asked = signed["signature"].partition("=")[2]

        def came_late(got: Got) -> None:
            answer = self._believed(got, call, asked)
            if isinstance(answer, Answer):
                late(call, answer)

        got = await self._link.exchange(Post(call.path, signed, call.body), came_late)
        return self._believed(got, call, asked) if isinstance(got, Got) else got

    def _believed(self, got: Got, call: Call, asked: str) -> Answer | Lost:
        """An answer without a good signature is no answer."""
        try:
            whole = (got.status, got.headers, got.body)
            content_type, created_s = verify_answer(self._key, whole, asked)
            if call.operation is Operation.ECHO:
                self._set_clock(created_s)
            elif not self._clock.is_near(created_s, _loop_s()):
                raise NotSigned("signature-time")
        except NotSigned as error:
            return self._unbelieved(error.slug, got, call)
        return Answer(got.status, content_type, got.body)

    def _unbelieved(self, slug: str, got: Got, call: Call) -> Lost:
        if call.operation is not Operation.ECHO:
            facts = {"slug": slug, "operation": call.operation.value, "status": got.status}
            self._ports.tell("alarm.answer-unsigned", **facts)
        return Lost(slug if got.status == 200 else f"{slug}-{got.status}")

    def _set_clock(self, created_s: int) -> None:
        differed = self._clock.differs
        ahead_s = self._clock.set(created_s, _loop_s())
        if self._clock.differs and not differed:
            self._ports.tell("alarm.clock-differs", ahead_s=ahead_s)


def _loop_s() -> float:
    return asyncio.get_running_loop().time()
