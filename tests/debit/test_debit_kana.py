"""Names in half-width kana: the bank knows the customer by nothing else, so nothing is guessed."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bank_debit.kana import KanaError, half_width
from bank_debit.zengin import TEXT_BYTES


@pytest.mark.parametrize(
    ("text", "half"),
    [
        ("ヤマダ　タロウ", "ﾔﾏﾀﾞ ﾀﾛｳ"),
        ("やまだ たろう", "ﾔﾏﾀﾞ ﾀﾛｳ"),
        ("ﾔﾏﾀﾞ ﾀﾛｳ", "ﾔﾏﾀﾞ ﾀﾛｳ"),
        ("キャット・フード", "ｷﾔﾂﾄ.ﾌ-ﾄﾞ"),
        ("パピプペポ ヴ", "ﾊﾟﾋﾟﾌﾟﾍﾟﾎﾟ ｳﾞ"),
        ("ヲノ ヱイ ヰト", "ｵﾉ ｴｲ ｲﾄ"),
        ("Ｈａｇａｋｉ ２０２６", "HAGAKI 2026"),
        ("株式会社ハガキ", "ｶ)ﾊｶﾞｷ"),
        ("㈱ハガキ", "ｶ)ﾊｶﾞｷ"),
        ("ハガキ株式会社", "ﾊｶﾞｷ(ｶ"),
        ("ハガキ 株式会社 チバシテン", "ﾊｶﾞｷ(ｶ)ﾁﾊﾞｼﾃﾝ"),
        ("カブシキガイシャ ハガキ", "ｶ)ﾊｶﾞｷ"),
        ("合同会社ハガキ", "ﾄﾞ)ﾊｶﾞｷ"),
        ("医療法人社団ハガキカイ", "ｲ)ﾊｶﾞｷｶｲ"),
        ("特定非営利活動法人ハガキ", "ﾄｸﾋ)ﾊｶﾞｷ"),
    ],
)
def test_names_as_banks_write_them(text: str, half: str) -> None:
    assert half_width(text, 40) == half
    assert half_width(unicodedata.normalize("NFD", text), 40) == half
    assert half_width(half, 40) == half


@pytest.mark.parametrize(
    ("text", "slug", "character"),
    [
        ("山田タロウ", "kana-character", "山"),
        ("ヤマダ☆", "kana-character", "☆"),
        ("ヤマダ/タロウ", "kana-character", "/"),
        ("Müller", "kana-character", "Ü"),
        ("ｱﾞ", "kana-mark", "ﾞ"),
        ("ヷ", "kana-mark", "ﾞ"),
        ("ﾀﾟ", "kana-mark", "ﾟ"),
        ("  ", "kana-empty", ""),
        ("ア" * 31, "kana-too-long", ""),
        ("ガ" * 16, "kana-too-long", ""),
    ],
)
def test_what_cannot_be_written_is_named(text: str, slug: str, character: str) -> None:
    with pytest.raises(KanaError) as raised:
        half_width(text, 30)
    assert (raised.value.slug, raised.value.character) == (slug, character)
    assert character in raised.value.sentence


def test_places_have_fewer_signs() -> None:
    assert half_width("ミツイスミトモ-1", 15, place=True) == "ﾐﾂｲｽﾐﾄﾓ-1"
    for sign in "(). ":
        with pytest.raises(KanaError):
            half_width(f"ミツイ{sign}スミトモ", 15, place=True)


KANA = "".join(map(chr, [*range(0x3041, 0x3097), *range(0x30A1, 0x30F7), 0x30FC, 0x3000]))


@given(st.text(KANA + "ABCabc019（）()．.－- 株式会社", min_size=1, max_size=60))
@settings(max_examples=200, deadline=None)
def test_what_is_written_fits_and_stays(text: str) -> None:
    try:
        half = half_width(text, 30)
    except KanaError:
        return
    assert 0 < len(half) <= 30
    assert not half.encode("shift_jis").translate(None, TEXT_BYTES)
    assert not set(half) & set("ｦｧｨｩｪｫｬｭｮｯｰ/\\,｢｣")
    assert half_width(half, 30) == half
