"""Recordings of the head: written, read back through the peak picker, and decoded by the firmware."""

import random
import wave
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from card_reader_fw.board.desk import wav
from card_reader_fw.board.desk.reader_error import ReaderError
from card_reader_fw.board.desk.stripe import Hand, intervals_of
from card_reader_fw.track import card
from card_reader_fw.track.f2f import StripeError

CARD = "4111111111111111=27122010000012345678"


def text_of(intervals):
    return card.read([intervals]).track2.text.decode()


def through_a_file(folder, hand, *, rate=44100, width=2):
    path = folder / "swipe.wav"
    wav.write_wav(path, intervals_of(CARD, hand), rate=rate, width=width)
    return text_of(wav.read_wav(path))


@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("rate", [22050, 44100, 48000, 96000])
@pytest.mark.parametrize("speed, end", [(100, 300), (400, 400), (300, 800), (800, 200)])
def test_recordings_are_read(tmp_path, rate, width, speed, end):
    assert through_a_file(tmp_path, Hand(speed, end), rate=rate, width=width) == CARD


@pytest.mark.parametrize("backward", [False, True])
def test_a_fast_hand_at_48_khz(tmp_path, backward):
    assert through_a_file(tmp_path, Hand(1500, 2000, 2, backward, 5), rate=48000) == CARD


@given(
    speed=st.integers(150, 900),
    end=st.integers(150, 900),
    jitter=st.integers(0, 3),
    backward=st.booleans(),
    noise=st.integers(0, 900),
    seed=st.integers(0, 99),
)
@settings(max_examples=25, deadline=None)
def test_a_noisy_amplifier(tmp_path_factory, speed, end, jitter, backward, noise, seed):
    path = tmp_path_factory.mktemp("wav") / "swipe.wav"
    wav.write_wav(path, intervals_of(CARD, Hand(speed, end, jitter, backward, seed)))
    with wave.open(str(path)) as recording:
        samples = array("h", recording.readframes(recording.getnframes()))
    chance = random.Random(seed)
    noisy = [sample + chance.randint(-noise, noise) for sample in samples]
    assert text_of(wav.intervals_of(noisy, 44100)) == CARD


def test_loudness_follows_the_speed_of_the_hand():
    """A head's voltage grows with speed: the beginning may be six times softer than the end."""
    intervals = intervals_of(CARD, Hand(150, 900))
    samples, edge, sign = [], 0, 1
    for gap in intervals:
        length = gap * 96000 // 1_000_000
        samples += [sign * 2_000_000 // gap * (length - 2 * at) // length for at in range(length)]
        edge, sign = edge + length, -sign
    assert text_of(wav.intervals_of(samples, 96000)) == CARD


@pytest.mark.parametrize("samples", [[], [0], [0] * 1000, [5, -5] * 3])
def test_silence_has_no_stripe(samples):
    with pytest.raises(StripeError):
        card.read([wav.intervals_of(samples, 44100)])


@pytest.mark.parametrize("channels, width", [(2, 2), (1, 3), (1, 4)])
def test_other_shapes_are_refused(tmp_path, channels, width):
    path = tmp_path / "other.wav"
    with wave.open(str(path), "wb") as recording:
        recording.setnchannels(channels)
        recording.setsampwidth(width)
        recording.setframerate(44100)
        recording.writeframes(bytes(channels * width * 100))
    assert refused(path) == "wav-format"


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"not a recording at all, but longer than a header is" * 3]
)
def test_what_is_no_recording_is_refused(tmp_path, content):
    path = tmp_path / "no.wav"
    path.write_bytes(content)
    assert refused(path) == "wav-format"


def test_a_recording_of_an_hour_is_refused(tmp_path):
    path = tmp_path / "long.wav"
    with wave.open(str(path), "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(1)
        recording.setframerate(1000)
        recording.writeframes(bytes(1000 * (wav.SECONDS_MAX + 1)))
    assert refused(path) == "wav-format"


def refused(path):
    with pytest.raises(ReaderError) as caught:
        wav.read_wav(path)
    return caught.value.slug
