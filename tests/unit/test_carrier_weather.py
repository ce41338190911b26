"""Mail weather without a socket: which letters have it, and what is carried in their place."""

from __future__ import annotations

import pytest

from cafis_adapter.host.triggers import Mail, shipped_triggers
from hagaki import carrier_spoil as spoil
from hagaki.carrier_weather import FINE, Forecast, Parcel, Weather
from schemas.envelope import armour
from schemas.errors import WireError
from schemas.mail.build import build_mail
from schemas.mail.find import find_block
from schemas.mail.read import Mail as Read
from schemas.mail.read import read_mail

SHOP, BOUNCES = "shop@carrier.example", "token@reply.pay.example"
SEALED = bytes(range(90))
BLOCK = armour.block(armour.RESULT, SEALED)


def letter(subject: str, number: int = 1) -> bytes:
    headers = {
        "From": "Hagaki <sale@pay.example>",
        "To": SHOP,
        "Reply-To": "reply@reply.pay.example",
        "Subject": subject,
        "Date": "Sat, 21 Nov 2026 10:00:00 +0900",
        "Message-ID": f"<{number}.approved.1@pay.example>",
    }
    text = f"{subject}\n\nThe payment is approved. 承認\n\n{BLOCK}"
    return build_mail(headers, text, (("result.txt", "text/plain", BLOCK.encode()),))


def about(digits: str, reference: str = "000000000001") -> bytes:
    return letter(f"[Hagaki] APPROVED JPY 1,{digits} ref {reference}")


def weather() -> Weather:
    return Weather(5000, lambda count: bytes(count))


def carried(over: Weather, mail: bytes) -> list[Parcel]:
    parcel = Parcel(BOUNCES, SHOP, mail)
    forecast = over.over(mail)
    return over.befall(forecast, parcel) if forecast.mail else [parcel]


def sealed(mail: bytes) -> bytes:
    found = read_mail(mail)
    assert isinstance(found, Read)
    return find_block(found, armour.RESULT)[1]


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("[Hagaki] APPROVED JPY 1,801 ref 42", Forecast(Mail.LOST, "42")),
        ("[Hagaki] 承認 1,801円 照会番号 42", Forecast(Mail.LOST, "42")),
        ("[Hagaki] APPROVED USD 18.01 ref 42", Forecast(Mail.LOST, "42")),
        ("[Hagaki] APPROVED JPY 1,200 ref 42", FINE),
        ("[Hagaki] APPROVED JPY 1,051 ref 42", FINE),
        ("[Hagaki] Today's takings", FINE),
        ("Your order 1,801", FINE),
    ],
)
def test_only_the_amount_of_our_own_letters_counts(subject: str, expected: Forecast) -> None:
    assert weather().over(letter(subject)) == expected
    assert weather().over(b"\xff" * 40) == FINE


def test_every_weather_of_the_table_is_known_here() -> None:
    digits = [trigger.digits for trigger in shipped_triggers().values() if trigger.mail]
    assert len(digits) == len(Mail) - 1
    for ending in digits:
        carried(weather(), about(ending))


def test_first_letter_is_lost_and_the_next_one_is_not() -> None:
    over = weather()
    assert [len(carried(over, about("801"))) for _ in range(3)] == [0, 1, 1]
    assert carried(over, about("801", "000000000002")) == []


def test_five_times() -> None:
    assert carried(weather(), about("802")) == [Parcel(BOUNCES, SHOP, about("802"))] * 5


def test_late() -> None:
    assert [one.wait_ms for one in carried(weather(), about("803"))] == [5000]


def test_later_letter_first_and_the_earlier_one_behind_it() -> None:
    over = weather()
    first, second = (letter("[Hagaki] UNKNOWN JPY 1,804 ref 7", number) for number in (1, 2))
    assert carried(over, first) == []
    assert [one.mail for one in carried(over, second)] == [second, first]
    assert over.over(letter("[Hagaki] UNKNOWN JPY 1,804 ref 8", 3)).reference == "8"


def test_forged_approval_comes_first_and_bears_no_true_seal() -> None:
    true = letter("[Hagaki] DECLINED JPY 1,805 ref 7")
    false, behind = carried(weather(), true)
    assert behind.mail == true and behind.wait_ms > false.wait_ms
    assert b"APPROVED" in false.mail
    assert sealed(false.mail) != SEALED == sealed(true)


def test_absence_note_goes_where_answers_go() -> None:
    first, note = carried(weather(), about("806"))
    assert first.mail == about("806")
    assert (note.sender, note.recipient) == (SHOP, "reply@reply.pay.example")
    found = read_mail(note.mail)
    assert isinstance(found, Read) and found.auto_submitted == "auto-replied"


def test_bounce_goes_to_the_envelopes_sender_and_has_none() -> None:
    over = weather()
    (report,) = carried(over, about("807"))
    assert (report.sender, report.recipient) == ("", BOUNCES)
    assert b"Status: 5.1.1" in report.mail
    assert carried(over, about("807")) == [Parcel(BOUNCES, SHOP, about("807"))]


def test_cut_letter_holds_no_result_and_the_next_is_whole() -> None:
    over = weather()
    (first,), (second,) = carried(over, about("808")), carried(over, about("808"))
    with pytest.raises(WireError):
        sealed(first.mail)
    assert sealed(second.mail) == SEALED


@pytest.mark.parametrize("digits", ["809", "810", "811"])
def test_what_gateways_make_of_a_letter_still_holds_its_result(digits: str) -> None:
    (changed,) = carried(weather(), about(digits))
    assert changed.mail != about(digits)
    assert sealed(changed.mail) == SEALED
    assert b"Reply-To: reply@reply.pay.example" in changed.mail


def test_a_web_page_has_no_plain_text_left() -> None:
    page = spoil.as_html(about("810"))
    assert b"text/html" in page and b"text/plain" not in page


@pytest.mark.parametrize("digits", ["801", "808", "811"])
def test_letter_without_a_block_has_weather_too(digits: str) -> None:
    plain = build_mail({"Subject": f"[Hagaki] PLEASE ADD JPY 1,{digits} ref 9"}, "Which product?\n")
    assert all(one.mail != plain for one in carried(weather(), plain))
