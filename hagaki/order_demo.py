"""`hagaki demo --order`: an order from the shop to the customer's yes, every mail shown as it comes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import compat32
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from hagaki import machine
from hagaki.order_words import CUSTOMER_NAME, GOODS, LINES, MOVES, NOT_MADE, SAID, STEPS
from hagaki.problem import MACHINE, Problem
from hagaki.sections import read_config, settings
from hagaki.show_words import Words
from hagaki.world import CUSTOMER, Happening, World
from handset import smtp
from schemas.mail.build import build_mail
from schemas.mail.read import Mail, read_mail
from till.answers import Answer, Standing
from till.link import Link, Place

PLAIN_MINOR_MAX: Final = 0
"""On this machine alone nobody can prove a sender: the code of the order is wanted too."""
CODE_MINOR_MAX: Final = 99_999_999
CARD: Final = ("4111 1111 1111 1111", "12/27")
DEAL: Final = "DEMO-1"
_CODE: Final = re.compile(r"(?:code|コード) ([A-Z]{5}) ")
_WAIT_S: Final = 20
_SHOWN: Final = ("order.moved", "host.request", "host.answer")
_LINE: Final = ("0800", "0810")


@dataclass(frozen=True, slots=True)
class Stage:
    """A world that sells by mail. key: of the shop, customer_id: what the shop is told."""

    world: World
    key: str
    customer_id: str


class OrderShow:
    """Prints what happens, in ja or en."""

    def __init__(self, language: str, *, as_json: bool) -> None:
        self._language = language
        self._as_json = as_json
        self._console = Console(highlight=False, soft_wrap=True, quiet=as_json)
        self._step = 0

    def step(self) -> None:
        """The next thing that a person does or sees."""
        self._console.print()
        self._console.print(Text(f"{self._step + 1}  {self._in(STEPS[self._step])}", style="bold"))
        self._step += 1

    def mail(self, raw: bytes) -> None:
        """A mail as its reader finds it."""
        found = read_mail(raw)
        assert isinstance(found, Mail)
        self._say("demo.mail", {"subject": found.subject, "text": found.body})
        body = Text(found.body.strip(), style="dim")
        self._console.print(Panel(body, title=found.subject, title_align="left", expand=False))

    async def happened(self, happening: Happening) -> None:
        """Something that the gateway or the acquirer's host did."""
        if happening.verb not in _SHOWN or happening.facts.get("mti") in _LINE:
            return
        self._say(happening.verb, happening.facts)
        words = MOVES.get(str(happening.facts.get("kind"))) or LINES[happening.verb]
        self._console.print(Text("    " + self._in(words).format_map(happening.facts)))

    def closing(self, answer: Answer, took_ms: int) -> bool:
        """-> whether the order was made."""
        made = isinstance(answer, Standing) and answer.made
        self._say("demo.end", {"made": made})
        self._console.print()
        style = "bold green" if made else "bold red"
        self._console.print(Text(self._in(SAID if made else NOT_MADE), style=style), end=" ")
        self._console.print(f"({took_ms // 1000}.{took_ms % 1000 // 100} s)")
        return made

    def _say(self, verb: str, facts: Mapping[str, Any]) -> None:
        if self._as_json:
            print(json.dumps({"verb": verb, **facts}, ensure_ascii=False), flush=True)

    def _in(self, words: Words) -> str:
        return words.ja if self._language == "ja" else words.en


def furnish(world: World) -> Stage:
    """World.prepare, and what a merchant and a customer need once."""
    from mail_gateway.admin import api_keys, customers, means, selling
    from mail_gateway.admin.keys import Desk

    world.prepare()
    loaded = read_config(world.config)
    gateway, keys = settings(loaded, "gateway"), settings(loaded, "keys")
    limits = {"plain_minor_max": PLAIN_MINOR_MAX, "code_minor_max": CODE_MINOR_MAX}
    selling.change(gateway, world.shop, limits)
    name = CUSTOMER_NAME.ja if world.language == "ja" else CUSTOMER_NAME.en
    new = customers.NewCustomer(name, CUSTOMER, world.language)
    customer_id = str(customers.add(gateway, new)["customer_id"])
    means.add_card(Desk(gateway, keys, "demo"), customer_id, CARD)
    made = api_keys.new(gateway, world.shop, "demo", machine.random_bytes, machine.now_ms())
    return Stage(world, made["secret"], customer_id)


async def one_order(world: World, show: OrderShow, amount: int) -> bool:
    """Start the world, order once, let the customer say yes; -> whether the shop heard made."""
    started_ms = machine.now_ms()
    stage = furnish(world)
    try:
        for who in ("host", "carrier", "gateway"):
            await world.start(who)
        link = Link(Place(f"http://127.0.0.1:{await _ready(world)}", stage.key, _WAIT_S * 1000))
        try:
            answer = await _sell(stage, link, show, amount)
        finally:
            await link.close()
    finally:
        await world.close()
    return show.closing(answer, machine.now_ms() - started_ms)


async def _ready(world: World) -> int:
    """Wait until the gateway takes mail and has signed on at the host. -> the site's port."""
    seen: dict[str, Happening] = {}

    async def noted(happening: Happening) -> None:
        seen[happening.verb] = happening

    await world.wait_for("gateway.listening", noted)
    if "line.signed-on" not in seen:
        await world.wait_for("line.signed-on", noted)
    return int(seen["site.listening"].facts["port"])


async def _sell(stage: Stage, link: Link, show: OrderShow, amount: int) -> Answer:
    world = stage.world
    show.step()
    goods = GOODS.ja if world.language == "ja" else GOODS.en
    line = {"name": goods, "unit_minor": amount, "quantity": 1}
    answer = await link.place(DEAL, {"deal_id": DEAL, "customer": stage.customer_id, "lines": [line]})
    if not isinstance(answer, Standing):
        raise Problem(f"the order was not taken: {answer}", "demo-order", MACHINE)
    question = await _asked(world, show)
    if question is None:
        return await link.look(DEAL, _WAIT_S)
    show.step()
    show.mail(question)
    show.step()
    yes = _reply(question, world.language)
    show.mail(yes)
    await _post(world, question, yes)
    await world.wait_for("order.moved", show.happened, after="captured")
    show.step()
    show.mail(await _letter(world, show, "mailbox"))
    return await link.handed_over(DEAL)


async def _asked(world: World, show: OrderShow) -> bytes | None:
    """The question in the customer's mailbox; None: the order died before."""
    while True:
        moved = await world.wait_for("order.moved", show.happened)
        if moved.facts["after"] == "asked":
            return await _letter(world, show, "customer")
        if moved.facts["after"] == "failed":
            return None


async def _letter(world: World, show: OrderShow, mailbox: str) -> bytes:
    """The newest mail of a Maildir, as soon as there is one."""
    while (found := _newest(world.folder / mailbox)) is None:
        await world.wait_for("carrier.delivered", show.happened)
    return found


def _newest(mailbox: Path) -> bytes | None:
    found = sorted(mailbox.glob("new/*"))
    return found[-1].read_bytes() if found else None


def _reply(question: bytes, language: str) -> bytes:
    """What a customer's mail program makes of "yes" and the code, the question quoted below."""
    mail, head = read_mail(question), message_from_bytes(question, policy=compat32)
    assert isinstance(mail, Mail)
    code = _CODE.search(mail.subject)
    assert code is not None
    quoted = "\n".join(f"> {line}" for line in mail.body.splitlines())
    headers = {
        "From": CUSTOMER,
        "To": str(head["Reply-To"]),
        "Subject": f"Re: {mail.subject}",
        "Message-ID": "<yes.1@customer.example>",
        "In-Reply-To": f"<{mail.message_id}>",
        "References": f"<{mail.message_id}>",
    }
    yes = "はい" if language == "ja" else "yes"
    return build_mail(headers, f"{yes}\n{code[1]}\n\n{quoted}\n")


async def _post(world: World, question: bytes, yes: bytes) -> None:
    carrier = settings(read_config(world.config), "carrier")
    to = str(message_from_bytes(question, policy=compat32)["Reply-To"])
    sent = await smtp.send(smtp.Server(carrier.host, carrier.port, 5000), CUSTOMER, to, yes)
    if not isinstance(sent, smtp.Sent):
        raise Problem(f"the carrier did not take the answer: {sent}", "demo-answer", MACHINE)
