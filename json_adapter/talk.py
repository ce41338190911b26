"""One exchange from a call to an answer that can be believed: signed, sent, and its signature checked."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass

from acquirer_sdk.port import Ports
from json_adapter.answers import Answer
from json_adapter.asked import Operation
from json_adapter.build import Call
from json_adapter.link import Got, Link, Lost, Post, Unsent
from json_adapter.signature import Key, NotSigned, Stamp, sign_request, verify_answer

_NONCE_BYTES = 16

Said = Answer | Unsent | Lost
"""What became of a call."""


@dataclass(frozen=True, slots=True)
class Talk:
    """The link, the key, and the ports."""

    link: Link
    key: Key
    prefix: str
    ports: Ports

    async def say(self, call: Call, late: Callable[[Call, Answer], None]) -> Said:
        """Send a call and wait. late gets an answer that came after its time."""
        headers = {
            "content-type": "application/json",
            "idempotency-key": call.key,
            "transmission": str(call.transmission),
        }
        nonce = urlsafe_b64encode(self.ports.random_bytes(_NONCE_BYTES)).rstrip(b"=").decode()
        stamp = Stamp(self._now_s(), nonce)
        signed = sign_request(self.key, stamp, self.prefix + call.path, headers, call.body)
        asked = signed["signature"].partition("=")[2]

        def came_late(got: Got) -> None:
            answer = self._believed(got, call, asked)
            if isinstance(answer, Answer):
                late(call, answer)

        got = await self.link.exchange(Post(call.path, signed, call.body), came_late)
        return self._believed(got, call, asked) if isinstance(got, Got) else got

    def _believed(self, got: Got, call: Call, asked: str) -> Answer | Lost:
        """An answer without a good signature is no answer."""
        try:
            whole = (got.status, got.headers, got.body)
            return Answer(got.status, verify_answer(self.key, self._now_s(), whole, asked), got.body)
        except NotSigned as error:
            if call.operation is not Operation.ECHO:
                facts = {"slug": error.slug, "operation": call.operation.value, "status": got.status}
                self.ports.tell("alarm.answer-unsigned", **facts)
            return Lost(error.slug)

    def _now_s(self) -> int:
        return self.ports.now_ms() // 1000
