"""The transcript of an order: each entry bound to all before it, and every byte of the file counts. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

FORMAT: Final = "hagaki transcript 1"


@dataclass(frozen=True, slots=True)
class Transcript:
    """head: the order, its deal and who had part in it. entries: what happened, oldest first: each a mapping
    with `what` and `at_ms`. chain: a hash over all of it, 64 hex digits.

    Bytes of mails stand in base64, all else as numbers and text.
    """

    head: Mapping[str, Any]
    entries: Sequence[Mapping[str, Any]]
    chain: str

    def of(self, what: str) -> list[Mapping[str, Any]]:
        """Its entries of one kind, oldest first."""
        return [entry for entry in self.entries if entry["what"] == what]


def bound(head: Mapping[str, Any], entries: Iterable[Mapping[str, Any]]) -> Transcript:
    """What happened, events in the order in which they followed each other -> a transcript."""
    ordered = [entry for _, entry in sorted(_timed(entries), key=lambda timed: timed[0])]
    return Transcript(head, ordered, _chain(head, ordered)[-1])


def _timed(entries: Iterable[Mapping[str, Any]]) -> Iterator[tuple[tuple[int, str], Mapping[str, Any]]]:
    """Each with when it stands: an event never before the one that led to it, whatever the clocks."""
    last_ms = 0
    for entry in entries:
        at_ms: int = entry["at_ms"]
        if entry["what"] == "event":
            at_ms = last_ms = max(at_ms, last_ms)
        yield (at_ms, entry["what"]), entry


def written(transcript: Transcript) -> bytes:
    """As a file: the same transcript gives the same bytes."""
    links = _chain(transcript.head, transcript.entries)
    entries = [{**entry, "chain": link} for entry, link in zip(transcript.entries, links[1:], strict=True)]
    whole = {"format": FORMAT, "head": {**transcript.head, "chain": links[0]}, "entries": entries}
    return (json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def read(data: bytes) -> Transcript | None:
    """A file -> the transcript, or None: it is none, or a byte of it is not as it was written."""
    try:
        whole = json.loads(data)
        head = {name: value for name, value in whole["head"].items() if name != "chain"}
        entries = [{k: v for k, v in entry.items() if k != "chain"} for entry in whole["entries"]]
        found = Transcript(head, entries, _chain(head, entries)[-1])
        return found if written(found) == data else None
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None


def _chain(head: Mapping[str, Any], entries: Iterable[Mapping[str, Any]]) -> list[str]:
    """A hash for the head and for each entry, over what stands there and the hash before it."""
    links, link = [], hashlib.sha256(FORMAT.encode()).digest()
    for part in (head, *entries):
        text = json.dumps(part, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        link = hashlib.sha256(link + text.encode()).digest()
        links.append(link.hex())
    return links
