"""Faults planted into the skeleton: what goes wrong on a real line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any
from unittest.mock import patch

from plants import Plant, planted

from acquirer_sdk.skeleton import line as line_module
from acquirer_sdk.skeleton import messages
from acquirer_sdk.skeleton.adapter import Skeleton
from acquirer_sdk.skeleton.line import Line, LineSettings
from acquirer_sdk.values import InDoubt, LateAnswer, NotSent

LINE: list[Plant] = []


class OnAnotherLine(Skeleton):
    """A skeleton whose line is of another class."""

    line: type[Line] = Line

    def __init__(self, settings: LineSettings, ports: Any) -> None:
        super().__init__(settings, ports)
        self._line = self.line(settings, self._stray, ports.tell)


class Matching(Line):
    """Ties answers to requests by less than the whole key."""

    names: tuple[str, ...] = ()

    def _take(self, data: bytes) -> bool:
        try:
            said = dict(messages.read(data)) if data.endswith(b"\n") else {"kind": "closing"}
        except messages.MessageError:
            return super()._take(data)
        for key in self._waiting:
            asked = dict(zip(("kind", "reference", "trace", "terminal"), key, strict=True))
            if all(said.get(name) == asked[name] for name in ("kind", *self.names)):
                return super()._take(messages.written({**said, **asked}))
        return super()._take(data)


@planted(
    LINE,
    "doubts_another_terminal",
    "doubts_another_reference",
    "keeps_terminals_apart",
)
class MatchesByTraceNumber(OnAnotherLine):
    """Takes an answer by its trace number alone."""

    class line(Matching):
        names = ("trace",)


@planted(
    LINE,
    "doubts_another_terminal",
    "doubts_another_trace_number",
)
class MatchesByReference(OnAnotherLine):
    """Takes an answer by its reference alone."""

    class line(Matching):
        names = ("reference",)


@planted(
    LINE,
    "sells_on_beside_a_silent_sale",
    "doubts_all_that_was_out_when_the_line_was_lost",
    "takes_answers_out_of_order",
    "reverses_beside_silent_sales",
    "ends_waiting_sales_when_closed",
)
class OneAtATime(OnAnotherLine):
    """Lets the next request wait until the one before was answered."""

    class line(Line):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            self._turn = asyncio.Lock()

        async def ask(self, message):
            async with self._turn:
                return await super().ask(message)


@planted(
    LINE,
    "doubts_a_reset_at_every_byte_of_the_answer",
)
class ReadsHalfALine(OnAnotherLine):
    """Takes what came before the end of the line for a whole message."""

    class line(Line):
        def _take(self, data: bytes) -> bool:
            return bool(data) and super()._take(data if data.endswith(b"\n") else data + b"\n")


@planted(
    LINE,
    "takes_a_doubled_answer_once",
    "reports_a_no_after_a_yes",
    "reports_a_yes_after_a_no",
    "reads_byte_by_byte",
    "reads_answers_split_anywhere",
    "reads_joined_answers",
    "signs_on_again",
    "reports_an_approval_after_the_reversal",
    "keeps_many_apart",
    "books_each_of_many_once",
    "doubts_only_the_silent_ones",
    "reverses_many",
    "keeps_terminals_apart",
)
class ReadsOneSegment(OnAnotherLine):
    """Takes what one read gives for one message."""

    class line(Line):
        async def _session(self) -> None:
            async def opened(*given: Any, **named: Any) -> Any:
                reader, writer = await asyncio.open_connection(*given, **named)
                reader.readline = lambda: reader.read(65536)
                return reader, writer

            with patch.object(line_module, "asyncio", Patched(open_connection=opened)):
                await super()._session()


class Patched:
    """The module asyncio, but for some names."""

    def __init__(self, **names: Any) -> None:
        self.__dict__.update(names)

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)


@planted(
    LINE,
    "starts_at_once_when_nobody_is_there",
)
class StartsWhenConnected(Skeleton):
    """Comes back from start only when the line is up."""

    async def start(self, late: Callable[[LateAnswer], None]) -> None:
        await super().start(late)
        while self._line._writer is None:
            await asyncio.sleep(7)


@planted(
    LINE,
    "sends_nothing_while_the_line_is_down",
    "reverses_nothing_while_the_line_is_down",
    "doubts_a_cut_line",
    "doubts_half_an_answer",
    "keeps_an_answer_before_a_cut",
    "doubts_garbage",
    "doubts_an_endless_answer",
    "doubts_an_empty_answer",
    "leaves_a_deaf_line",
    "doubts_a_reset_at_every_byte_of_the_answer",
    "doubts_a_reset_at_every_byte_of_the_request",
    "survives_spoiled_bytes",
    "asks_nothing_twice_after_a_cut",
    "comes_back_by_itself",
    "signs_on_again",
    "starts_at_once_when_nobody_is_there",
    "raises_nothing_when_asked",
    "raises_nothing_when_reversing",
)
class ConnectsOnce(OnAnotherLine):
    """Never connects again."""

    class line(Line):
        async def _run(self) -> None:
            try:
                await self._session()
            except OSError:
                self._tell("line.refused")


@planted(
    LINE,
    "leaves_a_deaf_line",
)
class NeverEchoes(OnAnotherLine):
    """Does not look whether the far end is still there."""

    class line(Line):
        async def _keep(self, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(0)


@planted(
    LINE,
    "reports_a_no_after_a_yes",
    "reports_a_yes_after_a_no",
    "reports_late_answers",
    "reports_an_approval_after_the_reversal",
)
class DropsStrays(Skeleton):
    """Logs an answer that nobody waits for, and no more."""

    def _stray(self, message: Mapping[str, Any]) -> None:
        self._ports.tell("line.stray")


@planted(
    LINE,
    "waits_by_no_wall_clock_ahead",
    "waits_by_no_wall_clock_behind",
)
class WaitsByTheWallClock(Skeleton):
    """Measures its time-out on the wall clock."""

    async def authorise(self, request):
        started_ms = self._ports.now_ms()
        asked = asyncio.ensure_future(super().authorise(request))
        while not asked.done():
            await asyncio.wait({asked}, timeout=5)
            if abs(self._ports.now_ms() - started_ms) > 31_000:
                asked.cancel()
                return InDoubt("no-answer")
        return asked.result()


@planted(
    LINE,
    "ends_waiting_sales_when_closed",
)
class LeavesThemWaiting(Skeleton):
    """Closes without ending those who wait."""

    async def close(self) -> None:
        self._line._waiting.clear()
        await super().close()


@planted(
    LINE,
    "asks_nothing_twice_after_a_cut",
)
class SendsAgainOnTheNewLine(OnAnotherLine):
    """When the line was lost, sends what was out once more."""

    class line(Line):
        async def ask(self, message):
            answer = await super().ask(message)
            if answer != InDoubt("connection-lost"):
                return answer
            while self._task is not None and self._writer is None:
                await asyncio.sleep(1)
            return await super().ask(message) if self._task is not None else answer


@planted(
    LINE,
    "doubts_a_cut_line",
    "doubts_half_an_answer",
    "doubts_garbage",
    "doubts_an_endless_answer",
    "doubts_an_empty_answer",
    "doubts_a_reset_at_every_byte_of_the_answer",
    "doubts_a_reset_at_every_byte_of_the_request",
    "doubts_all_that_was_out_when_the_line_was_lost",
    "ends_waiting_sales_when_closed",
)
class SaysNotSentAfterSending(OnAnotherLine):
    """Calls a request NotSent when the line was lost under it."""

    class line(Line):
        async def ask(self, message):
            answer = await super().ask(message)
            return NotSent("connection-lost") if answer == InDoubt("connection-lost") else answer


@planted(
    LINE,
    "doubts_garbage",
    "doubts_an_empty_answer",
    "survives_spoiled_bytes",
    "raises_nothing_when_asked",
    "raises_nothing_when_reversing",
)
class DiesOfGarbage(OnAnotherLine):
    """Lets the reader's task die of what it cannot read."""

    class line(Line):
        def _take(self, data: bytes) -> bool:
            if data.endswith(b"\n"):
                messages.read(data)
            return super()._take(data)
