"""The classes of fault a seed may meet, and which of them this seed meets."""

from __future__ import annotations

import random
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from hagaki.problem import Problem
from hagaki.simulation.ways_in import way_in


class Fault(StrEnum):
    """Each is on or off for a whole seed; how often it strikes is the seed's too."""

    MAIL_LOST = "mail-lost"
    MAIL_DOUBLED = "mail-doubled"
    MAIL_DELAYED = "mail-delayed"
    MAIL_REORDERED = "mail-reordered"
    MAIL_BOUNCED = "mail-bounced"
    CUT = "cut"
    REFUSED = "refused"
    SLOW = "slow"
    HOST_SILENT = "host-silent"
    HOST_LATE = "host-late"
    HOST_TWICE = "host-twice"
    HOST_GARBAGE = "host-garbage"
    HOST_CUT = "host-cut"
    HOST_SAYS_NO = "host-says-no"
    HOST_STUBBORN = "host-stubborn"
    NO_DEDUP = "no-dedup"
    FORGETFUL = "forgetful"
    ANSWERS_TWICE = "answers-twice"
    HOST_DOWN = "host-down"
    SMARTHOST_DOWN = "smarthost-down"
    DISK_FULL = "disk-full"
    DISK_FAILING = "disk-failing"
    CLOCK_JUMP = "clock-jump"
    CRASH = "crash"
    RESTART = "restart"
    PHONE_CRASH = "phone-crash"
    LINE_NOISE = "line-noise"
    MAILBOX_CUT = "mailbox-cut"
    MAILBOX_SLOW = "mailbox-slow"
    MAILBOX_TWICE = "mailbox-twice"
    MAILBOX_SAYS_NO = "mailbox-says-no"
    MAILBOX_ANEW = "mailbox-anew"
    MAILBOX_DOWN = "mailbox-down"
    HOOK_LOST = "hook-lost"
    HOOK_REFUSED = "hook-refused"
    SHOP_DOWN = "shop-down"


DIGITS: Final[dict[Fault, tuple[int, ...]]] = {
    Fault.HOST_SILENT: (901, 902, 922, 926, 940),
    Fault.HOST_LATE: (903, 904, 942),
    Fault.HOST_TWICE: (905, 906, 907),
    Fault.HOST_GARBAGE: (908, 909, 914, 915, 916, 917, 918, 919, 920, 921, 928, 929, 930, 935, 10),
    Fault.HOST_CUT: (910, 911, 912, 913, 927),
    Fault.HOST_SAYS_NO: (5, 14, 51, 54, 55, 61, 68, 70, 75, 91, 96, 931, 932, 933, 934, 936),
    Fault.HOST_STUBBORN: (923, 924, 938),
}
"""Amounts whose last three digits bring these on (docs/host.md)."""

NEVER_ENDS: Final = frozenset({923, 924, 938})
"""With these the host never lets the reversal end: the payment stays open, and a person is told."""

TWO_FACED: Final = frozenset({907})
"""With these the host says no, charges all the same, and says so in a second answer only."""

KINDS: Final = (Fault.NO_DEDUP, Fault.FORGETFUL, Fault.ANSWERS_TWICE)
"""Kinds of host; a seed has one at most."""

AT_MAILBOX: Final = tuple(fault for fault in Fault if fault.startswith("mailbox-"))
"""Only where there is a mailbox. They have dice of their own: other choices of a seed do not hang on them."""

AT_SHOPS: Final = (Fault.HOOK_LOST, Fault.HOOK_REFUSED, Fault.SHOP_DOWN)
"""Of shops' servers; with dice of their own too."""

ELSEWHERE: Final = tuple(fault for fault in Fault if fault not in (*AT_MAILBOX, *AT_SHOPS))

ALL: Final = "all"
NONE: Final = "none"


def drawn(seed: int) -> frozenset[Fault]:
    """The seed's own choice: each class is as likely on as off."""
    dice = random.Random(f"{seed}/swarm")
    chosen = {fault for fault in ELSEWHERE if dice.random() < 0.5} - set(KINDS)
    kind = dice.choice((None, None, *KINDS))
    chosen |= _drawn_at_mailbox(seed) | _drawn_at_shops(seed)
    return frozenset(chosen | {kind} if kind else chosen)


def _drawn_at_mailbox(seed: int) -> set[Fault]:
    dice = random.Random(f"{seed}/swarm/mailbox")
    return {fault for fault in AT_MAILBOX if way_in(seed).fetches and dice.random() < 0.5}


def _drawn_at_shops(seed: int) -> set[Fault]:
    dice = random.Random(f"{seed}/swarm/shops")
    return {fault for fault in AT_SHOPS if dice.random() < 0.5}


def chosen(seed: int, asked: str) -> frozenset[Fault]:
    """asked: "all" lets the seed choose, "none", or names with commas: exactly these. Raises Problem."""
    if asked == ALL:
        return drawn(seed)
    if asked == NONE:
        return frozenset()
    try:
        return frozenset(Fault(name.strip()) for name in asked.split(","))
    except ValueError:
        known = ", ".join(Fault)
        raise Problem(
            f"there is no such fault; there are: {known}, or all, or none", "fault-unknown"
        ) from None


def named(faults: Iterable[Fault]) -> str:
    """The same choice as an option."""
    on = set(faults)
    return ",".join(fault for fault in Fault if fault in on) or NONE
