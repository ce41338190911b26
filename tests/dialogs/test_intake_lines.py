"""A mail's content comes to the intake as it was sent, wherever its dots stand and the network cuts it."""

from __future__ import annotations

from typing import Any

import pytest
from door_world import Client, a_door

CONTENTS = {
    "empty": b"",
    "plain": b"Subject: a\r\n\r\nb\r\n",
    "dots": b".\r\n..\r\n.a\r\nb\r\n.\r\n\r\n.",
    "dot first": b".a\r\nb\r\n",
    "dot last": b"a\r\nb\r\n...\r\n",
    "long": b"x" * 60_000 + b"\r\n" + b"y" * 60_000 + b"\r\n.z\r\n" + b"w\r\n" * 30_000,
}


@pytest.mark.parametrize("size", [1, 7, 65_536])
@pytest.mark.parametrize("name", CONTENTS)
async def test_what_was_sent_is_what_is_taken(name: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    content = CONTENTS[name].removesuffix(b".")
    pieces = size if len(content) < 1000 else max(size, 4099)
    async with a_door() as world:
        taken: list[bytes] = []
        accept = world.door.handler._intake.accept

        async def keep(raw: bytes, route: Any) -> Any:
            taken.append(raw)
            return await accept(raw, route)

        monkeypatch.setattr(world.door.handler._intake, "accept", keep)
        client = await Client.to(world)
        await client.until_data()
        stuffed = b"".join(
            b"." + line if line.startswith(b".") else line for line in content.splitlines(keepends=True)
        )
        whole = stuffed + b".\r\n"
        for start in range(0, len(whole), pieces):
            client.writer.write(whole[start : start + pieces])
            await client.writer.drain()
        assert (await client.line())[:3] == "250"
        client.close()
        assert taken == [content]
