"""Reads a merchant's plain answer: lines with the number or the name of an item, and its value.

No answer is extracted from prose. What is not unambiguous is asked again.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from acquirer_sdk.values import Item
from mail_gateway.domain.item_values import value_of
from mail_gateway.domain.item_words import LABELS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mail_gateway.domain.item_values import Limits

_NUMBERED: Final = re.compile(
    r"[(\[【<]?(?:no\.?|#)?\s*(?P<number>[1-9]\d?)[\ufe0f\u20e3]*"
    r"(?:\s*(?:番目?|つ目)?\s*(?P<sign>[)\]】>.:、。=→]|は|が|-(?!\d+-))[\s:=→]*|番目?\s+|\s+|,\s+)(?P<rest>\S.*)",
    re.IGNORECASE,
)
_AFTER_LABEL: Final = re.compile(r"\s*(?:[:=→>]|は|が|\bis\b)\s*|\s+|(?=\d)")
_REST_OF_LABEL: Final = re.compile(r"\s*(?:\([^)]*\))?\s*(?:(?:[:=→>]|は|が|\bis\b)\s*)*")
_BREAK: Final = re.compile(r"\s*[,、;]\s*|\s+/\s+")
_WHOLE_LINE: Final = frozenset({Item.NOTE, Item.BONUS_MONTHS})
"""Their values may have a comma and a number in them."""

_COURTESY: Final = re.compile(
    r"(了解|承知|わかりました|分かりました|ありがと|お世話|はい|いいえ"
    r"|thank|ok\b|okay|yes\b|no\b|got it|noted).*",
    re.IGNORECASE,
)
"""Said by itself this is no free text for anybody."""

_SURE_NUMBER: Final = re.compile(r"[A-Z]{0,3}[0-9]{4,7}")
_LABELLED: Final = tuple(
    sorted(
        ((label, item) for item, labels in LABELS.items() for label in labels), key=lambda one: -len(one[0])
    )
)
_LABELS: Final = tuple(label for label, _ in _LABELLED)
_LABEL_MAX: Final = len(_LABELS[0])


@dataclass(frozen=True, slots=True)
class Reading:
    """good: item -> its written form. wrong: what was answered and cannot be used. Neither: nothing was."""

    good: Mapping[Item, str] = field(default_factory=dict)
    wrong: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """numbered: number in the letter -> item, all of them. missing: those that are not answered yet."""

    numbered: Mapping[int, Item]
    missing: tuple[Item, ...]
    limits: Limits


def read(lines: Sequence[str], asked: Asked) -> Reading:
    """What the lines of an answer (Unicode NFKC, none of them ours) say to what was asked.

    An item that is answered twice counts only where both say the same.
    """
    found: dict[Item, list[str | None]] = defaultdict(list)
    for line in lines:
        for item, text in _pieces(line, asked):
            found[item].append(value_of(item, text, asked.limits))
    if not found:
        found.update(_bare(lines, asked))
    good = {item: values[0] for item, values in found.items() if len(set(values)) == 1}
    sure = {item: good[item] for item in asked.numbered.values() if good.get(item) is not None}
    wrong = tuple(item for item in asked.numbered.values() if item in found and item not in sure)
    return Reading({item: value for item, value in sure.items() if value is not None}, wrong)


def _pieces(line: str, asked: Asked) -> Iterator[tuple[Item, str]]:
    """The answers in one line: several only where each names its item. Else the line is no answer."""
    rest = line
    while piece := _begin(rest, asked):
        cut = None if piece[0] in _WHOLE_LINE else _cut(rest, asked)
        if cut is None:
            yield piece
            return
        head = _begin(rest[: cut.start()], asked)
        if head is not None:
            yield head
        rest = rest[cut.end() :]


def _cut(text: str, asked: Asked) -> re.Match[str] | None:
    """The first place behind which another answer begins."""
    return next((cut for cut in _BREAK.finditer(text) if _begin(text[cut.end() :], asked)), None)


def _begin(text: str, asked: Asked) -> tuple[Item, str] | None:
    """The item whose answer this is, and its value as it was written."""
    found = _NUMBERED.fullmatch(text)
    if found is None or (asked.limits.decimals and text.replace(".", "").isdigit()):
        return _labelled(text, asked)
    item = asked.numbered.get(int(found["number"]))
    return None if item is None else _unlabelled(item, found["rest"], asked)


def _unlabelled(item: Item, text: str, asked: Asked) -> tuple[Item, str] | None:
    """After a number the name may stand too; another item's name there makes the answer a wrong one."""
    label, named = _label(text, asked)
    if named not in (item, None):
        return item, ""
    value = text if named is None else _REST_OF_LABEL.sub("", text[len(label) :], count=1)
    return (item, value) if value else None


def _labelled(text: str, asked: Asked) -> tuple[Item, str] | None:
    label, item = _label(text, asked)
    after = _AFTER_LABEL.match(text, len(label))
    if item is None or after is None or (item is Item.NOTE and not after.group().strip()):
        return None
    value = _REST_OF_LABEL.sub("", text[len(label) :], count=1)
    has_value = value_of(item, value, asked.limits) is not None or any(sign.isdigit() for sign in value)
    return (item, value) if has_value else None


def _label(text: str, asked: Asked) -> tuple[str, Item | None]:
    """The name that the text begins with, and whose it is, if it was asked for."""
    if not text[:_LABEL_MAX].casefold().startswith(_LABELS):  # hardly any text does, and there are many names
        return "", None
    wanted = frozenset(asked.numbered.values())
    names = (one for one in _LABELLED if one[1] in wanted and text[: len(one[0])].casefold() == one[0])
    return next(names, ("", None))


def _bare(lines: Sequence[str], asked: Asked) -> dict[Item, list[str | None]]:
    """Values without number or name: for the only item that is missing, or a line for each, in order."""
    if len(asked.missing) == 1:
        return _only(lines, asked.missing[0], asked.limits)
    found: dict[Item, list[str | None]] = {}
    if len(lines) != len(asked.missing) or Item.NOTE in asked.missing:
        return found
    for item, line in zip(asked.missing, lines, strict=True):
        fits = [one for one in asked.missing if value_of(one, line, asked.limits) is not None]
        if fits != [item]:
            return {}
        found[item] = [value_of(item, line, asked.limits)]
    return found


def _only(lines: Sequence[str], item: Item, limits: Limits) -> dict[Item, list[str | None]]:
    is_alone = len(lines) == 1
    if item is Item.NOTE and (not is_alone or _COURTESY.fullmatch(lines[0])):
        return {}
    values = [value_of(item, line, limits) for line in lines]
    if item is Item.APPROVAL_NUMBER:
        values = [value for value in values if value is not None and _SURE_NUMBER.fullmatch(value)]
    sure = [value for value in values if value is not None]
    return {item: [*sure]} if sure else {item: [None]} if is_alone else {}
