"""Stripes through the decoder: every hand is read on every track, no noise is."""

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from card_reader_fw.board.desk.stripe import TRACKS, Hand, bits_of, flux, intervals_of
from card_reader_fw.track import card, coding, f2f
from card_reader_fw.track.f2f import StripeError

CARD = "4111111111111111=27122010000012345678"
FRONT = "a90000000211111234567890122222333334444455555666667777788888999990000"
TRACK1 = "B4111111111111111^YAMADA/HANAKO             ^27122010000000000123000000"
TRACK3 = "01" + "4111111111111111=" + "3929780000000000003019000000000000=" + "0" * 50
TEXTS = {"track1": TRACK1, "track2": CARD, "track3": TRACK3, "jis2": FRONT}
LETTERS = {
    "track1": [chr(code) for code in range(0x20, 0x60) if chr(code) not in "%?"],
    "track2": "0123456789:<=>",
    "track3": "0123456789:<=>",
    "jis2": [chr(code) for code in range(0x20, 0x7F)],
}
CARDS = st.builds(
    lambda pan, month, rest: f"{pan}=27{month:02d}{rest}"[:37],
    st.text("0123456789", min_size=12, max_size=19),
    st.integers(1, 12),
    st.text("0123456789", min_size=3, max_size=13),
)
STRIPES = st.sampled_from(sorted(LETTERS)).flatmap(
    lambda track: st.tuples(
        st.just(track),
        st.text(LETTERS[track], min_size=38 if track == "track3" else 20, max_size=TRACKS[track].most).filter(
            lambda text: track != "track2" or len(text) <= 37
        ),
    )
)


def text_of(intervals):
    return card.read([intervals]).track2.text.decode()


def slug_of(intervals):
    with pytest.raises(StripeError) as caught:
        card.read([intervals])
    return caught.value.slug


def inverted(bits, *places):
    return [1 - bit if place in places else bit for place, bit in enumerate(bits)]


def hands(most):
    return st.builds(
        lambda start, factor, *rest: Hand(start, min(2000, max(100, start * factor // 100)), *rest),
        st.integers(100, 2000),
        st.integers(25, 400),
        st.integers(0, most),
        st.booleans(),
        st.integers(0, 1000),
    )


@given(text=CARDS, hand=hands(8))
@example(text=CARD, hand=Hand(100))
@example(text="000000000004=2706004", hand=Hand(100, backward=True))  # forward it is a short something
@example(text=CARD, hand=Hand(2000, backward=True))
@example(text=CARD, hand=Hand(100, 400, 8, seed=1))
@settings(max_examples=200, deadline=None)
def test_any_hand_is_read(text, hand):
    assert text_of(intervals_of(text, hand)) == text


@given(stripe=STRIPES, hand=hands(6))
@settings(max_examples=100, deadline=None)
def test_any_track_is_read_and_known(stripe, hand):
    track, text = stripe
    assert card.stripe(intervals_of(text, hand, track)) == (track, bytearray(text.encode()))


@pytest.mark.parametrize(
    "text, lrc", [("1234567890" * 6 + "123456789", 0x4E), (FRONT, 0x15)], ids=["digits", "letters"]
)
def test_the_check_character_of_a_front_stripe_is_that_of_real_readers(text, lrc):
    last = bits_of(text, "jis2")[-30 - 8 : -30]
    assert sum(bit << place for place, bit in enumerate(last[:7])) == lrc


def test_heads_on_both_sides():
    swiped = card.read(
        [intervals_of(CARD), intervals_of(FRONT, track="jis2"), intervals_of(TRACK1, track="track1")]
    )
    assert (swiped.track2.text.decode(), swiped.jis2.decode()) == (CARD, FRONT)


def test_a_card_with_a_front_stripe_only():
    swiped = card.read([[], intervals_of(FRONT, track="jis2")])
    assert (swiped.track2, swiped.jis2.decode()) == (None, FRONT)


def test_a_damaged_track_2_is_swiped_again_even_if_the_front_was_read():
    damaged = flux(inverted(bits_of(CARD), 60))
    with pytest.raises(StripeError) as caught:
        card.read([damaged, intervals_of(FRONT, track="jis2")])
    assert caught.value.slug == "stripe-no-track2"


@pytest.mark.parametrize("track", ["track1", "track3"])
def test_other_tracks_alone_are_no_card(track):
    assert slug_of(intervals_of(TEXTS[track], track=track)) == "stripe-no-track2"


@pytest.mark.parametrize("unit", [1, 7, 50])
def test_the_unit_of_time_does_not_matter(unit):
    assert text_of([gap * unit for gap in intervals_of(CARD)]) == CARD


@given(before=st.lists(st.integers(1, 9000), max_size=30), after=st.lists(st.integers(1, 9000), max_size=30))
@settings(max_examples=100, deadline=None)
def test_noise_around_the_stripe_does_no_harm(before, after):
    """The head hears the card's edges; a gap parts them from the stripe."""
    assert text_of([*before, 50_000, *intervals_of(CARD), 50_000, *after]) == CARD


@given(st.lists(st.integers(-5, 5000), max_size=1200))
@settings(max_examples=100, deadline=None)
def test_garbage_never_decodes(intervals):
    with pytest.raises(StripeError):
        card.read([intervals])


@pytest.mark.parametrize("track", sorted(TEXTS))
def test_a_stripe_with_a_dropout_is_never_another_card(track):
    """Some neighbouring flux changes are not heard."""
    intervals, chance = intervals_of(TEXTS[track], track=track), random.Random(track)
    for _ in range(60):
        at, lost = chance.randrange(len(intervals) - 6), chance.randint(1, 5)
        heard = [*intervals[:at], sum(intervals[at : at + lost + 1]), *intervals[at + lost + 1 :]]
        try:
            assert card.stripe(heard)[1].decode() == TEXTS[track]
        except StripeError:
            pass


def test_steady_garbage_never_decodes():
    """Clean halves and wholes in random order: only parity, LRC and layout stand against it."""
    chance = random.Random(75)
    for _ in range(1000):
        bits = [0] * 20 + [chance.getrandbits(1) for _ in range(220)]
        with pytest.raises(StripeError):
            card.read([flux(bits)])


def test_random_characters_with_good_parity_never_decode():
    chance = random.Random(76)
    for _ in range(1000):
        bits = bits_of("")[:35]
        for _ in range(38):
            four = [chance.getrandbits(1) for _ in range(4)]
            bits += [*four, 1 - sum(four) % 2]
        with pytest.raises(StripeError):
            card.read([flux(bits)])


@pytest.mark.parametrize(
    "track, shape", [("track1", coding.ALPHA), ("track2", coding.NUMERIC), ("jis2", coding.JIS2)]
)
def test_every_single_wrong_bit_is_noticed(track, shape):
    bits = bits_of(TEXTS[track], track)
    for place in range(30, len(bits) - 30):
        with pytest.raises(StripeError):
            coding.characters(inverted(bits, place), shape)


def test_every_two_wrong_bits_of_one_character_are_noticed():
    """They keep its parity; the LRC must see them."""
    bits = bits_of(CARD)
    for first in range(30, len(bits) - 40, 5):
        with pytest.raises(StripeError):
            coding.characters(inverted(bits, first, first + 1), coding.NUMERIC)


TOO_LONG = bits_of(CARD)[:35] + bits_of("1" * 37)[35:220] * 3 + bits_of("1" * 10)[35:85]


@pytest.mark.parametrize(
    "slug, intervals",
    [
        ("stripe-noise", []),
        ("stripe-noise", [800] * 20),
        ("stripe-no-start", [800] * 400),
        ("stripe-too-long", [800] * (f2f.INTERVALS_MAX + 1)),
        ("stripe-parity", flux(inverted(bits_of(CARD), 60))),
        ("stripe-lrc", flux(inverted(bits_of(CARD), 60, 61))),
        ("stripe-no-end", flux(bits_of(CARD)[:120])),
        ("stripe-too-long", flux(TOO_LONG)),
        ("stripe-format", intervals_of("1234=2712201")),
        ("stripe-format", intervals_of("4111111111111111=2713201000")),
        ("stripe-format", intervals_of("41111111111111112712201")),
        ("stripe-format", intervals_of("4111111111111111=27=2201")),
    ],
)
def test_each_failure_has_its_slug(slug, intervals):
    assert slug_of(intervals) == slug


@pytest.mark.parametrize("slug, places", [("stripe-parity", (60,)), ("stripe-lrc", (60, 61))])
def test_a_backward_swipe_fails_with_the_same_slug(slug, places):
    assert slug_of(flux(inverted(bits_of(CARD), *places), Hand(backward=True))) == slug


def test_a_spike_in_the_lead_in_costs_nothing():
    intervals = intervals_of(CARD)
    assert text_of([*intervals[:5], 30, *intervals[5:]]) == CARD


def test_the_error_says_nothing_of_the_card():
    with pytest.raises(StripeError) as caught:
        card.read([flux(inverted(bits_of(CARD), 60))])
    assert str(caught.value) == "stripe-parity"
