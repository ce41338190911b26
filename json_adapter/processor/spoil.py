"""A signed answer -> the bytes that leave, good or spoiled in one way. No sockets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from json_adapter.processor.desk import Reply
from json_adapter.processor.triggers import Step
from json_adapter.signature import Key, Stamp, sign_answer

_PIECE_MAX: Final = 262_144
_ELSE: Final = ":b3RoZXI=:"
"""The signature of a request that nobody made."""


@dataclass(frozen=True, slots=True)
class Pen:
    """What an answer is signed with, and the signature of the request that it answers."""

    key: Key
    stamp: Stamp
    asked: str


Raw = list[bytes]
"""Pieces, each a segment of its own."""

_HTML: Final = Reply(502, "text/html", b"<html><body>502 Bad Gateway</body></html>")
_AWAY: Final = Reply(307, "text/plain", b"")


def head(pen: Pen, reply: Reply) -> dict[str, str]:
    """The headers of a good answer."""
    return sign_answer(pen.key, pen.stamp, reply.status, pen.asked, (reply.content_type, reply.body))


def raw(how: Step, pen: Pen, reply: Reply) -> Raw:
    """The bytes of an answer, spoiled as `how` says."""
    return _WAYS[how](pen, reply)


def _http(reply: Reply, headers: Mapping[str, str], length: int | None = None) -> bytes:
    told = str(len(reply.body) if length is None else length)
    every = {"connection": "close", **headers, "content-length": told}
    lines = "".join(f"{name}: {value}\r\n" for name, value in every.items())
    return f"HTTP/1.1 {reply.status} Answer\r\n{lines}\r\n".encode() + reply.body


def _good(pen: Pen, reply: Reply) -> bytes:
    return _http(reply, head(pen, reply))


def _bare(_: Pen, reply: Reply) -> Raw:
    return [_http(reply, {"content-type": reply.content_type})]


def _forged(pen: Pen, reply: Reply) -> Raw:
    other = replace(pen, key=replace(pen.key, secret=bytes(reversed(pen.key.secret))))
    return [_good(other, reply)]


def _stale(pen: Pen, reply: Reply) -> Raw:
    return [_good(replace(pen, stamp=replace(pen.stamp, time_s=pen.stamp.time_s - 3600)), reply)]


def _doubled(pen: Pen, reply: Reply) -> Raw:
    return [_good(pen, replace(reply, body=reply.body.replace(b"{", b'{"amount_minor":1,', 1)))]


def _fraction(pen: Pen, reply: Reply) -> Raw:
    return [_good(pen, replace(reply, body=reply.body.replace(b',"currency"', b'.0,"currency"', 1)))]


def _mislabel(pen: Pen, reply: Reply) -> Raw:
    return [_good(pen, replace(reply, status=402))]


def _cookie(pen: Pen, reply: Reply) -> Raw:
    return [_http(reply, {**head(pen, reply), "set-cookie": "seen=1; Path=/"})]


def _twice(pen: Pen, reply: Reply) -> Raw:
    return [_http(reply, {**head(pen, reply), "connection": "keep-alive"}) * 2]


def _huge(pen: Pen, reply: Reply) -> Raw:
    return [_http(reply, head(pen, reply), 10**9), b" " * _PIECE_MAX]


def _halves(pen: Pen, reply: Reply) -> Raw:
    data = _good(pen, reply)
    return [data[: len(data) // 2], data[len(data) // 2 :]]


_WAYS: Final[Mapping[Step, Callable[[Pen, Reply], Raw]]] = {
    Step.HALF: lambda pen, reply: _halves(pen, reply)[:1],
    Step.SPLIT: _halves,
    Step.DRIP: lambda pen, reply: [bytes([byte]) for byte in _good(pen, reply)],
    Step.TWICE: _twice,
    Step.GARBAGE: lambda _, __: [b"\x16\x03\x01 this is no HTTP\r\n\r\n"],
    Step.EMPTY: lambda pen, reply: [_good(pen, replace(reply, body=b""))],
    Step.HUGE: _huge,
    Step.SHORT: lambda pen, reply: [_http(reply, head(pen, reply), len(reply.body) + 100)],
    Step.LONGER: lambda pen, reply: [_http(reply, head(pen, reply), len(reply.body) - 1)],
    Step.BARE: _bare,
    Step.FORGED: _forged,
    Step.REPLAYED: lambda pen, reply: [_good(replace(pen, asked=_ELSE), reply)],
    Step.STALE: _stale,
    Step.DOUBLED: _doubled,
    Step.FRACTION: _fraction,
    Step.PROXY: lambda pen, _: _bare(pen, _HTML),
    Step.AWAY: lambda pen, _: [_http(_AWAY, {**head(pen, _AWAY), "location": "/v1/authorisations"})],
    Step.COOKIE: _cookie,
    Step.MISLABEL: _mislabel,
}
