"""Draws the code's tables into the docs; `make docs` writes them, a test compares them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any, Final

from acquirer_sdk import registry
from acquirer_sdk.conformance import SUBJECTS, capabilities
from acquirer_sdk.values import Capabilities, Item
from bank_debit import debit, results
from bank_debit import triggers as bank
from cafis_adapter.host import triggers
from card_reader_fw.board.desk.chip.cards import CARDS
from card_reader_fw.board.desk.chip.cards import Profile as CardProfile
from card_reader_fw.board.desk.chip.faults import FAULTS, Fault
from json_adapter import breaker, problems
from json_adapter.processor import triggers as amounts
from mail_gateway.domain import saying_words
from mail_gateway.domain.confirmation import CONFIRM_TRANSITIONS, ConfirmState
from mail_gateway.domain.desk import OF_ONE_SALE, WORDS
from mail_gateway.domain.item_words import FORMS, NAMES
from mail_gateway.domain.order import ENDED_ORDERS, ORDER_TRANSITIONS, OrderState
from mail_gateway.domain.payment import ENDED, TRANSITIONS, State
from mail_gateway.domain.receipt import Receipt, Shop, bands_of
from mail_gateway.domain.wants import TRANSITIONS as WANTS
from mail_gateway.domain.wants import WantState
from mail_gateway.outbox.compose import Compose, TokenKeys
from mail_gateway.outbox.receipt import words_of
from mail_gateway.settings import GatewaySettings, KeySettings, Settings, SmarthostSettings, SmtpSettings
from till.machine import ENDED as ENDED_DEALS
from till.machine import MACHINE
from till.machine import State as Step

ROOT: Final = Path(__file__).resolve().parents[2]
DEBITS: Final = ROOT / "docs/bank-debit.md"
ACQUIRERS: Final = ROOT / "docs/adding-an-acquirer.md"
MERCHANTS: Final = ROOT / "docs/merchant-desk.md"
TEST_CARD: Final = ROOT / "docs/test-card.md"
END: Final = "<!-- end of drawing -->\n"


@dataclass(frozen=True, slots=True)
class Drawing:
    """A place in a page and what stands there. source: the file with the table."""

    page: Path
    source: str
    draw: Callable[[], str]

    def redrawn(self) -> str:
        """The page's text with the drawing as the table has it now."""
        begin = f"<!-- drawn from {self.source} by `make docs` -->\n"
        before, _, rest = self.page.read_text("utf-8").partition(begin)
        _, _, after = rest.partition(END)
        return before + begin + self.draw() + END + after


def heart() -> str:
    """The payment's table as a Mermaid state diagram, one line per arrow, in the table's order."""
    arrows = [
        f"    {before.name} --> {after.name}: {kind}"
        for before, row in TRANSITIONS.items()
        for kind, after in row.items()
    ]
    ends = [f"    {state.name} --> [*]" for state in State if state in ENDED]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> RECEIVED", *arrows, *ends, "```", ""])


def host() -> str:
    """The host's triggers as a table: last digits, the code that comes back, what happens."""
    found = triggers.shipped_triggers().values()
    lines = [f"| {one.digits} | {one.centre or one.code} | {one.text} | {one.mail} |" for one in found]
    return "\n".join(["| digits | code | what happens | mail |", "|---|---|---|---|", *lines, ""])


def named(rows: Iterable[CardProfile | Fault]) -> str:
    """Test cards or faults as a table."""
    lines = [f"| `{row.name}` | {row.says} |" for row in rows]
    return "\n".join(["| name | what it is |", "|---|---|", *lines, ""])


def processor() -> str:
    """The processor's triggers as a table: last digits, the problem that comes back, what happens."""
    lines = [f"| {digits} | {slug} | {text} |" for digits, slug, text in amounts.rows()]
    return "\n".join(["| digits | problem | what happens |", "|---|---|---|", *lines, ""])


def problem_table() -> str:
    """The processor's problems as a table."""
    lines = [f"| `{row[0]}` | {' | '.join(map(str, row[1:]))} |" for row in problems.rows()]
    return "\n".join(
        ["| problem | status | outcome | code | in words |", "|---|---|---|---|---|", *lines, ""]
    )


def circuit() -> str:
    """The way to the processor as a Mermaid state diagram: the arrows that lead elsewhere."""
    arrows = [
        f"    {before.name} --> {after.name}: {signal}"
        for (before, signal), after in breaker.TABLE.items()
        if before is not after
    ]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> CLOSED", *arrows, "```", ""])


def abilities() -> str:
    """What each shipped adapter says that it can: a row for each capability, a column for each adapter."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
    names = sorted(groups[registry.BENCHES])
    every = [capabilities(bench) for name in names if (bench := registry.find_bench(name)) is not None]
    head = f"| | {' | '.join(names)} |"
    rows = [_ability(field.name, every) for field in fields(Capabilities)]
    return "\n".join([head, "|---" * (len(names) + 1) + "|", *rows, ""])


def _ability(name: str, every: list[Capabilities]) -> str:
    return f"| `{name}` | {' | '.join(_said(getattr(one, name), name) for one in every)} |"


def _said(value: Any, name: str) -> str:
    if isinstance(value, tuple):
        nothing = "all" if name == "conditions" else "-"
        return " ".join(str(getattr(one, "value", one)) for one in value) or nothing
    return "yes" if value else "-"


def subjects() -> str:
    """The kit's subjects and how many checks each has."""
    rows = [f"| {subject.name} | {len(subject.checks)} |" for subject in SUBJECTS]
    total = sum(len(subject.checks) for subject in SUBJECTS)
    return "\n".join(["| subject | checks |", "|---|---|", *rows, f"| all | {total} |", ""])


def debit_results() -> str:
    """What a bank says of a debit, as a table."""
    rows = [
        f"| {one.digit} | {one.ja} | {one.en} | {one.code or '-'} | {'yes' if one.again else '-'} |"
        for one in results.results().values()
    ]
    return "\n".join(["| result | | in words | code | again |", "|---|---|---|---|---|", *rows, ""])


def debit_life() -> str:
    """A debit's table as a Mermaid state diagram."""
    arrows = [
        f"    {before.name} --> {after.name}: {move}"
        for before, row in debit.TRANSITIONS.items()
        for move, after in row.items()
    ]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> OPEN", *arrows, "```", ""])


def bank_triggers() -> str:
    """The simulated bank's triggers as a table."""
    rows = [f"| {digits} | {one.result} | {one.text} |" for digits, one in bank.TRIGGERS.items()]
    return "\n".join(["| digits | result | what happens |", "|---|---|---|", *rows, ""])


def desk_words() -> str:
    """What a merchant may write, as a table."""
    rows = {verb: [word for word, its in WORDS.items() if its is verb] for verb in WORDS.values()}
    lines = [
        f"| {', '.join(f'`{word}`' for word in words)} | {'a number' if verb in OF_ONE_SALE else ''} |\n"
        for verb, words in rows.items()
    ]
    return "| words | and |\n|---|---|\n" + "".join(lines)


def receipt() -> str:
    """The text of a receipt."""
    shop = Shop("株式会社 山の店", "T7000012050002", "長野県松本市安曇上高地1-2-3")
    bands = bands_of(12_345, shop, 1_080)
    amounts = (12_345, 392, bands, date(2026, 11, 21))
    card = ("411111******1111", "123456")
    names = ("有限会社 信州トレーディング", "お食事代として")
    sold = Receipt(shop, "ja", "000000001234", 1234, *amounts, *card, *names)
    own = GatewaySettings("pay.example")
    settings = Settings(own, KeySettings(), SmtpSettings("mx.pay.example"), SmarthostSettings())
    text = Compose(settings, TokenKeys(bytes(32), bytes(32))).render("ja/receipt.txt.j2", words_of(sold))
    return f"```\n{text.rstrip()}\n```\n"


WANTED: Final = ROOT / "docs/more-wanted.md"


def wanted() -> str:
    """The wants' table as a Mermaid state diagram."""
    arrows = [f"    {before.name} --> {after.name}" for before, row in WANTS.items() for after in row]
    ends = [f"    {state.name} --> [*]" for state in WantState if state is not WantState.ASKED]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> ASKED", *arrows, *ends, "```", ""])


def items() -> str:
    """What may be asked for: its name and its form, in both languages."""
    rows = ((item, NAMES[item], FORMS[item]) for item in Item)
    lines = [f"| `{item}` | {name.ja} | {name.en} | {form.en} |" for item, name, form in rows]
    return "\n".join(["| item | 日本語 | English | how it is written |", "|---|---|---|---|", *lines, ""])


def letter(name: str) -> str:
    """A letter as the tests have it, word for word; its sealed result is left out."""
    text = (ROOT / f"tests/unit/want_letters/{name}.txt").read_text("utf-8")
    return f"```text\n{text.partition('Check code')[0].rstrip()}\n```\n"


ORDERS: Final = ROOT / "docs/orders.md"


def question(language: str) -> str:
    """The letter that asks a customer, as the tests have it, word for word."""
    text = (ROOT / f"tests/unit/order_letters/{language}-question.txt").read_text("utf-8")
    return f"```text\n{text.rstrip()}\n```\n"


def machine() -> str:
    """The vending machine's table as a Mermaid state diagram."""
    arrows = [
        f"    {before.name} --> {after.name}: {event}"
        for before, row in MACHINE.items()
        if before is not Step.IDLE
        for event, after in row.items()
    ]
    reached = {after for row in MACHINE.values() for after in row.values()}
    ends = [f"    {state.name} --> [*]" for state in Step if state in ENDED_DEALS & reached]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> CHOSEN", *arrows, *ends, "```", ""])


def order() -> str:
    """The order's table as a Mermaid state diagram."""
    arrows = [
        f"    {before.name} --> {after.name}: {kind}"
        for before, row in ORDER_TRANSITIONS.items()
        for kind, after in row.items()
    ]
    ends = [f"    {state.name} --> [*]" for state in OrderState if state in ENDED_ORDERS]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> PLACED", *arrows, *ends, "```", ""])


def asking() -> str:
    """The asking's table as a Mermaid state diagram."""
    arrows = [
        f"    {before.name} --> {after.name}: {kind}"
        for before, row in CONFIRM_TRANSITIONS.items()
        for kind, after in row.items()
    ]
    ends = [f"    {state.name} --> [*]" for state in ConfirmState if state not in CONFIRM_TRANSITIONS]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> ASKED", *arrows, *ends, "```", ""])


def answer_words() -> str:
    """What is read as a yes, and as a no."""
    rows = [("yes / はい", saying_words.YES), ("no / いいえ", saying_words.NO)]
    head = ["| meaning | Japanese | English |", "|---|---|---|"]
    return "\n".join([*head, *(f"| {meaning} | {both.ja} | {both.en} |" for meaning, both in rows), ""])


DRAWINGS: Final = (
    Drawing(ROOT / "docs/answers.md", "mail_gateway/domain/saying_words.py", answer_words),
    Drawing(ORDERS, "mail_gateway/domain/order.py", order),
    Drawing(ORDERS, "mail_gateway/domain/confirmation.py", asking),
    Drawing(ROOT / "docs/till.md", "till/machine.py", machine),
    Drawing(ORDERS, "templates/ja/question.txt.j2", lambda: question("ja")),
    Drawing(ORDERS, "templates/en/question.txt.j2", lambda: question("en")),
    Drawing(WANTED, "templates/en/wanted.txt.j2", lambda: letter("en-request")),
    Drawing(WANTED, "templates/ja/wanted.txt.j2", lambda: letter("ja-request")),
    Drawing(WANTED, "templates/en/more-wanted.txt.j2", lambda: letter("en-more-wanted")),
    Drawing(WANTED, "mail_gateway/domain/item_words.py", items),
    Drawing(WANTED, "mail_gateway/domain/wants.py", wanted),
    Drawing(ROOT / "docs/architecture.md", "mail_gateway/domain/payment.py", heart),
    Drawing(ROOT / "docs/host.md", "cafis_adapter/host/triggers.toml", host),
    Drawing(ROOT / "docs/json.md", "json_adapter/breaker.py", circuit),
    Drawing(ROOT / "docs/json.md", "json_adapter/problems.toml", problem_table),
    Drawing(ROOT / "docs/json.md", "json_adapter/processor/triggers.toml", processor),
    Drawing(DEBITS, "bank_debit/results.toml", debit_results),
    Drawing(DEBITS, "bank_debit/debit.py", debit_life),
    Drawing(DEBITS, "bank_debit/triggers.py", bank_triggers),
    Drawing(MERCHANTS, "mail_gateway/domain/desk.py", desk_words),
    Drawing(MERCHANTS, "templates/ja/receipt.txt.j2", receipt),
    Drawing(ACQUIRERS, "the capabilities of the shipped adapters", abilities),
    Drawing(ACQUIRERS, "acquirer_sdk/conformance.py", subjects),
    Drawing(TEST_CARD, "card_reader_fw/board/desk/chip/cards.py", lambda: named(CARDS.values())),
    Drawing(TEST_CARD, "card_reader_fw/board/desk/chip/faults.py", lambda: named(FAULTS.values())),
)

ON_CHIP: Final = ROOT / "docs/reader/files.json"
"""The firmware's files, for the page that runs them in a browser."""


def on_chip() -> str:
    """Paths from the root, packages before what is in them."""
    files = [path for room in ("card_reader_fw", "schemas") for path in (ROOT / room).rglob("*.py")]
    off_chip = {"board", "deal", "mail", "vectors"}
    paths = sorted(str(path.relative_to(ROOT)) for path in files if not off_chip & set(path.parts))
    return json.dumps(paths, indent=1) + "\n"


if __name__ == "__main__":
    ON_CHIP.write_text(on_chip(), "utf-8")
    for drawing in DRAWINGS:
        drawing.page.write_text(drawing.redrawn(), "utf-8")
