"""SPF: may this address send for that domain? (RFC 7208, without explanations)"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from mail_gateway.proof.dns import DnsTrouble
from mail_gateway.proof.spf_record import (
    MACRO,
    RECORD,
    Directive,
    Mechanism,
    Record,
    SyntaxFault,
    read_record,
)

if TYPE_CHECKING:
    from mail_gateway.proof.dns import Resolver

TERMS_MAX: Final = 10
"""Terms that ask the DNS, in all records together (4.6.4)."""

VOIDS_MAX: Final = 2
NAMES_MAX: Final = 10
"""Of one MX or PTR answer."""

NAME_MAX: Final = 253
_LABEL_MAX: Final = 63
_UNRESERVED: Final = "-._~"


class Result(StrEnum):
    """Section 2.6."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


_QUALIFIERS: Final = {"+": Result.PASS, "-": Result.FAIL, "~": Result.SOFTFAIL, "?": Result.NEUTRAL}
_INCLUDED: Final = {
    Result.PASS: True,
    Result.FAIL: False,
    Result.SOFTFAIL: False,
    Result.NEUTRAL: False,
}
"""Whether an include matches (5.2); of any other result the whole is an error."""


@dataclass(frozen=True, slots=True)
class Session:
    """What SMTP said. ip: the peer's address; helo: its greeting; sender: "" the null sender."""

    ip: str
    helo: str
    sender: str


class _Ended(Exception):
    def __init__(self, result: Result) -> None:
        super().__init__(result)
        self.result = result


@dataclass(slots=True)
class _Check:
    resolver: Resolver
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address
    helo: str
    sender: str
    terms: int = 0
    voids: int = 0
    names: dict[str, str] = field(default_factory=dict)


async def check(session: Session, resolver: Resolver) -> tuple[Result, str]:
    """The result for a mail, and the domain that it is about: the sender's, or the greeting's for the null
    sender (2.4). Never raises."""
    sender = session.sender or f"postmaster@{session.helo}"
    local, _, domain = sender.rpartition("@")
    sender = f"{local or 'postmaster'}@{domain}"
    try:
        ip = ipaddress.ip_address(session.ip)
    except ValueError:
        return Result.NONE, domain
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    try:
        return await _judge(_Check(resolver, ip, session.helo, sender), domain), domain
    except _Ended as ended:
        return ended.result, domain


async def _judge(check: _Check, domain: str) -> Result:
    """check_host() of section 4. Raises _Ended where the whole has a result."""
    if not _is_domain(domain):
        return Result.NONE
    record = await _record(check, domain)
    if record is None:
        return Result.NONE
    for directive in record.directives:
        if await _matches(check, directive, domain):
            return _QUALIFIERS[directive.qualifier]
    if not record.redirect or any(one.mechanism is Mechanism.ALL for one in record.directives):
        return Result.NEUTRAL
    _count(check)
    result = await _judge(check, await _expanded(check, record.redirect, domain))
    return Result.PERMERROR if result is Result.NONE else result


def _is_domain(domain: str) -> bool:
    labels = domain.removesuffix(".").split(".")
    fits = len(domain) <= NAME_MAX and all(0 < len(label) <= _LABEL_MAX for label in labels)
    return fits and len(labels) > 1


async def _record(check: _Check, domain: str) -> Record | None:
    try:
        found = [text for text in await check.resolver.ask(domain, "TXT") if RECORD.match(text)]
    except DnsTrouble:
        raise _Ended(Result.TEMPERROR) from None
    if len(found) > 1:
        raise _Ended(Result.PERMERROR)
    try:
        return read_record(found[0]) if found else None
    except SyntaxFault:
        raise _Ended(Result.PERMERROR) from None


async def _matches(check: _Check, directive: Directive, domain: str) -> bool:
    match directive.mechanism:
        case Mechanism.ALL:
            return True
        case Mechanism.IP4 | Mechanism.IP6:
            return directive.network is not None and check.ip in directive.network
    _count(check)
    target = await _expanded(check, directive.target, domain) if directive.target else domain
    match directive.mechanism:
        case Mechanism.INCLUDE:
            return await _includes(check, target)
        case Mechanism.EXISTS:
            return bool(await _ask(check, target, "A"))
        case Mechanism.PTR:
            return any(_is_within(name, target) for name in await _names_of(check))
        case Mechanism.MX:
            return await _is_mail_server(check, directive, target)
    return await _is_at(check, directive, target)


async def _includes(check: _Check, target: str) -> bool:
    result = await _judge(check, target)
    if result not in _INCLUDED:
        raise _Ended(Result.PERMERROR)
    return _INCLUDED[result]


async def _is_mail_server(check: _Check, directive: Directive, target: str) -> bool:
    names = await _ask(check, target, "MX")
    if len(names) > NAMES_MAX:
        raise _Ended(Result.PERMERROR)
    for name in names:
        if await _is_at(check, directive, name, counted=False):
            return True
    return False


async def _is_at(check: _Check, directive: Directive, name: str, *, counted: bool = True) -> bool:
    found = await _ask(check, name, _address_kind(check), counted=counted)
    prefix = directive.prefix_4 if check.ip.version == 4 else directive.prefix_6
    networks = (ipaddress.ip_network(f"{address}/{prefix}", strict=False) for address in found)
    return any(check.ip in network for network in networks)


async def _names_of(check: _Check) -> list[str]:
    """The names of the peer's address that point back to it (5.5). Trouble with them is no trouble."""
    validated = []
    try:
        for name in (await _ask(check, check.ip.reverse_pointer, "PTR"))[:NAMES_MAX]:
            if await _points_back(check, name):
                validated.append(name)
    except DnsTrouble:
        return validated
    return validated


async def _points_back(check: _Check, name: str) -> bool:
    try:
        found = await check.resolver.ask(name, _address_kind(check))
    except DnsTrouble:
        return False
    return str(check.ip) in (str(ipaddress.ip_address(address)) for address in found)


def _address_kind(check: _Check) -> str:
    return "A" if check.ip.version == 4 else "AAAA"


async def _ask(check: _Check, name: str, kind: str, *, counted: bool = True) -> tuple[str, ...]:
    """Ask, and count an empty answer. Raises _Ended; PTR trouble is DnsTrouble."""
    if any(len(label) > _LABEL_MAX for label in name.split(".")):
        return ()
    try:
        found = await check.resolver.ask(name, kind)
    except DnsTrouble:
        if kind == "PTR":
            raise
        raise _Ended(Result.TEMPERROR) from None
    if not found and counted:
        check.voids += 1
        if check.voids > VOIDS_MAX:
            raise _Ended(Result.PERMERROR)
    return found


def _count(check: _Check) -> None:
    check.terms += 1
    if check.terms > TERMS_MAX:
        raise _Ended(Result.PERMERROR)


def _is_within(name: str, domain: str) -> bool:
    name, domain = name.rstrip(".").lower(), domain.rstrip(".").lower()
    return name == domain or name.endswith(f".{domain}")


async def _expanded(check: _Check, spec: str, domain: str) -> str:
    """A domain-spec with its macros done, its leftmost labels dropped where it is too long (7.3)."""
    name = await _macros(check, spec, domain)
    name = name.removesuffix(".")
    while len(name) > NAME_MAX:
        name = name.partition(".")[2]
    return name


async def _macros(check: _Check, spec: str, domain: str) -> str:
    out, at = [], 0
    for found in MACRO.finditer(spec):
        out.append(spec[at : found.start()])
        at = found.end()
        if found[5]:
            out.append({"%": "%", "_": " ", "-": "%20"}[found[5]])
            continue
        value = await _letter(check, found[1].lower(), domain)
        value = _transformed(value, found)
        out.append(quote(value, safe=_UNRESERVED) if found[1].isupper() else value)
    return "".join(out) + spec[at:]


def _transformed(value: str, found: re.Match[str]) -> str:
    parts = re.split(f"[{re.escape(found[4])}]", value) if found[4] else value.split(".")
    if found[3]:
        parts.reverse()
    return ".".join(parts[-int(found[2]) :] if found[2] else parts)


async def _letter(check: _Check, letter: str, domain: str) -> str:
    local, _, of_sender = check.sender.rpartition("@")
    match letter:
        case "s":
            return check.sender
        case "l":
            return local
        case "o":
            return of_sender
        case "d":
            return domain
        case "h":
            return check.helo
        case "i":
            return _dotted(check.ip)
        case "v":
            return "in-addr" if check.ip.version == 4 else "ip6"
    return await _own_name(check, domain)


async def _own_name(check: _Check, domain: str) -> str:
    """%{p}: a validated name, the domain itself before one below it before any other, else unknown."""
    if "p" not in check.names:
        names = await _names_of(check)
        ranked = sorted(
            names, key=lambda name: (name.lower() != domain.lower(), not _is_within(name, domain))
        )
        check.names["p"] = ranked[0] if ranked else "unknown"
    return check.names["p"]


def _dotted(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """Of an IPv6 address each nibble by itself (7.3)."""
    return str(ip) if ip.version == 4 else ".".join(ip.exploded.replace(":", ""))
