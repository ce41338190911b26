"""HTTP to shops' servers: posts one body and says what became of it. It decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import aiohttp

from mail_gateway.outbox.hooking import Told

if TYPE_CHECKING:
    from mail_gateway.outbox.hooking import Post

TIMEOUT_S: Final = 10
CONNECTIONS: Final = 32
_GOOD: Final = range(200, 300)
_HEADER_MAX: Final = 4096


class HookCaller:
    """Owns the connections. No redirects, no cookies, no proxy of the machine's; answers are not read."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def post(self, post: Post) -> Told:
        """Send it once and wait for the status line and headers, no longer than TIMEOUT_S."""
        session = self._open()
        try:
            async with session.post(
                post.url, data=post.body, headers=post.headers, allow_redirects=False
            ) as answer:
                status = answer.status
                answer.close()  # whatever else it says is nobody's affair
        except TimeoutError:
            return Told(taken=False, remark="timeout")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Told(taken=False, remark=type(error).__name__)
        return Told(taken=status in _GOOD, remark=f"HTTP {status}")

    async def close(self) -> None:
        """End what is under way."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, force_close=True),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
                auto_decompress=False,
                max_field_size=_HEADER_MAX,
                max_line_size=_HEADER_MAX,
            )
        return self._session
