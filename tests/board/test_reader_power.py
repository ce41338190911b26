"""Power goes at every byte of every write: a key may be skipped, none is ever used twice."""

import pytest
from reader_centre import CARD, INITIAL_KEY, KEY_ID, Memory, PowerCut, keep, seal_result

from card_reader_fw import answer, vault
from card_reader_fw.board.desk.device import cipher
from card_reader_fw.crypto import dukpt
from card_reader_fw.hand import Hand
from card_reader_fw.journal import PAYLOAD_MAX, SLOT, Journal, JournalError
from card_reader_fw.open_sale import OPEN
from card_reader_fw.rooms.order import Order
from card_reader_fw.shelf import CELLS, SEALED_MAX, Shelf
from card_reader_fw.till import Till
from card_reader_fw.track import track2
from card_reader_fw.track.card import Card
from schemas.envelope import cose, outcome


def new_reader(flash):
    return vault.create(Journal(flash), dukpt.load(cipher, KEY_ID, INITIAL_KEY), "en")


def cuts(flash, work, count=0):
    """Run `work` on copies of a flash, the power cut at each byte it writes -> the flashes left behind.

    count: at so many of the bytes only, the first and the last among them.
    """
    whole = flash.copy()
    work(whole)
    last = whole.written - 1
    for cut_after in {last * part // (count - 1) for part in range(count)} or range(whole.written):
        dying = flash.copy()
        dying.cut_after = cut_after
        with pytest.raises(PowerCut):
            work(dying)
        yield Memory(dying.banks, dying.bank_size)


def saves(count):
    """A journal after some saves; with three slots in a bank every third goes on in the other bank."""
    flash = Memory()
    journal = Journal(flash)
    for number in range(count):
        journal.save(b"record %d" % number)
    return flash


@pytest.mark.parametrize("count", range(1, 8))
def test_the_record_before_or_the_new_one_stands(count):
    before = b"record %d" % (count - 1)
    seen = set()
    for left in cuts(saves(count), lambda flash: Journal(flash).save(b"new")):
        payload = Journal(left).payload
        assert payload in (before, b"new")
        seen.add(payload)
    assert seen == {before, b"new"}


@pytest.mark.parametrize("count", [1, 3, 4])
def test_after_a_cut_the_next_save_works(count):
    for place, left in enumerate(cuts(saves(count), lambda flash: Journal(flash).save(b"new"))):
        if place % 97 == 0:
            Journal(left).save(b"later")
            assert Journal(left).payload == b"later"


def test_opening_after_a_cut_may_be_cut_too():
    """Whatever opening tidies up, the record found before is found again."""
    torn = list(cuts(saves(2), lambda flash: Journal(flash).save(b"new")))
    for left in (torn[1], torn[len(torn) // 2], torn[-1]):
        expected = Journal(left.copy()).payload
        for again in cuts(left, Journal):
            assert Journal(again).payload == expected


def test_old_records_are_zeroed():
    flash = saves(2)
    Journal(flash).save(b"the third")
    assert b"record" not in flash.banks[0] + flash.banks[1]


def test_a_torn_record_is_zeroed_when_the_reader_starts():
    for left in cuts(saves(1), lambda flash: Journal(flash).save(b"secret" * 20)):
        found = Journal(left).payload
        assert (left.banks[0] + left.banks[1]).count(b"secret") == found.count(b"secret")


def test_many_saves_go_round_both_banks():
    flash = Memory()
    journal = Journal(flash)
    for number in range(50):
        journal.save(b"%d" % number)
        assert Journal(flash.copy()).payload == b"%d" % number


def test_a_blank_flash_holds_nothing():
    assert Journal(Memory()).payload is None
    assert vault.load(Journal(Memory())).keyless()


def test_a_damaged_byte_never_passes():
    flash = saves(1)
    record = len(b"record 0") + 14
    for at in range(record):
        worn = flash.copy()
        worn.banks[0][at] ^= 0x10
        assert Journal(worn).payload is None


def test_flash_that_does_not_keep_is_noticed():
    flash = saves(1)
    flash.write = lambda bank, offset, data: None
    with pytest.raises(JournalError):
        Journal(flash).save(b"lost")


def test_a_record_has_a_limit():
    Journal(Memory()).save(bytes(PAYLOAD_MAX))
    with pytest.raises(JournalError):
        Journal(Memory()).save(bytes(PAYLOAD_MAX + 1))


def test_ten_full_sales_fit():
    store = new_reader(Memory())
    store.following = 99990
    store.pin_on = True
    for _ in range(12):
        ksn, _ = store.next_key(cipher)
        sale = keep(store, ksn, 99_999_999, bytearray(b"r" * 16), bytearray(b"c" * 16))
        sale.show(outcome.IN_DOUBT, 200, "\uff98" * 16, bytes(16))
        sale.kind, sale.original, sale.condition, sale.wrong = 3, KEY_ID + b"\xff" * 4, 110, 3
        store.shown(sale)
    assert len(store.sales) == vault.OPEN_MAX
    assert len(store._journal.payload) < PAYLOAD_MAX < SLOT


def use_a_key(flash, used):
    """A reader starts, takes its next key and uses it the moment it has it."""
    ksn, key = vault.load(Journal(flash)).next_key(cipher)
    used.append((ksn, bytes(key)))


def test_no_key_is_used_twice_wherever_the_power_goes():
    flash = Memory()
    new_reader(flash)
    for _ in range(5):
        use_a_key(flash, [])
    for left in cuts(flash, lambda flash: use_a_key(flash, [])):
        used = []
        use_a_key(left, used)
        use_a_key(left, used)
        counters = [int.from_bytes(ksn[8:], "big") for ksn, _ in used]
        assert counters in ([6, 7], [7, 8])


def test_a_key_that_was_given_out_is_never_given_again():
    """The cut falls after next_key returned: the second life starts behind it."""
    flash = Memory()
    store = new_reader(flash)
    seen = set()
    for _ in range(40):
        ksn, key = store.next_key(cipher)
        assert (ksn, bytes(key)) not in seen
        seen.add((ksn, bytes(key)))
        store = vault.load(Journal(flash))


def test_the_state_before_is_wiped_from_memory():
    store = new_reader(Memory())
    before = store.keys
    store.next_key(cipher)
    assert bytes(before.registers) == bytes(512)


def test_a_failed_save_skips_the_key():
    flash = Memory()
    store = new_reader(flash)
    honest, flash.write = flash.write, lambda bank, offset, data: None
    with pytest.raises(JournalError):
        store.next_key(cipher)
    flash.write = honest
    assert store.next_key(cipher)[0][8:] == (2).to_bytes(4, "big")


def test_the_state_of_a_sale_survives():
    flash = Memory()
    store = new_reader(flash)
    ksn, _ = store.next_key(cipher)
    sale = keep(store, ksn, 1200, bytearray(b"r" * 16), bytearray(b"c" * 16))
    sale.wrong = 2
    sale.show(outcome.IN_DOUBT, 3, "CALL", b"d" * 16)
    sale.wrong = 1
    store.shown(sale)
    again = vault.load(Journal(flash))
    assert again.sales[0].row() == sale.row()
    assert (again.numbers(1, b""), again.language) == ((2, 0), "en")


@pytest.mark.parametrize("final", [outcome.DECLINED, outcome.RE_ENTER, outcome.CANCELLED, outcome.EXPIRED])
def test_answer_keys_are_erased_from_flash_with_a_final_outcome(final):
    flash = Memory()
    store = new_reader(flash)
    ksn, _ = store.next_key(cipher)
    sale = keep(store, ksn, 1200, bytearray(b"RESULT-KEY-16byt"), bytearray(b"CODE-KEY-16bytes"))
    assert b"RESULT-KEY" in flash.banks[0] + flash.banks[1]
    sale.show(final, 1, "", bytes(16))
    store.shown(sale)
    assert b"-KEY-" not in flash.banks[0] + flash.banks[1]


def test_slips_count_on_and_a_re_entry_repeats_its_own_three_times():
    store = new_reader(Memory())
    slips = []
    for _ in range(5):
        slips.append(store.numbers(1, b""))
        ksn, _ = store.next_key(cipher)
        sale = keep(store, ksn, 1200, bytearray(16), bytearray(16))
        sale.show(outcome.RE_ENTER, 1, "", bytes(16))
        store.shown(sale)
    assert slips == [(1, 0), (1, 1), (1, 2), (1, 3), (2, 0)]


def test_slips_start_again_after_99999():
    store = new_reader(Memory())
    store.following = vault.SLIP_MAX
    keep(store, bytes(12), 1200, bytearray(16), bytearray(16))
    assert store.following == 1


# ---- a whole sale, its answer, its end; the power going at every byte


class Life:
    """A reader's life between two power cuts. sealed: KSN -> the bytes that it was told were sealed;
    made: every KSN that a seal was made under."""

    def __init__(self, flash):
        self.store = vault.load(Journal(flash))
        self.sealed, self.made = {}, []
        honest = self.store.keep
        self.store.keep = lambda sale, sealed: (self.made.append(sealed), honest(sale, sealed))

    def sell(self):
        hand = Hand()
        hand.take_stripe(Card(track2.from_text(bytearray(CARD.encode())), bytearray()))
        sale = Till(cipher, self.store, hand, bytes).sell(Order().but(amount_minor=1200), 0)
        self.sealed[sale.ksn] = self.made[-1]
        return sale

    def answer(self, sale, number, version=1):
        result = seal_result(sale.ksn, number, sale.amount_minor, version=version)
        assert answer.open_result(cipher, self.store, result)[0] == "genuine"


def ksns(sealed):
    return [cose.unpack(one)[0] for one in sealed]


def shop():
    """A flash with an approved sale, a declined one, one in doubt and two without answer -> it, its life."""
    flash = Memory()
    new_reader(flash)
    life = Life(flash)
    for number in (outcome.APPROVED, outcome.DECLINED, outcome.IN_DOUBT):
        life.answer(life.sell(), number)
    life.sell()
    life.sell()
    return flash, life


def nothing_is_lost(left, before, *, but=()):
    """After a power cut: what was sealed and has no answer can be sent again, the same bytes; all else is as
    it was; the next key is a fresh one."""
    life = Life(left)
    for sale in before.store.sales:
        found = life.store.find(sale.ksn)
        if sale.ksn not in but:
            assert found is not None
            assert found.outcome == sale.outcome
            expected = before.sealed[sale.ksn] if sale.outcome in OPEN else None
            assert life.store.sealed(sale.ksn) == expected
    return life


def test_a_power_cut_while_selling_loses_no_sale_and_uses_no_key_twice():
    flash, before = shop()
    used = []

    def work(left):
        life = Life(left)
        used[:] = life.made
        try:
            life.sell()
        finally:
            used[:] = life.made

    seen = set()
    for left in cuts(flash, work):
        life = nothing_is_lost(left, before)
        seen.add(len(life.store.sales))
        for sale in life.store.sales[5:]:  # the record stands: then its seal does too
            assert life.store.sealed(sale.ksn) == used[-1]
        following, _ = life.store.next_key(cipher)
        assert following not in ksns([*used, *before.made])
    assert seen == {5, 6}


@pytest.mark.parametrize("number", [outcome.APPROVED, outcome.DECLINED, outcome.IN_DOUBT])
def test_a_power_cut_while_an_answer_comes_leaves_it_answered_or_to_be_sent_again(number):
    flash, before = shop()
    ksn = before.store.sales[-1].ksn
    seen = set()
    for left in cuts(flash, lambda left: (life := Life(left)).answer(life.store.sales[-1], number)):
        life = nothing_is_lost(left, before, but=[ksn])
        sale = life.store.find(ksn)
        seen.add(sale.outcome)
        assert life.store.sealed(ksn) == (before.sealed[ksn] if sale.outcome in OPEN else None)
    assert seen == {0, number}


def test_a_power_cut_while_a_sale_is_dropped():
    flash, before = shop()
    ksn = before.store.sales[-1].ksn
    for left in cuts(flash, lambda left: Life(left).store.drop(ksn)):
        life = nothing_is_lost(left, before, but=[ksn])
        assert life.store.find(ksn) is None or life.store.sealed(ksn) == before.sealed[ksn]


def test_a_power_cut_while_the_reader_tidies_up_after_another():
    """The first cut leaves a seal, or part of one, that no record names; the second comes in clearing it."""
    flash, before = shop()
    used = before.store._cells()
    torn = list(cuts(flash, lambda left: Shelf(left).put(b"sealed" * 40, used)))
    for left in (torn[-1], torn[-100], torn[-200]):
        assert len(Shelf(left)._filled) == len(used) + 1
        for again in cuts(left, Life):
            nothing_is_lost(again, before)


def test_a_seal_without_a_sale_is_cleared_when_the_reader_starts():
    flash, before = shop()
    sealed = b"no record names me"
    Shelf(flash).put(sealed, before.store._cells())
    assert sealed in b"".join(flash.banks)
    Life(flash)
    assert sealed not in b"".join(flash.banks)


def test_an_answer_erases_the_seal_from_flash():
    flash, life = shop()
    sale = life.store.sales[-1]
    assert life.sealed[sale.ksn] in b"".join(flash.banks)
    life.answer(sale, outcome.APPROVED)
    assert life.sealed[sale.ksn] not in b"".join(flash.banks)


def test_cells_are_taken_in_turn():
    """No cell wears out before the others."""
    flash = Memory()
    shelf = Shelf(flash)
    assert [shelf.put(b"%d" % number, []) for number in range(CELLS + 2)] == [*range(1, CELLS + 1), 1, 2]


def test_a_damaged_seal_is_not_sent():
    flash, life = shop()
    cell = life.store.sales[-1].cell
    flash.banks[cell + 1][20] ^= 1
    assert life.store.sealed(life.store.sales[-1].ksn) is None


def test_the_longest_seal_fits():
    shelf = Shelf(Memory())
    assert shelf.get(shelf.put(b"s" * SEALED_MAX, [])) == b"s" * SEALED_MAX


def test_a_sale_that_flash_does_not_keep_was_never_sold():
    flash, life = shop()
    honest, flash.write = flash.write, lambda bank, offset, data: bank < 2 and honest(bank, offset, data)
    with pytest.raises(JournalError):
        life.sell()
    assert len(life.store.sales) == len(vault.load(Journal(flash)).sales) == 5
