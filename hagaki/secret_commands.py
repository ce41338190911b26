"""Commands that say a secret: how one is run, and whether each that config.toml names gives one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hagaki.config import Config
from hagaki.problem import Problem
from hagaki.sections import settings
from schemas.mail.sign_in import Ask, NoSecret, SignIn

LIMIT_S: Final = 30
LINE_MAX: Final = 16_384
"""Bytes of the first line; tokens have two or three thousand."""


def asker(folder: Path, limit_s: float = LIMIT_S) -> Ask:
    """-> runs a command in that folder and gives its first line, so soon at most.

    One at a time: two that refresh one token would write one file. Who waited while it failed has the same
    failure, and not one more after as long a time. What a command writes is never told.
    """
    turn, ended = asyncio.Lock(), 0
    failed: dict[tuple[str, ...], tuple[int, str]] = {}

    async def ask(command: tuple[str, ...]) -> str:
        nonlocal ended
        before = ended
        async with turn:
            number, sentence = failed.get(command, (0, ""))
            if number > before:
                raise NoSecret(sentence)
            try:
                return await _first_line(command, folder, limit_s)
            except NoSecret as error:
                failed[command] = ended + 1, error.sentence
                raise
            finally:
                ended += 1

    return ask


def try_all(config: Config) -> None:
    """Run each command that is named, as at a sign-in. Raises Problem for the first that gives no secret."""

    async def run() -> None:
        ask = asker(config.folder)
        for where, account in _accounts(config):
            try:
                await account.secret(ask)
            except NoSecret as error:
                raise Problem(f"{where}: {error.sentence}", error.slug) from None

    asyncio.run(run())


def _accounts(config: Config) -> Iterator[tuple[str, SignIn]]:
    from handset.app import accounts

    mailbox = settings(config, "imap")
    if mailbox.host:
        yield "[imap] secret_command", mailbox.account
    yield "[smarthost] secret_command", settings(config, "smarthost").account
    if config.table("handset"):
        for name, account in accounts(settings(config, "handset")).items():
            yield f"[handset] {name}_secret_command", account


async def _first_line(command: tuple[str, ...], folder: Path, limit_s: float) -> str:
    name, loop = command[0], asyncio.get_running_loop()
    try:
        child, heard = await loop.subprocess_exec(
            _Heard, *command, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, cwd=folder, start_new_session=True
        )
    except OSError as error:
        raise NoSecret(f"{name} cannot be run: {error.strerror}") from None
    try:
        async with asyncio.timeout(limit_s):
            await heard.ended.wait()
    except TimeoutError:
        raise NoSecret(f"{name} took longer than {limit_s} s") from None
    finally:
        await _end(child, heard)
    if child.get_returncode() != 0:
        raise NoSecret(f"{name} ended with {child.get_returncode()}: run it by hand to see why")
    line = bytes(heard.text.partition(b"\n")[0])
    if len(line) > LINE_MAX:
        raise NoSecret(f"{name} wrote a first line of over {LINE_MAX} bytes")
    return line.decode("utf-8", "replace").rstrip("\r")


class _Heard(asyncio.SubprocessProtocol):
    """Keeps the beginning of what a program writes, and knows when it has ended."""

    def __init__(self) -> None:
        self.text = bytearray()
        self.ended = asyncio.Event()

    def pipe_data_received(self, _fd: int, data: bytes) -> None:
        if len(self.text) <= LINE_MAX:
            self.text += data

    def connection_lost(self, _error: Exception | None) -> None:
        self.ended.set()


async def _end(child: asyncio.SubprocessTransport, heard: _Heard) -> None:
    """With all that it has started, if it still runs."""
    if child.get_returncode() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.get_pid(), signal.SIGKILL)
    output = child.get_pipe_transport(1)
    if output is not None:  # who has left the session may hold its other end
        output.close()
    await heard.ended.wait()
    child.close()
