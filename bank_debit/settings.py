"""The table [acquirers.bank_debit]: the originator's contract with its bank, and when is collected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from acquirer_sdk.port import SettingsError
from acquirer_sdk.settings import read_settings
from bank_debit.days import Calendar, Plan, shipped_calendar
from bank_debit.kana import KanaError, half_width
from bank_debit.layout import Header


@dataclass(frozen=True, slots=True)
class DebitSettings:
    """The table [acquirers.bank_debit]."""

    originator_code: str = field(metadata={"help": "originator code (委託者コード), 10 digits, by contract"})
    originator_name: str = field(metadata={"help": "originator's name; written in half-width kana"})
    bank: str = field(metadata={"help": "the bank that gets the file, 4 digits"})
    branch: str = field(metadata={"help": "its branch, 3 digits"})
    account: str = field(repr=False, metadata={"help": "own account there, 7 digits: the money comes here"})
    bank_name: str = field(default="", metadata={"help": "the bank's name"})
    branch_name: str = field(default="", metadata={"help": "the branch's name"})
    account_kind: int = field(
        default=1, metadata={"help": "1 ordinary, 2 current, 9 other", "min": 1, "max": 9}
    )
    book: str = field(
        default="var/debit.db", metadata={"help": "file for debits, request files and answers", "path": ""}
    )
    collection_days: tuple[str, ...] = field(
        default=("27",), metadata={"help": "days of the month on which is collected; 31: its last day"}
    )
    cutoff_days: int = field(
        default=5, metadata={"help": "bank days before that: the last to take debits", "min": 0, "max": 30}
    )
    closed_days: tuple[str, ...] = field(
        default=(), metadata={"help": "more days on which the bank is closed, YYYY-MM-DD"}
    )
    time_zone: str = field(default="Asia/Tokyo", metadata={"help": "time zone of the bank's days"})
    customer_number: str = field(
        default="reference",
        metadata={"help": "what the file names a debit by", "choices": ("reference", "mandate")},
    )
    line_breaks: bool = field(default=True, metadata={"help": "CR LF behind every record of the file"})
    debit_max: int = field(
        default=9_999_999_999, metadata={"help": "largest debit, yen", "min": 1, "max": 9_999_999_999}
    )
    answer_timeout_s: float = field(
        default=30, metadata={"help": "how long the book may take, s", "min": 0.01, "max": 600}
    )
    look_s: float = field(
        default=60,
        metadata={"help": "pause between two looks for the bank's answers, s", "min": 0.01, "max": 3600},
    )


@dataclass(frozen=True, slots=True)
class Contract:
    """The settings, checked and in the form in which they are used. originator: the header, without a day."""

    settings: DebitSettings
    originator: Header
    plan: Plan
    zone: ZoneInfo


def contract_of(table: Mapping[str, object]) -> Contract:
    """A table of config.toml -> the contract. Raises SettingsError."""
    settings = read_settings(DebitSettings, table)
    for key, length in (("originator_code", 10), ("bank", 4), ("branch", 3), ("account", 7)):
        value = getattr(settings, key)
        if not (value.isascii() and value.isdigit() and len(value) == length):
            raise SettingsError(key, f"must be {length} digits")
    if settings.account_kind not in (1, 2, 9):
        raise SettingsError("account_kind", "must be 1 (ordinary), 2 (current) or 9 (other)")
    return Contract(settings, _originator(settings), _plan(settings), _zone(settings.time_zone))


def _originator(settings: DebitSettings) -> Header:
    return Header(
        settings.originator_code,
        _kana("originator_name", settings.originator_name, 40),
        "0101",
        settings.bank,
        _place("bank_name", settings.bank_name),
        settings.branch,
        _place("branch_name", settings.branch_name),
        settings.account_kind,
        settings.account,
    )


def _kana(key: str, name: str, length_max: int, *, place: bool = False) -> str:
    try:
        return half_width(name, length_max, place=place)
    except KanaError as error:
        raise SettingsError(key, error.sentence) from None


def _place(key: str, name: str) -> str:
    return _kana(key, name, 15, place=True) if name else ""


def _plan(settings: DebitSettings) -> Plan:
    days = settings.collection_days
    if not days or not all(day.isascii() and day.isdigit() and 1 <= int(day) <= 31 for day in days):
        raise SettingsError("collection_days", "must be days of the month, 1 to 31")
    shipped = shipped_calendar()
    try:
        closed = shipped.closed | {date.fromisoformat(day) for day in settings.closed_days}
    except ValueError:
        raise SettingsError("closed_days", "must be days as YYYY-MM-DD") from None
    return Plan(Calendar(closed), tuple(sorted(map(int, days))), settings.cutoff_days)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsError("time_zone", "there is no such time zone; write it like Asia/Tokyo") from None
