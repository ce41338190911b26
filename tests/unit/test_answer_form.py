"""The token in the form of the page: only ours fits, of this order and this hour, whatever else is sent."""

from __future__ import annotations

import pytest

from mail_gateway.site import answer_form

KEY, NOW_S = b"k" * 32, 1_795_258_000
TOKEN = answer_form.make(KEY, 7, NOW_S)
EXPIRY, _, MAC = TOKEN.partition(".")


def test_it_fits_its_order_for_an_hour() -> None:
    end_s = NOW_S + answer_form.GOOD_S
    assert answer_form.fits(KEY, 7, NOW_S, TOKEN)
    assert answer_form.fits(KEY, 7, end_s - 1, TOKEN)
    assert not answer_form.fits(KEY, 7, end_s, TOKEN)
    assert not answer_form.fits(KEY, 8, NOW_S, TOKEN)
    assert not answer_form.fits(b"x" * 32, 7, NOW_S, TOKEN)


@pytest.mark.parametrize(
    "sent",
    [
        *("", ".", EXPIRY, f"{EXPIRY}.", f".{MAC}", f"{TOKEN}.", f"{int(EXPIRY) + 1}.{MAC}", f"-{TOKEN}"),
        *(f"{EXPIRY}.\ud800", f"{EXPIRY}.{MAC[:-1]}\udfff", f"\ud800.{MAC}", f"{EXPIRY}.{MAC}é", f"٣.{MAC}"),
        *(f"{'9' * 40}.{MAC}", f"{EXPIRY}.{'a' * 1_000}", f"\0{TOKEN}"),
    ],
    ids=ascii,
)
def test_what_else_is_sent_is_refused_and_nothing_is_raised(sent: str) -> None:
    assert not answer_form.fits(KEY, 7, NOW_S, sent)
