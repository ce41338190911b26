"""This machine, handed out as ports: clock, randomness, event stream, and the signals that end a server."""

from __future__ import annotations

import asyncio
import errno
import gc
import getpass
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from hagaki.problem import MACHINE, Problem

_MACHINE_ERRORS = {
    errno.EADDRINUSE: ("port-taken", "another program listens there; stop it or choose another port"),
    errno.EACCES: ("no-access", "this user may not; check owner and mode"),
    errno.EPERM: ("no-access", "this user may not; check owner and mode"),
    errno.ENOSPC: ("disk-full", "the disk is full; make room, nothing that was answered 250 is lost"),
    errno.EROFS: ("disk-read-only", "the file system is read-only"),
    errno.ENOENT: ("not-there", "there is no such file, folder or device"),
    errno.ENOTDIR: ("not-there", "a folder on this way is none"),
    errno.EISDIR: ("is-a-folder", "that is a folder; name a file"),
    errno.ENAMETOOLONG: ("name-too-long", "that name is too long; choose another"),
}

_as_json = json.JSONEncoder(ensure_ascii=False).encode
_held: list[str] = []


def now_ms() -> int:
    """Unix milliseconds UTC."""
    return time.time_ns() // 1_000_000


def now_s() -> int:
    """Unix seconds UTC."""
    return time.time_ns() // 1_000_000_000


def random_bytes(count: int) -> bytes:
    """Unpredictable bytes of the operating system."""
    return os.urandom(count)


def file_bytes(path: str) -> bytes | None:
    """A file's bytes; None if there is none that this user may read."""
    try:
        return Path(path).read_bytes()
    except OSError:
        return None


def text(path: Path) -> str:
    """A file that was named for reading. Raises Problem where it is no UTF-8, OSError."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Problem(f"{path} is no text in UTF-8; save it so", "not-utf8") from None


def operator() -> str:
    """The user of this machine who runs the command, for records."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        return str(os.getuid())


def time_text(at_ms: int, zone: str = "") -> str:
    """A moment (unix ms) for a person. zone: IANA name, such as Asia/Tokyo; empty: this machine's."""
    at = datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(ZoneInfo(zone) if zone else None)
    return f"{at:%Y-%m-%d %H:%M:%S %Z}"


def _say(line: str) -> None:
    """One line on standard output; in a server all lines of one turn of its loop leave together."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        print(line, flush=True)
        return
    _held.append(line)
    if len(_held) == 1:
        loop.call_soon(_flush)


def _flush() -> None:
    lines = _held[:]
    _held.clear()
    if lines:
        with suppress(OSError):  # nobody reads the events any more, or their disk is full: the work goes on
            print("\n".join(lines), flush=True)


def tell_json(verb: str, /, **facts: str | int | None) -> None:
    """One event as one JSON object on standard output."""
    _say(_as_json({"verb": verb, "at_ms": now_ms(), **facts}))


def tell_plain(verb: str, /, **facts: str | int | None) -> None:
    """One event as one line for a person."""
    at = datetime.fromtimestamp(now_s()).astimezone().strftime("%H:%M:%S")
    _say(" ".join([at, verb, *(f"{name}={value}" for name, value in facts.items() if value is not None)]))


def tell_nobody(verb: str, /, **facts: str | int | None) -> None:
    """For building something only to see whether it can be built."""


def teller(*, as_json: bool) -> Callable[..., None]:
    """The event stream of a server: JSON for a program, lines for a person."""
    return tell_json if as_json else tell_plain


def _settle() -> None:
    """For a process that lives long: what it began with is not looked through for garbage again, and the
    rest more seldom; the loop and the store's threads hand over to each other at once, not after 5 ms."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    sys.setswitchinterval(0.0005)


def run_server(main: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run until it ends or SIGINT/SIGTERM asks it to. Raises Problem for what the machine refuses."""

    async def until_signal() -> None:
        _settle()
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await main(stop)

    try:
        asyncio.run(until_signal())
    except OSError as error:
        raise machine_problem(error) from error
    finally:
        _flush()


def machine_problem(error: OSError) -> Problem:
    """An operating system error -> the sentence for a person and exit code 3."""
    said = error.strerror or str(error)
    slug, advice = _MACHINE_ERRORS.get(error.errno or 0, ("machine", f"{said}; look at this machine's log"))
    what = error.filename or said
    return Problem(f"{what}: {advice}", slug, MACHINE)


def standard_input() -> bytes:
    """All of standard input."""
    return sys.stdin.buffer.read()


def hidden(prompt: str) -> str:
    """A line that nobody sees typed; from a pipe: the next line of standard input. Raises Problem without."""
    line = (getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline()).strip("\r\n")
    if not line:
        raise Problem("a line is missing: nothing was changed", "line-missing")
    return line
