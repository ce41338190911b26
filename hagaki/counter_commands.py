"""`hagaki reader`, at the counter: swipe, insert, void, refund, cancel, send again, and the last sales."""

from __future__ import annotations

import json
import sys
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from hagaki import machine
from hagaki.problem import DONE, Problem
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile, no_config, read_config, settings

if TYPE_CHECKING:
    from card_reader_fw.board.desk.counter import Presented, Sealed
    from card_reader_fw.open_sale import View

TEST_CARD: Final = "4111111111111111=27122010000012345678"
KINDS: Final = {1: "sale", 2: "void", 3: "refund", 5: "cancel"}

DeviceFile = Annotated[Path, typer.Option("--device", help="The reader's device file.")]
Amount = Annotated[int, typer.Option(help="Minor units of the currency; for yen, yen.")]
Track2 = Annotated[str, typer.Option(help="Text of track 2 between the sentinels.")]
Flux = Annotated[Path | None, typer.Option(help="Flux intervals in microseconds, one a line.")]
Wav = Annotated[Path | None, typer.Option(help="A recording of the head, mono PCM.")]
Slot = Annotated[str, typer.Option(help="card:NAME, card:NAME:FAULT, pcsc or pcsc:READER.")]
Condition = Annotated[int, typer.Option(help="Payment condition: 10 lump sum, 61 instalments, 110 debit ...")]
Count = Annotated[int, typer.Option(help="How many instalments, for conditions 61 to 63.")]
Pin = Annotated[str, typer.Option(help="The PIN that a test card's holder keys; for debit.")]
Application = Annotated[int, typer.Option(min=1, max=9, help="Which application, if the chip has several.")]
SlipNumber = Annotated[int, typer.Option("--slip", min=1, max=99999, help="The slip number of the sale.")]
AsMail = Annotated[bool, typer.Option("--mail", help="Print a whole mail, not only the armour.")]
MailFrom = Annotated[str, typer.Option("--from", help="With --mail: sender.")]
MailTo = Annotated[str, typer.Option("--to", help="With --mail: the centre's address.")]


def swipe(
    device: DeviceFile,
    amount: Amount,
    track2: Track2 = "",
    flux: Flux = None,
    wav: Wav = None,
    condition: Condition = 10,
    count: Count = 3,
    pin: Pin = "",
    mail: AsMail = False,
    mail_from: MailFrom = "merchant@localhost",
    mail_to: MailTo = "",
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> int:
    """Swipe a card on the reader and print the sealed sale."""
    from card_reader_fw.board.desk import counter

    price = counter.Price(amount, condition, count)
    sealed = counter.sell(device, price, _card(track2, flux, wav, pin=pin), machine.now_s())
    return _print_sealed(sealed, _mail(mail_from, mail_to, config, wanted=mail), as_json=as_json)


def insert(
    device: DeviceFile,
    amount: Amount,
    slot: Slot = "card:jcb",
    track2: Annotated[str, typer.Option(help="Its stripe, for a chip that fails.")] = "",
    application: Application = 1,
    condition: Condition = 10,
    count: Count = 3,
    pin: Pin = "",
    mail: AsMail = False,
    mail_from: MailFrom = "merchant@localhost",
    mail_to: MailTo = "",
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> int:
    """Put a chip card into the reader and print the sealed sale."""
    from card_reader_fw.board.desk import counter

    card = counter.Presented(track2 or None, slot=slot, application=application, pin=pin)
    sealed = counter.sell(device, counter.Price(amount, condition, count), card, machine.now_s())
    return _print_sealed(sealed, _mail(mail_from, mail_to, config, wanted=mail), as_json=as_json)


def void(
    device: DeviceFile,
    slip: SlipNumber,
    track2: Track2 = "",
    slot: Slot = "",
    pin: Pin = "",
    mail: AsMail = False,
    mail_from: MailFrom = "merchant@localhost",
    mail_to: MailTo = "",
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> int:
    """Void one of the last ten sales with its card, and print the sealed void."""
    from card_reader_fw.board.desk import counter

    card = _card(track2, None, None, slot=slot, pin=pin)
    sealed = counter.give_back(device, slip, None, card, machine.now_s())
    return _print_sealed(sealed, _mail(mail_from, mail_to, config, wanted=mail), as_json=as_json)


def refund(
    device: DeviceFile,
    slip: SlipNumber,
    amount: Amount,
    track2: Track2 = "",
    slot: Slot = "",
    pin: Pin = "",
    mail: AsMail = False,
    mail_from: MailFrom = "merchant@localhost",
    mail_to: MailTo = "",
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> int:
    """Give back an amount of one of the last ten sales with its card, and print the sealed refund."""
    from card_reader_fw.board.desk import counter

    card = _card(track2, None, None, slot=slot, pin=pin)
    sealed = counter.give_back(device, slip, amount, card, machine.now_s())
    return _print_sealed(sealed, _mail(mail_from, mail_to, config, wanted=mail), as_json=as_json)


def cancel(
    device: DeviceFile,
    slip: SlipNumber,
    mail: AsMail = False,
    mail_from: MailFrom = "merchant@localhost",
    mail_to: MailTo = "",
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> int:
    """Cancel a sale without an answer, so that it is never charged, and print the sealed cancel."""
    from card_reader_fw.board.desk import counter

    sealed = counter.cancel(device, slip, machine.now_s())
    return _print_sealed(sealed, _mail(mail_from, mail_to, config, wanted=mail), as_json=as_json)


def again(
    device: DeviceFile,
    slip: SlipNumber,
    mail: AsMail = False,
    mail_from: MailFrom = "merchant@localhost",
    mail_to: MailTo = "",
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> int:
    """Print the sealed text of a sale without an answer once more: the same bytes."""
    from card_reader_fw.board.desk import counter

    sealed = counter.again(device, slip, machine.now_s())
    return _print_sealed(sealed, _mail(mail_from, mail_to, config, wanted=mail), as_json=as_json)


def sales(device: DeviceFile, as_json: AsJson = False) -> int:
    """The reader's last ten sales and how each ended, newest first."""
    from card_reader_fw import words
    from card_reader_fw.board.desk import counter

    for view in counter.sales(device):
        print(json.dumps(_facts(view)) if as_json else "  ".join(words.sale("en", view)))
    return DONE


def _card(track2: str, flux: Path | None, wav: Path | None, *, slot: str = "", pin: str = "") -> Presented:
    """A card from the options; the test card if nobody names one."""
    from card_reader_fw.board.desk.counter import Presented

    if sum(map(bool, (track2, flux, wav))) > 1:
        raise Problem("give one of --track2, --flux and --wav", "usage")
    stripe = track2 or (None if flux or wav or slot else TEST_CARD)
    return Presented(stripe, flux, wav, slot=slot or None, pin=pin)


def _facts(view: View) -> dict[str, object]:
    from card_reader_fw.reader import CANCEL_ASKED
    from schemas.envelope import outcome

    return {
        "slip": view.slip,
        "kind": KINDS[view.kind],
        "amount_minor": view.amount_minor,
        "outcome": CANCEL_ASKED if view.is_waiting() else outcome.NAMES.get(view.outcome, ""),
        "version": view.version,
        "note": "" if view.is_waiting() else view.note,
        "left_minor": view.left,
        "can_send_again": view.sendable,
        "original_slip": view.original_slip,
        "ksn": view.ksn.hex(),
    }


def _mail(sender: str, recipient: str, config: Path, *, wanted: bool) -> tuple[str, str] | None:
    return (sender, recipient or _centre(config)) if wanted else None


def _centre(config: Path) -> str:
    if no_config(config):
        return "sale@localhost"
    gateway = settings(read_config(config), "gateway")
    return f"{gateway.sale_local}@{gateway.domain}"


def _print_sealed(sealed: Sealed, mail: tuple[str, str] | None, *, as_json: bool) -> int:
    """mail: sender and recipient of the mail to print, None = only the armour."""
    from handset.courier import sale_mail

    if mail:
        sys.stdout.buffer.write(sale_mail(sealed.text, *mail, date=formatdate(machine.now_s())))
    elif as_json:
        facts = {"ksn": sealed.ksn.hex(), "slip": sealed.slip, "lcd": list(sealed.lcd), "sale": sealed.text}
        print(json.dumps(facts, ensure_ascii=False))
    else:
        print(sealed.text, end="")
    return DONE
