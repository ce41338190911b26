"""An SPF record taken apart: terms, qualifiers, networks, macros (RFC 7208 sections 4.6, 5, 6, 7, 12)."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

RECORD: Final = re.compile(r"v=spf1(?: |$)", re.IGNORECASE)
MACRO: Final = re.compile(r"%\{([slodiphcrtv])([0-9]*)(r?)([.\-+,/_=]*)\}|%([%_-])", re.IGNORECASE)
_LITERAL: Final = r"[\x21-\x24\x26-\x7e]"
_EXPAND: Final = r"%(?:\{[slodiphv][0-9]*r?[.\-+,/_=]*\}|[%_-])"
_STRING: Final = rf"(?:{_LITERAL}|{_EXPAND})*"
_TOP_LABEL: Final = r"(?:[0-9a-z]*[a-z][0-9a-z]*|[0-9a-z]+-[0-9a-z-]*[0-9a-z])"
_DOMAIN: Final = re.compile(
    rf"{_STRING}(?:\.{_TOP_LABEL}\.?|%\{{[slodiphv][0-9]*r?[.\-+,/_=]*\}})", re.IGNORECASE
)
_ANY_STRING: Final = re.compile(_STRING.replace("slodiphv", "slodiphcrtv"), re.IGNORECASE)
_MODIFIER: Final = re.compile(r"([a-z][a-z0-9._-]*)=(.*)", re.IGNORECASE)
_DIRECTIVE: Final = re.compile(r"([+?~-]?)([a-z0-9]+)(.*)", re.IGNORECASE)
_PREFIX: Final = r"(?:/(0|[1-9][0-9]?))?(?://(0|[1-9][0-9]{0,2}))?"
_TARGET: Final = re.compile(rf"(?::(.+?))?{_PREFIX}")
_IP4: Final = re.compile(r":([0-9.]+)(?:/(0|[1-9][0-9]?))?")
_IP6: Final = re.compile(r":([0-9a-f:.]+)(?:/(0|[1-9][0-9]{0,2}))?", re.IGNORECASE)
_TRANSFORMED: Final = re.compile(r"%\{[a-z]0+r?[.\-+,/_=]*\}", re.IGNORECASE)


class Mechanism(StrEnum):
    """The names of section 5."""

    ALL = "all"
    INCLUDE = "include"
    A = "a"
    MX = "mx"
    PTR = "ptr"
    IP4 = "ip4"
    IP6 = "ip6"
    EXISTS = "exists"


class SyntaxFault(Exception):
    """The record cannot be read: permerror."""


@dataclass(frozen=True, slots=True)
class Directive:
    """qualifier: one of + - ~ ?. target: domain-spec, "" for the current domain. network: of ip4 and ip6."""

    qualifier: str
    mechanism: Mechanism
    target: str = ""
    prefix_4: int = 32
    prefix_6: int = 128
    network: ipaddress.IPv4Network | ipaddress.IPv6Network | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """Directives in order, and where a redirect goes."""

    directives: tuple[Directive, ...]
    redirect: str = ""


def read_record(text: str) -> Record:
    """The text of one record that begins with v=spf1 -> its terms. Raises SyntaxFault."""
    if not text.isascii():
        raise SyntaxFault
    directives: list[Directive] = []
    modifiers: dict[str, str] = {}
    for term in filter(None, text.split(" ")[1:]):
        modifier = _MODIFIER.fullmatch(term)
        if modifier is not None:
            _modify(modifiers, modifier[1].lower(), modifier[2])
        else:
            directives.append(_directive(term))
    return Record(tuple(directives), modifiers.get("redirect", ""))


def _modify(modifiers: dict[str, str], name: str, value: str) -> None:
    if name in ("redirect", "exp"):
        if name in modifiers or not _is_domain(value):
            raise SyntaxFault
        modifiers[name] = value
    elif not _is_macro_string(value):
        raise SyntaxFault


def _directive(term: str) -> Directive:
    found = _DIRECTIVE.fullmatch(term)
    if found is None:
        raise SyntaxFault
    try:
        mechanism = Mechanism(found[2].lower())
    except ValueError:
        raise SyntaxFault from None
    qualifier, rest = found[1] or "+", found[3]
    match mechanism:
        case Mechanism.ALL:
            if rest:
                raise SyntaxFault
            return Directive(qualifier, mechanism)
        case Mechanism.IP4:
            return Directive(
                qualifier, mechanism, network=_network(_IP4.fullmatch(rest), ipaddress.IPv4Network)
            )
        case Mechanism.IP6:
            return Directive(
                qualifier, mechanism, network=_network(_IP6.fullmatch(rest), ipaddress.IPv6Network)
            )
        case Mechanism.A | Mechanism.MX:
            return _with_prefixes(qualifier, mechanism, rest)
    return _with_target(qualifier, mechanism, rest)


def _network(found: re.Match[str] | None, kind: type) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    if found is None:
        raise SyntaxFault
    try:
        made: ipaddress.IPv4Network | ipaddress.IPv6Network
        made = kind(found[1] + (f"/{found[2]}" if found[2] else ""), strict=False)
    except ValueError:
        raise SyntaxFault from None
    return made


def _with_prefixes(qualifier: str, mechanism: Mechanism, rest: str) -> Directive:
    found = _TARGET.fullmatch(rest)
    if found is None or (found[1] is not None and not _is_domain(found[1])):
        raise SyntaxFault
    prefix_4, prefix_6 = int(found[2] or 32), int(found[3] or 128)
    if prefix_4 > 32 or prefix_6 > 128:
        raise SyntaxFault
    return Directive(qualifier, mechanism, found[1] or "", prefix_4, prefix_6)


def _with_target(qualifier: str, mechanism: Mechanism, rest: str) -> Directive:
    if not rest and mechanism is Mechanism.PTR:
        return Directive(qualifier, mechanism)
    if rest[:1] != ":" or not _is_domain(rest[1:]):
        raise SyntaxFault
    return Directive(qualifier, mechanism, rest[1:])


def _is_domain(text: str) -> bool:
    return _DOMAIN.fullmatch(text) is not None and not _TRANSFORMED.search(text)


def _is_macro_string(text: str) -> bool:
    return _ANY_STRING.fullmatch(text) is not None and not _TRANSFORMED.search(text)
