"""`hagaki demo --order`: what somebody sees who has never seen an order confirmed by mail."""

from __future__ import annotations

import json
import subprocess
import sys


def test_the_customer_answers_and_the_shop_hears_made() -> None:
    command = [sys.executable, "-m", "hagaki", "demo", "--order", "--lang", "ja", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    moves = [one["kind"] for one in told if one["verb"] == "order.moved"]
    assert moves == ["authorised", "asked", "yes", "captured"]
    question, answer, shop = (one for one in told if one["verb"] == "demo.mail")
    assert "合計 1,200円" in question["text"]
    assert answer["text"].startswith("はい\n")
    assert "注文成立 1,200円" in shop["subject"]
    assert [one["mti"] for one in told if one["verb"] == "host.request"] == ["0100", "0200"]
    assert told[-1] == {"verb": "demo.end", "made": True}
