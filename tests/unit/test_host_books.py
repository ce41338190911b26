"""What the host simulator keeps beyond a sale: holds, further items, totals, PINs, keys; what it wants."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acquirer_sdk import keyblock, zone
from acquirer_sdk.bench import sample_request
from acquirer_sdk.items import with_items
from acquirer_sdk.values import Advice, AuthoriseRequest, CaptureRequest, Item, Original, Totals
from acquirer_sdk.zone import Algorithm, ZoneKey
from cafis_adapter import build
from cafis_adapter.codec import Message
from cafis_adapter.host.accounts import Charge, approval_number
from cafis_adapter.host.desk import Desk, Judges
from cafis_adapter.host.issuer import Kinds
from cafis_adapter.host.moves import Send
from cafis_adapter.host.triggers import shipped_triggers
from cafis_adapter.host.vault import Vault, read_key
from cafis_adapter.profile import load_profile

PROFILE, INQUIRING = load_profile(), load_profile("iso87")
NOW_MS = 1_767_225_600_000
PIN_KEY, MASTER = ZoneKey(Algorithm.AES, b"p" * 16), ZoneKey(Algorithm.AES, b"m" * 16)


def desk_of(vault: Vault | None = None) -> Desk:
    return Desk(PROFILE, Kinds.NORMAL, Judges() if vault is None else Judges(vault=vault))


def request_of(amount: int = 1200, number: int = 1, **more: object) -> AuthoriseRequest:
    return replace(sample_request(amount, stan=number, reference=f"{number:012d}"), **more)  # type: ignore[arg-type]


def asked(desk: Desk, request: AuthoriseRequest) -> Message:
    return said(desk, build.authorisation(PROFILE, "", request))


def said(desk: Desk, message: Message) -> Message:
    moves = [move for move in desk.moves(message, NOW_MS) if isinstance(move, Send)]
    return moves[0].messages[0] if moves else Message("0000", {})


def original(request: AuthoriseRequest) -> Original:
    number = approval_number(build.authorisation(PROFILE, "", request))
    return Original(request.reference, request.stan, request.amount_minor, request.time_s, number)


def taking(held: AuthoriseRequest, amount: int, number: int = 2) -> CaptureRequest:
    plain = request_of(amount, number)
    fields = {name: getattr(plain, name) for name in AuthoriseRequest.__dataclass_fields__}
    return CaptureRequest(**fields, original=original(held))


def added_to(sale: AuthoriseRequest, number: int = 9, **items: str) -> Message:
    written = {Item(name.replace("_", "-")): value for name, value in items.items()}
    about = (sale.terminal_id, sale.merchant_id, sale.currency, sale.time_s, original(sale), written)
    return build.advice(PROFILE, "", Advice(f"{number:012d}", number, *about))


def test_held_is_not_charged_and_is_taken_once_and_no_more() -> None:
    desk, held = desk_of(), request_of(5000, hold=True)
    assert asked(desk, held)[39] == "00"
    assert desk.charges()[held.reference] == Charge(0, 0, 5000)
    assert asked(desk, taking(held, 6000, 2))[39] == "61"
    assert asked(desk, taking(held, 4000, 3))[39] == "00"
    assert asked(desk, taking(held, 1000, 4))[39] == "05"
    assert desk.charges()[f"{3:012d}"] == Charge(1, 4000)
    assert sum(charge.net_minor for charge in desk.charges().values()) == 4000


@pytest.mark.parametrize(("amount", "code", "net"), [(5944, "05", 0), (5945, "", 5000)])
def test_completions_go_as_the_held_amount_says(amount: int, code: str, net: int) -> None:
    desk, held = desk_of(), request_of(amount, hold=True)
    assert asked(desk, held)[39] == "00"
    assert asked(desk, taking(held, 5000))[39] == code
    assert sum(charge.net_minor for charge in desk.charges().values()) == net


def test_card_check_moves_nothing() -> None:
    desk = desk_of()
    assert asked(desk, request_of(0))[39] == "85"
    assert desk.charges() == {f"{1:012d}": Charge(0, 0)}


def test_what_is_added_is_kept_in_the_book_and_moves_nothing() -> None:
    desk, sale = desk_of(), request_of()
    asked(desk, sale)
    for _ in range(2):
        assert said(desk, added_to(sale, product_code="1234", note="two chairs")).fields[39] == "00"
    (account,) = desk.accounts()
    assert account.items[Item.PRODUCT_CODE] == "1234" and account.items[Item.NOTE] == "two chairs"
    assert desk.charges() == {sale.reference: Charge(1, 1200)}
    assert said(desk, added_to(request_of(1300, 5), product_code="1234"))[39] == "25"


def test_advices_go_as_the_amount_says() -> None:
    desk, slow, refused = desk_of(), request_of(1814), request_of(1815, 2)
    for sale in (slow, refused):
        asked(desk, sale)
    answers = [said(desk, added_to(slow, product_code="1234"))[39] for _ in range(2)]
    assert answers == ["", "00"]
    assert said(desk, added_to(refused, product_code="1234"))[39] == "05"
    assert desk.accounts()[1].items == {}


@pytest.mark.parametrize(
    "trigger", [one for one in shipped_triggers().values() if one.wants], ids=lambda one: one.digits
)
def test_what_was_wanted_brings_the_approval(trigger: object) -> None:
    wanted = {
        Item.PRODUCT_CODE: "1234",
        Item.DIVISION: "10",
        Item.START_MONTH: "07",
        Item.BONUS_MONTHS: "07:0,12:0",
        Item.TAX: "100",
        Item.APPROVAL_NUMBER: "A12",
    }
    digits, item = trigger.digits, trigger.wants  # type: ignore[attr-defined]
    desk, first = desk_of(), request_of(20_000 + int(digits))
    refusal = asked(desk, first)
    assert (refusal[39], refusal[44]) == (trigger.code, trigger.centre)  # type: ignore[attr-defined]
    second = with_items(replace(first, stan=2), {item: wanted[item]})
    assert (asked(desk, second)[39], asked(desk, second)[44]) == ("00", "")
    assert desk.charges()[first.reference].net_minor == first.amount_minor


def test_day_agrees_until_a_sale_is_missing() -> None:
    desk = desk_of()
    for number, amount in enumerate((1200, 1051, 1901), start=1):
        asked(desk, request_of(amount, number))
    said(desk, build.reversal(PROFILE, "", request_of(1901, 3)))
    ours = Totals("2026-01-01", 392, 1, 1200, 0, 0)
    assert said(desk, build.totals(PROFILE, "", ours, 7, NOW_MS // 1000))[39] == "00"
    asked(desk, request_of(1946, 8))
    more = replace(ours, sales=2, sales_minor=3146)
    answer = said(desk, build.totals(PROFILE, "", more, 9, NOW_MS // 1000))
    assert (answer.mti, answer[39], answer[76], answer[88]) == ("0510", "95", f"{1:010d}", f"{1200:016d}")


@pytest.mark.parametrize(("amount", "code"), [(1200, "00"), (1051, "51"), (1901, "00"), (1902, "25")])
def test_inquiry_tells_what_became_of_it(amount: int, code: str) -> None:
    desk = Desk(INQUIRING, Kinds.NORMAL, Judges())
    request = request_of(amount)
    list(desk.moves(build.authorisation(INQUIRING, "", request), NOW_MS))
    question = build.inquiry(INQUIRING, build.reversal(INQUIRING, "", request), 77, NOW_MS // 1000)
    before = desk.charges()
    assert said(desk, question)[39] == code
    assert desk.charges() == before


def vault(**keys: ZoneKey) -> Vault:
    return Vault(dict(keys), MASTER, "1234", lambda count: b"n" * count)


def with_pin(pin: str, number: int) -> Message:
    request = request_of(1200, number)
    block = zone.seal_pin(PIN_KEY, pin.encode(), request.card.pan, bytes(8))
    return build.authorisation(PROFILE, "", request).with_fields({52: block.hex().upper()})


def test_three_wrong_pins_lock_the_card() -> None:
    desk = desk_of(vault(pin=PIN_KEY))
    pins = ["1234", "9999", "9999", "1234", "9999", "9999", "9999", "1234"]
    codes = [said(desk, with_pin(pin, number))[39] for number, pin in enumerate(pins, start=1)]
    assert codes == ["00", "55", "55", "00", "55", "55", "75", "75"]


def test_repeated_request_is_no_second_wrong_pin() -> None:
    desk = desk_of(vault(pin=PIN_KEY))
    assert [said(desk, with_pin("9999", 1))[39] for _ in range(5)] == ["55"] * 5


def test_new_key_holds_once_the_other_side_has_loaded_it() -> None:
    own = vault(pin=PIN_KEY)
    desk = desk_of(own)
    (offer,) = desk.new_keys(NOW_MS)
    brought = PROFILE.said(offer.fields)
    loaded = keyblock.unwrap(MASTER.value, brought["key_block"]).key
    assert (brought["key_use"], loaded.value) == ("pin", b"n" * 16)
    wrong = build.keys_answer(PROFILE, offer, "00", "000000")
    assert desk.hears_answer(wrong) and own.pin_code(with_pin("1234", 1)) == ""
    assert desk.hears_answer(build.keys_answer(PROFILE, offer, "00", zone.kcv(loaded)))
    assert own.pin_code(with_pin("1234", 2)) == "55"


@pytest.mark.parametrize("text", ["x", "aes:", "aes:00", "des:" + "00" * 16, "tdes:" + "0g" * 16])
def test_key_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        read_key(text)
    assert read_key("") is None
    assert repr(read_key("aes:" + "41" * 16)) == "ZoneKey(AES)"
