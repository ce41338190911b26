"""What left and what did not: the adapter against a processor that is cut at every stage of an exchange."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import ssl

import aiohttp
import pytest
import trustme
from aiohttp.client_reqrep import ConnectionKey
from cutting_server import KEY, World, right_s, server_tls, world

from acquirer_sdk.bench import PAN, sample_request, until
from acquirer_sdk.quickclock import quickly
from acquirer_sdk.values import (
    Approved,
    AuthoriseOutcome,
    InDoubt,
    NotReady,
    NotSent,
    ReversalAccepted,
    ReversalOpen,
)
from json_adapter.link import Got, _Flight, _result
from json_adapter.signature import verify_request

SALE = sample_request(1200)
KEY_OF_A_CONNECTION = ConnectionKey("processor.example", 443, True, True, None, None, None)


async def outcome_of(here: World) -> AuthoriseOutcome:
    await here.ready()
    return await here.acquirer.authorise(SALE)


# Nothing left.


@quickly
async def test_nobody_listens() -> None:
    async with world() as here:
        await here.ready()
        await here.server.close()
        assert await here.acquirer.authorise(SALE) == NotSent("not-connected")
        assert here.server.paths() == []


@quickly
async def test_a_server_that_never_accepts() -> None:
    async with world() as here:
        await here.ready()
        await here.server.close()
        with socket.create_server(("127.0.0.1", here.server.port)):
            assert await here.acquirer.authorise(SALE) == NotSent("connect-timeout")


@quickly
async def test_a_server_that_speaks_no_tls() -> None:
    async with world() as here:
        await here.ready()
        await here.server.close()
        await here.server.listen(None)
        here.server.takes = 1
        assert await here.acquirer.authorise(SALE) == NotSent("not-connected")


@quickly
async def test_a_server_that_says_garbage_instead_of_tls() -> None:
    async def garbage(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with world() as here:
        await here.ready()
        await here.server.close()
        server = await asyncio.start_server(garbage, "127.0.0.1", here.server.port)
        assert await here.acquirer.authorise(SALE) == NotSent("tls")
        server.close()


@pytest.mark.parametrize("kind", ["another authority", "another name"])
@quickly
async def test_a_certificate_that_is_not_trusted(kind: str) -> None:
    tls = server_tls("elsewhere.example")
    if kind == "another authority":
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA(key_type=trustme.KeyType.ECDSA).issue_cert("127.0.0.1").configure_cert(tls)
    async with world(tls=tls) as here:
        await until(lambda: here.acquirer.ready() == NotReady("certificate"), "not noticed")
        assert await here.acquirer.authorise(SALE) == NotSent("certificate")
        assert here.server.got == []


@quickly
async def test_a_server_whose_certificate_changes_under_way() -> None:
    async with world() as here:
        await here.ready()
        await here.server.close()
        await here.server.listen(server_tls("elsewhere.example"))
        assert await here.acquirer.authorise(SALE) == NotSent("certificate")
        assert here.server.paths() == []


@quickly
async def test_what_was_not_sent_may_be_asked_again_and_is_one_charge() -> None:
    async with world() as here:
        await here.ready()
        await here.server.close()
        assert isinstance(await here.acquirer.authorise(SALE), NotSent)
        await here.server.listen(server_tls("127.0.0.1"))
        assert isinstance(await outcome_of(here), Approved)
        assert here.server.desk.books.charges() == {SALE.reference: 1200}


# Something left.


@pytest.mark.parametrize("takes", [0, 1, 100, 700])
@quickly
async def test_cut_within_the_request(takes: int) -> None:
    async with world() as here:
        await here.ready()
        here.server.takes = takes
        assert await here.acquirer.authorise(SALE) == InDoubt("connection-lost")


@quickly
async def test_cut_behind_the_request() -> None:
    async with world() as here:
        here.server.played = lambda _: []
        assert await outcome_of(here) == InDoubt("connection-lost")
        assert here.server.paths() == ["/v1/authorisations"]


@quickly
async def test_cut_anywhere_within_the_answer() -> None:
    async with world() as here:
        length = 0

        def measured(good: bytes) -> list[bytes]:
            nonlocal length
            length = len(good)
            return [good]

        here.server.played = measured
        assert isinstance(await outcome_of(here), Approved)
        for cut in [*range(1, length, 23), length - 1]:
            here.server.played = lambda good, cut=cut: [good[:cut]]
            outcome = await outcome_of(here)
            assert isinstance(outcome, InDoubt), cut
        here.server.played = lambda good: [good[:-9], good[-9:]]
        assert isinstance(await outcome_of(here), Approved)


@quickly
async def test_an_answer_byte_by_byte() -> None:
    async with world() as here:
        here.server.played = lambda good: [bytes([byte]) for byte in good]
        assert isinstance(await outcome_of(here), Approved)


@quickly
async def test_an_answer_that_drips_for_ever_ends_with_the_time_out() -> None:
    async with world(host_timeout_s=30) as here:
        here.server.played, here.server.pause_s = lambda good: [bytes([byte]) for byte in good], 1
        await until(lambda: here.acquirer.ready() != NotReady("not-connected"), "never ready")
        loop = asyncio.get_running_loop()
        before = loop.time()
        assert await here.acquirer.authorise(SALE) == InDoubt("no-answer")
        assert loop.time() - before < 35
        await here.acquirer.close()


def longer(good: bytes) -> bytes:
    return good.replace(b"content-length: 1", b"content-length: 3")


def shorter(good: bytes) -> bytes:
    top, _, body = good.partition(b"\r\n\r\n")
    return top.replace(f"content-length: {len(body)}".encode(), b"content-length: 20") + b"\r\n\r\n" + body


def gzipped(good: bytes) -> bytes:
    top, _, body = good.partition(b"\r\n\r\n")
    packed = gzip.compress(body)
    named = f"content-encoding: gzip\r\ncontent-length: {len(packed)}".encode()
    return top.replace(f"content-length: {len(body)}".encode(), named) + b"\r\n\r\n" + packed


SPOILED = {
    "longer than it says": longer,
    "shorter than it says": shorter,
    "gzip that nobody asked for": gzipped,
    "no HTTP": lambda _: b"\x16\x03\x01\x00\x00 hello\r\n\r\n",
    "status only": lambda _: b"HTTP/1.1 200 OK\r\n\r\n",
    "status without a number": lambda good: good.replace(b"200", b"yes", 1),
    "two lengths": lambda good: good.replace(b"\r\n\r\n", b"\r\ncontent-length: 1\r\n\r\n", 1),
    "a length that is no number": lambda good: good.replace(b"content-length: ", b"content-length: x"),
    "a negative length": lambda good: good.replace(b"content-length: ", b"content-length: -"),
    "a header of a megabyte": lambda good: good.replace(b"\r\n", b"\r\nx: " + b"y" * 1_000_000 + b"\r\n", 1),
    "headers without end": lambda good: good.replace(b"\r\n", b"\r\n" + b"x: y\r\n" * 5000, 1),
    "a body of two megabytes": lambda good: (
        good.partition(b"content-length")[0] + b"content-length: 2000000\r\n\r\n" + b" " * 2_000_000
    ),
    "a bad chunk": lambda good: (
        good.partition(b"content-length")[0] + b"transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"
    ),
    "a body without a good length": lambda good: good.partition(b"content-length")[0] + b"\r\n{}",
    "a cookie that is none": lambda good: good.replace(
        b"\r\n", b"\r\nset-cookie: \x7f;;=\x01\r\n", 1
    ).replace(b"hagaki=:", b"hagaki=:x"),
    "an early answer only": lambda _: b"HTTP/1.1 103 Early Hints\r\n\r\n",
    "no content": lambda good: good.replace(b"200", b"204", 1),
    "a redirect": lambda good: good.replace(b"200", b"307", 1).replace(
        b"\r\n", b"\r\nlocation: /v1/voids\r\n", 1
    ),
    "two signatures": lambda good: good.replace(b"\r\n", b"\r\nsignature: hagaki=:AAAA:\r\n", 1),
}


@pytest.mark.parametrize("kind", SPOILED)
@quickly
async def test_a_spoiled_answer_is_in_doubt_and_raises_nothing(kind: str) -> None:
    async with world() as here:
        here.server.played = lambda good: [SPOILED[kind](good)]
        outcome = await outcome_of(here)
        assert isinstance(outcome, InDoubt)
        assert PAN not in repr((outcome, here.outside.told))
        here.server.played = None
        await here.ready()
        assert await here.acquirer.reverse(here.acquirer.prepare(SALE), transmission=1) == ReversalAccepted(
            "00"
        )
        assert here.server.desk.books.charges() == {SALE.reference: 0}
        assert here.server.paths() == ["/v1/authorisations", "/v1/reversals"]


@quickly
async def test_an_unsigned_answer_is_an_alarm_and_says_why() -> None:
    async with world() as here:
        here.server.played = lambda _: [b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"]
        assert await outcome_of(here) == InDoubt("signature-missing-503")
        assert [facts["slug"] for facts in here.told("alarm.answer-unsigned")] == ["signature-missing"]
        reversal = here.acquirer.prepare(SALE)
        await here.ready()
        assert await here.acquirer.reverse(reversal, transmission=1) == ReversalOpen("signature-missing-503")


@quickly
async def test_every_changed_byte_of_an_answer_is_refused() -> None:
    """Of its status, of the headers that are signed and of its body; what is not signed may change."""
    async with world(failures_max=1000) as here:
        shape: list[bytes] = []
        here.server.played = lambda good: shape.append(good) or [good]  # type: ignore[func-returns-value]
        assert isinstance(await outcome_of(here), Approved)
        good = shape[0]
        marks = (b"digest: sha-256=:", b'nonce="', b"created=", b"signature: hagaki=:", b"\r\n\r\n")
        starts = [good.index(mark) + len(mark) for mark in marks]
        for at in (9, 10, 11, *(start + step for start in starts for step in (0, 1, 7))):
            here.server.played = lambda good, at=at: [good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]]
            outcome = await outcome_of(here)
            assert isinstance(outcome, InDoubt), good[at - 20 : at + 1]


# What leaves.


@quickly
async def test_a_request_is_one_post_with_the_headers_of_the_wire_and_no_others() -> None:
    async with world() as here:
        assert isinstance(await outcome_of(here), Approved)
        (sale,) = [got for got in here.server.got if got.path == "/v1/authorisations"]
        names = {line.partition(":")[0].lower() for line in sale.head.split("\r\n")[1:]}
        assert names == {
            *("host", "content-type", "content-digest", "content-length", "idempotency-key", "transmission"),
            *("signature-input", "signature", "accept-encoding"),
        }
        assert json.loads(sale.body)["card"]["track2"] == SALE.card.track2
        assert 'idempotency-key: "700000000001-000001-authorisation"' in sale.head
        assert PAN not in sale.head


@quickly
async def test_a_path_in_the_url_stands_before_every_path_and_is_signed() -> None:
    async with world(prefix="/api/v2/") as here:
        await until(lambda: bool(here.server.got), "nothing came")
        echo = here.server.got[0]
        assert echo.path == "/api/v2/v1/echoes"
        assert verify_request(KEY, right_s(), echo.path, echo.heard().headers, echo.body)


@quickly
async def test_proxies_of_the_environment_are_not_used() -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            patch.setenv(name, "http://127.0.0.1:1")
        async with world() as here:
            assert isinstance(await outcome_of(here), Approved)


@quickly
async def test_a_proxy_that_is_named_is_used_and_sees_no_card() -> None:
    seen = bytearray()

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        top = await reader.readuntil(b"\r\n\r\n")
        port = int(top.split(b" ")[1].rpartition(b":")[2])
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                seen.extend(data)
                sink.write(data)
            sink.close()

        seen.extend(top)
        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer), return_exceptions=True)

    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with world(proxy=f"http://127.0.0.1:{port}") as here:
        assert isinstance(await outcome_of(here), Approved)
        assert seen.startswith(b"CONNECT ") and PAN.encode() not in seen
    server.close()


@quickly
async def test_a_proxy_that_refuses_has_let_nothing_out() -> None:
    async def refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(refuses, "127.0.0.1", 0)
    async with world(proxy=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as here:
        await until(lambda: bool(here.told("line.down")), "no echo")
        assert here.told("line.down") == [{"reason": "proxy"}]
        assert await here.acquirer.authorise(SALE) == NotSent("proxy")
        assert here.server.got == []
    server.close()


@pytest.mark.parametrize(
    ("error", "unsent", "lost"),
    [
        (aiohttp.ClientConnectorDNSError(KEY_OF_A_CONNECTION, OSError()), "name-unknown", "connection-lost"),
        (aiohttp.ClientConnectorError(KEY_OF_A_CONNECTION, OSError()), "not-connected", "connection-lost"),
        (ConnectionResetError(), "not-connected", "connection-lost"),
        (aiohttp.ClientPayloadError(), "not-connected", "answer-broken"),
        (UnicodeDecodeError("utf-8", b"", 0, 1, ""), "not-connected", "answer-broken"),
        (ZeroDivisionError("a fault of ours"), "not-connected", "connection-lost"),
    ],
)
async def test_whatever_ends_an_exchange_is_judged_by_whether_it_was_sent(
    error: Exception, unsent: str, lost: str
) -> None:
    async def ends() -> Got:
        raise error

    task = asyncio.create_task(ends())
    await asyncio.wait({task})
    assert [_result(task, _Flight(sent)).reason for sent in (False, True)] == [unsent, lost]  # type: ignore[union-attr]
