"""The simulated reader as the command line calls it: one function, one device file, one process."""

import multiprocessing
import stat

import pytest
from reader_centre import CARD, INITIAL_KEY, KEY_ID, SWIPE, check_code, open_sale, seal_result

from card_reader_fw.board.desk import desk, device, stripe, wav
from card_reader_fw.board.desk.reader_error import SENTENCES, ReaderError
from schemas.envelope import armour, outcome

NOW_S = 1_750_000_000


@pytest.fixture
def reader(tmp_path):
    path = tmp_path / "reader.dev"
    device.create(path, KEY_ID, INITIAL_KEY)
    return path


def swipe(reader, amount_minor=1200, **more):
    return desk.swipe(reader, amount_minor=amount_minor, now_s=NOW_S, **({"track2": CARD} | more))


def block(ksn, number, amount_minor=1200, **more):
    return armour.block(armour.RESULT, seal_result(ksn, number, amount_minor, **more))


def slug_of(work, *arguments, **named):
    with pytest.raises(ReaderError) as caught:
        work(*arguments, **named)
    assert caught.value.sentence == SENTENCES[caught.value.slug]
    return caught.value.slug


def test_a_swipe_is_a_sealed_sale(reader):
    sealed = swipe(reader)
    ksn, sale = open_sale(sealed.text)
    assert (ksn, sale.slip) == (sealed.ksn, sealed.slip)
    assert (sale.amount_minor, sale.track2, sale.reader_time_s) == (1200, CARD, NOW_S)
    assert sealed.lcd == ["SENT       00001", "WAIT FOR RESULT"]
    assert sealed.text.startswith("BEGIN HAGAKI SALE\n")
    assert sealed.text.endswith("END HAGAKI SALE\n")


def test_each_swipe_has_its_own_key_and_slip(reader):
    sealed = [swipe(reader) for _ in range(5)]
    assert [s.slip for s in sealed] == [1, 2, 3, 4, 5]
    assert [int.from_bytes(s.ksn[8:], "big") for s in sealed] == [1, 2, 3, 4, 5]


def test_instalments(reader):
    _, sale = open_sale(swipe(reader, condition=61, count=24).text)
    assert (sale.condition, sale.condition_count) == (61, 24)


def test_flux_and_wav_files(reader, tmp_path):
    hand = stripe.Hand(250, 900, 3, True, 7)
    flux = tmp_path / "swipe.flux"
    flux.write_text("\n".join(str(gap) for gap in stripe.intervals_of(CARD, hand)))
    recording = tmp_path / "swipe.wav"
    wav.write_wav(recording, SWIPE)
    for sources in ({"flux": flux}, {"wav": recording}):
        assert open_sale(swipe(reader, track2=None, **sources).text)[1].track2 == CARD


def test_results(reader):
    sealed = swipe(reader)
    shown = desk.show_result(reader, block(sealed.ksn, outcome.APPROVED, approval_number="123456"))
    assert shown == desk.Shown(True, "approved", ["APPROVED      C1", "00001     123456"])


def test_a_result_within_a_quoted_mail(reader):
    sealed = swipe(reader)
    mail = "> hello\n> " + block(sealed.ksn, outcome.IN_DOUBT).replace("\n", "\n> ")
    shown = desk.show_result(reader, mail)
    assert (shown.genuine, shown.outcome, shown.lcd[0]) == (True, "in-doubt", "UNKNOWN - DO NOT")


@pytest.mark.parametrize("what", ["amount", "reader"])
def test_a_forged_result(reader, what):
    sealed = swipe(reader)
    ksn = KEY_ID + bytes(4) if what == "reader" else sealed.ksn
    shown = desk.show_result(reader, block(ksn, outcome.APPROVED, 5))
    assert (shown.genuine, shown.outcome) == (False, "")
    assert "APPROVED" not in "".join(shown.lcd)


def test_an_older_result_is_genuine_and_shows_nothing(reader):
    sealed = swipe(reader)
    desk.show_result(reader, block(sealed.ksn, outcome.APPROVED, version=2))
    shown = desk.show_result(reader, block(sealed.ksn, outcome.IN_DOUBT))
    assert (shown.genuine, shown.outcome) == (True, "")
    assert "UNKNOWN" not in shown.lcd[0]


def test_re_entry_over_separate_calls(reader):
    sealed = swipe(reader)
    desk.show_result(reader, block(sealed.ksn, outcome.RE_ENTER))
    _, sale = open_sale(swipe(reader).text)
    assert (sale.slip, sale.reentry) == (1, 1)


def test_check_codes(reader):
    first, second = swipe(reader), swipe(reader)
    shown = desk.show_code(reader, check_code(second.ksn, outcome.APPROVED, 1, 1200))
    assert (shown.genuine, shown.outcome) == (True, "approved")
    shown = desk.show_code(reader, check_code(first.ksn, outcome.DECLINED, 1, 1200), slip=first.slip)
    assert (shown.genuine, shown.outcome) == (True, "declined")


def test_three_wrong_codes(reader):
    swipe(reader)
    shown = [desk.show_code(reader, "00000000") for _ in range(3)]
    assert [s.genuine for s in shown] == [False] * 3
    assert shown[0].lcd == ["CODE IS WRONG", "2 MORE TRIES"]
    assert shown[2].lcd == ["CODES LOCKED", "SLIP 00001"]
    assert slug_of(desk.show_code, reader, "00000000") == "no-open-sale"


@pytest.mark.parametrize("code", ["", "1234567", "123456789", "1234567a", "１２３４５６７８"])
def test_what_is_no_code(reader, code):
    assert slug_of(desk.show_code, reader, code) == "code-format"


def test_a_code_for_a_slip_that_is_not_open(reader):
    swipe(reader)
    assert slug_of(desk.show_code, reader, "12345678", slip=9) == "code-slip"


@pytest.mark.parametrize(
    "slug, more",
    [
        ("amount-range", {"amount_minor": 0}),
        ("amount-range", {"amount_minor": 100_000_000}),
        ("pin-off", {"condition": 110}),
        ("count-range", {"condition": 61, "count": 1}),
        ("one-card", {"track2": None}),
        ("one-card", {"flux": "x"}),
        ("stripe-text", {"track2": ";4111111111111111=27122010000012345678?"}),
        ("stripe-text", {"track2": "4111111111111111=2712201" + "0" * 20}),
        ("stripe-format", {"track2": "4111=2712201"}),
    ],
)
def test_what_a_merchant_can_get_wrong(reader, slug, more):
    assert slug_of(swipe, reader, **more) == slug


def test_after_a_refusal_the_next_sale_is_a_whole_one(reader):
    slug_of(swipe, reader, condition=61, count=1)
    assert open_sale(swipe(reader).text)[1].slip == 1


@pytest.mark.parametrize("text", ["", "-5 x", "1.5 2.5"])
def test_flux_files_that_are_none(reader, tmp_path, text):
    flux = tmp_path / "x"
    flux.write_text(text)
    slug = "stripe-noise" if not text else "flux-format"
    assert slug_of(swipe, reader, track2=None, flux=flux) == slug


def test_a_result_that_is_none(reader):
    assert slug_of(desk.show_result, reader, "no block here") == "result-format"
    sealed = swipe(reader)
    assert slug_of(desk.show_result, reader, sealed.text) == "result-format"


def test_a_result_longer_than_any(reader):
    shown = desk.show_result(reader, armour.block(armour.RESULT, bytes(armour.BODY_MAX)))
    assert not shown.genuine


# ---- the device file


def full_disk(fd, *_):
    raise OSError(28, "No space left on device")


def test_a_full_disk_makes_no_reader(tmp_path, monkeypatch):
    monkeypatch.setattr("os.pwrite", full_disk)
    assert slug_of(device.create, tmp_path / "r.dev", KEY_ID, INITIAL_KEY) == "flash"
    assert not (tmp_path / "r.dev").exists()


def test_a_full_disk_sells_nothing_and_loses_nothing(reader, monkeypatch):
    with monkeypatch.context() as full:
        full.setattr("os.pwrite", full_disk)
        assert slug_of(swipe, reader) == "flash"
    assert swipe(reader).slip == 1


def test_the_file_is_private_and_made_once(reader):
    assert stat.S_IMODE(reader.stat().st_mode) == 0o600
    before = reader.read_bytes()
    assert slug_of(device.create, reader, KEY_ID, INITIAL_KEY) == "device-exists"
    assert reader.read_bytes() == before


def test_the_initial_key_is_not_in_it(reader):
    assert INITIAL_KEY not in reader.read_bytes()


def test_japanese_reader(tmp_path):
    path = tmp_path / "ja.dev"
    device.create(path, KEY_ID, INITIAL_KEY, language="ja")
    assert swipe(path).lcd[1] == "ｹｯｶｦ ﾏｯﾃｲﾏｽ"


def test_missing_and_damaged_files(tmp_path):
    assert slug_of(swipe, tmp_path / "none") == "device-missing"
    for content in (b"", b"\xff" * 32768, b"\x00" * 32768):
        path = tmp_path / "bad"
        path.write_bytes(content)
        assert slug_of(swipe, path) == "device-damaged"


def test_two_in_one_process(reader):
    with device.Device.open(reader):
        assert slug_of(swipe, reader) == "device-busy"
    swipe(reader)


def _try_swipe(path, answers):
    try:
        answers.put(swipe(path).ksn.hex())
    except ReaderError as error:
        answers.put(error.slug)


def test_two_processes_cannot_use_one_reader(reader):
    spawn = multiprocessing.get_context("spawn")
    answers = spawn.Queue()
    with device.Device.open(reader):
        other = spawn.Process(target=_try_swipe, args=(reader, answers))
        other.start()
        assert answers.get(timeout=60) == "device-busy"
        other.join(60)


def test_each_sentence_says_what_to_do():
    for sentence in SENTENCES.values():
        assert any(mark in sentence for mark in ";,:")
        assert sentence.endswith(".")
