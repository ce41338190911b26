"""A tiny far end for tests: the last three digits of the amount say what it does."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from acquirer_sdk.skeleton.messages import APPROVED, Message, MessageError, read, written

LATE_S: Final = 31  # more than the adapter waits
SLOW_S: Final = 2
ALWAYS: Final = 1_000_000
_RAW: Final = {"garbage": b"\x00\x1a no line of JSON\n", "endless": b"{" * 20_000, "empty": b"\n"}


@dataclass(frozen=True, slots=True)
class Play:
    """does: steps, in order. changes: what is other in the answer. unanswered: so many reversals are not."""

    does: str = "charge answer"
    code: str = "00"
    changes: tuple[tuple[str, Any], ...] = ()
    unanswered: int = 0
    refuses: bool = False


PLAYS: Final[Mapping[int, Play]] = {
    1: Play(code="01"),
    10: Play(code="10"),
    51: Play(code="51"),
    55: Play(code="55"),
    96: Play(code="96"),
    901: Play("charge"),
    902: Play(""),
    903: Play("charge late answer"),
    904: Play("slow charge answer"),
    905: Play("charge answer answer"),
    906: Play("charge answer refuse"),
    907: Play("charge refuse answer"),
    908: Play("charge garbage"),
    909: Play("charge endless"),
    911: Play("charge cut"),
    912: Play("charge half cut"),
    913: Play("charge answer cut"),
    914: Play(changes=(("amount", 1),)),
    915: Play(changes=(("terminal", "ELSEWHERE"),)),
    916: Play(changes=(("trace", 0),)),
    917: Play(changes=(("reference", "0"),)),
    918: Play(changes=(("code", "ZZ"),)),
    919: Play(changes=(("currency", 840),)),
    920: Play(changes=(("approval", ""),)),
    921: Play("charge empty"),
    922: Play("charge", unanswered=1),
    923: Play("charge", unanswered=ALWAYS),
    924: Play("charge", refuses=True),
    927: Play("charge answer closing"),
    935: Play(changes=(("refused", "05"),)),
    938: Play("charge"),  # its reversal is acknowledged, and then it is approved
    940: Play("charge deaf"),
}


class Simulator:
    """charges: reference -> minor units left after reversals."""

    def __init__(self) -> None:
        self.port = 0
        self.charges: dict[str, int] = {}
        self._early: set[str] = set()
        self._reversals: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on a free port of this machine."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and end every connection."""
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        deaf = asyncio.Event()
        try:
            while (line := await reader.readline()).endswith(b"\n"):
                if not deaf.is_set():
                    task = asyncio.create_task(self._answer(read(line), writer, deaf))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
        except (OSError, ValueError, MessageError):
            pass
        self._writers.discard(writer)
        writer.transport.abort()

    async def _answer(self, asked: Message, writer: asyncio.StreamWriter, deaf: asyncio.Event) -> None:
        if asked["kind"] == "sale":
            await self._sale(asked, writer, deaf)
        elif asked["kind"] == "reversal":
            self._reverse(asked, writer)
        else:
            _send(writer, written({**asked, "kind": "echo-answer"}))

    async def _sale(self, asked: Message, writer: asyncio.StreamWriter, deaf: asyncio.Event) -> None:
        play = PLAYS.get(asked["amount"] % 1000, Play())
        granted = asked["amount"] // 2 if play.code == "10" else asked["amount"]
        said = {**_answer(asked, play.code), "amount": granted, **dict(play.changes)}
        for step in play.does.split():
            match step:
                case "charge":
                    if play.code in APPROVED and not self._charge(asked["reference"], granted):
                        said = _answer(asked, "05")
                case "late" | "slow":
                    await asyncio.sleep(LATE_S if step == "late" else SLOW_S)
                case "answer" | "refuse":
                    _send(writer, written(said if step == "answer" else _answer(asked, "05")))
                case "half":
                    _send(writer, written(said)[:40])
                case "cut":
                    writer.close()
                case "closing":
                    _send(writer, written({"kind": "closing"}))
                case "deaf":
                    deaf.set()
                case _:
                    _send(writer, _RAW[step])

    def _charge(self, reference: str, amount_minor: int) -> bool:
        """Book it once -> False where its reversal came before it."""
        if reference in self._early:
            return False
        self.charges.setdefault(reference, amount_minor)
        return True

    def _reverse(self, asked: Message, writer: asyncio.StreamWriter) -> None:
        play, reference = PLAYS.get(asked["amount"] % 1000, Play()), asked["reference"]
        known = reference in self.charges
        self._reversals[reference] += 1
        if not play.refuses:
            self._early.add(reference)
            self.charges[reference] = 0
        if self._reversals[reference] > play.unanswered:
            code = "12" if play.refuses else "00" if known else "25"
            _send(writer, written({**_answer(asked, code), "kind": "reversal-answer"}))
        if asked["amount"] % 1000 == 938:
            _send(writer, written(_answer(asked, "00")))


def _answer(asked: Message, code: str) -> dict[str, Any]:
    names = ("reference", "trace", "terminal", "amount", "currency")
    number = f"{asked['trace']:06d}" if code in APPROVED else ""
    return {**{name: asked[name] for name in names}, "kind": "sale-answer", "code": code, "approval": number}


def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    if not writer.is_closing():
        writer.write(data)
