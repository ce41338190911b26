"""The root key: fetched from where the configuration says, or made there once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from mail_gateway.domain.errors import Disposition, GatewayError

ROOT_LENGTH: Final = 32


def random_bytes(count: int) -> bytes:
    """Unpredictable bytes of the operating system, to make keys of."""
    return os.urandom(count)


def fetch_root(reference: str) -> bytes:
    """ "file:PATH" or "env:NAME" of 64 hex digits -> 32 bytes. Raises GatewayError."""
    kind, _, name = reference.partition(":")
    if kind == "file":
        text = _from_file(Path(name))
    elif kind == "env":
        text = os.environ.get(name, "")
    else:
        raise _refused('The root key must be given as "file:PATH" or "env:NAME".', "root-key-reference")
    try:
        root = bytes.fromhex(text)
    except ValueError:
        root = b""
    if len(root) != ROOT_LENGTH:
        raise _refused(f"The root key in {reference} is not 64 hex digits.", "root-key-damaged")
    return root


def make_root(reference: str) -> None:
    """Make the root key's file, mode 0400, if the reference is a file that does not exist yet."""
    kind, _, name = reference.partition(":")
    path = Path(name)
    if kind != "file" or path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(random_bytes(ROOT_LENGTH).hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink()  # half a key would stand in the way of a whole one
        raise


def _from_file(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        sentence = f"There is no root key at {path}: make a key first (hagaki keys new)."
        raise _refused(sentence, "root-key-missing") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise _refused(f"The root key at {path} cannot be read: {reason}.", "root-key-unreadable") from None


def _refused(sentence: str, slug: str) -> GatewayError:
    return GatewayError(sentence, slug, Disposition.REFUSE)
