"""Stripes through the decoder: every hand is read, no noise is."""

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from card_reader_fw.board.desk.stripe import Hand, bits_of, flux, intervals_of
from card_reader_fw.track import f2f, track2
from card_reader_fw.track.f2f import StripeError

CARD = "4111111111111111=27122010000012345678"
CARDS = st.builds(
    lambda pan, month, rest: f"{pan}=27{month:02d}{rest}"[:37],
    st.text("0123456789", min_size=12, max_size=19),
    st.integers(1, 12),
    st.text("0123456789", min_size=3, max_size=13),
)


def slug_of(intervals):
    with pytest.raises(StripeError) as caught:
        track2.read(intervals)
    return caught.value.slug


def without(bits, place, value=None):
    """Bits with one inverted."""
    return [*bits[:place], 1 - bits[place] if value is None else value, *bits[place + 1 :]]


@given(
    text=CARDS,
    start=st.integers(100, 2000),
    factor=st.integers(25, 400),
    jitter=st.integers(0, 4),
    backward=st.booleans(),
    seed=st.integers(0, 1000),
)
@example(text=CARD, start=100, factor=100, jitter=0, backward=False, seed=0)
@example(text=CARD, start=2000, factor=100, jitter=0, backward=True, seed=0)
@example(text=CARD, start=100, factor=400, jitter=4, backward=False, seed=1)
@settings(max_examples=300, deadline=None)
def test_any_hand_is_read(text, start, factor, jitter, backward, seed):
    end = min(2000, max(100, start * factor // 100))
    hand = Hand(start, end, jitter, backward, seed)
    assert track2.read(intervals_of(text, hand)).text == text


@pytest.mark.parametrize("unit", [1, 7, 100])
def test_the_unit_of_time_does_not_matter(unit):
    assert track2.read([gap * unit for gap in intervals_of(CARD)]).text == CARD


@given(before=st.lists(st.integers(1, 9000), max_size=30), after=st.lists(st.integers(1, 9000), max_size=30))
@settings(max_examples=200, deadline=None)
def test_noise_around_the_stripe_does_no_harm(before, after):
    """The head hears the card's edges; a gap parts them from the stripe."""
    assert track2.read([*before, 50_000, *intervals_of(CARD), 50_000, *after]).text == CARD


@given(st.lists(st.integers(-5, 5000), max_size=1200))
@settings(max_examples=200, deadline=None)
def test_garbage_never_decodes(intervals):
    with pytest.raises(StripeError):
        track2.read(intervals)


def test_steady_garbage_never_decodes():
    """Clean halves and wholes in random order: only parity, LRC and layout stand against it."""
    chance = random.Random(75)
    for _ in range(3000):
        bits = [0] * 20 + [chance.getrandbits(1) for _ in range(220)]
        with pytest.raises(StripeError):
            track2.read(flux(bits))


def test_random_characters_with_good_parity_never_decode():
    chance = random.Random(76)
    for _ in range(3000):
        bits = bits_of("")[:35]
        for _ in range(38):
            four = [chance.getrandbits(1) for _ in range(4)]
            bits += [*four, 1 - sum(four) % 2]
        with pytest.raises(StripeError):
            track2.read(flux(bits))


def test_every_single_wrong_bit_is_noticed():
    bits = bits_of(CARD)
    for place in range(30, len(bits) - 30):
        with pytest.raises(StripeError):
            track2.parse(without(bits, place))


def test_every_two_characters_swapped_for_one_another_are_noticed():
    """Two wrong bits in one character keep its parity; the LRC must see them."""
    bits = bits_of(CARD)
    for first in range(30, len(bits) - 40, 5):
        with pytest.raises(StripeError):
            track2.parse(without(without(bits, first), first + 1))


@pytest.mark.parametrize(
    "slug, intervals",
    [
        ("stripe-noise", []),
        ("stripe-noise", [800] * 20),
        ("stripe-no-start", [800] * 400),
        ("stripe-too-long", [800] * (f2f.INTERVALS_MAX + 1)),
        ("stripe-parity", flux(without(bits_of(CARD), 60))),
        ("stripe-lrc", flux(without(without(bits_of(CARD), 60), 61))),
        ("stripe-no-end", flux(bits_of(CARD)[:120])),
        ("stripe-too-long", flux(bits_of(CARD)[:35] + bits_of("1" * 37)[35:220] + bits_of("1" * 10)[35:85])),
        ("stripe-format", intervals_of("1234=2712201")),
        ("stripe-format", intervals_of("4111111111111111=2713201000")),
        ("stripe-format", intervals_of("41111111111111112712201")),
        ("stripe-format", intervals_of("4111111111111111=27=2201")),
    ],
)
def test_each_failure_has_its_slug(slug, intervals):
    assert slug_of(intervals) == slug


@pytest.mark.parametrize("slug", ["stripe-parity", "stripe-lrc"])
def test_a_backward_swipe_fails_with_the_same_slug(slug):
    bits = without(bits_of(CARD), 60)
    if slug == "stripe-lrc":
        bits = without(bits, 61)
    assert slug_of(flux(bits, Hand(backward=True))) == slug


def test_a_spike_in_the_lead_in_costs_nothing():
    intervals = intervals_of(CARD)
    assert track2.read([*intervals[:5], 30, *intervals[5:]]).text == CARD


def test_the_error_says_nothing_of_the_card():
    with pytest.raises(StripeError) as caught:
        track2.read(flux(without(bits_of(CARD), 60)))
    assert str(caught.value) == "stripe-parity"
