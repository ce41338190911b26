"""New keys over the serial line: durable before they are answered, loaded once, and by nobody else."""

import json
import sys
import types
from types import SimpleNamespace

import on_chip_keys
import pytest
from micropython_world import on_chip
from reader_centre import CARD, INITIAL_KEY, KEY_ID, SWIPE, Memory, PowerCut, open_sale, seal_result

from card_reader_fw import keyload, vault
from card_reader_fw.board.desk.bench import Wire
from card_reader_fw.board.desk.board import Board
from card_reader_fw.board.desk.device import cipher
from card_reader_fw.crypto import dukpt
from card_reader_fw.journal import Journal
from card_reader_fw.reader import Reader
from hagaki import first_record
from handset.errors import HandsetError
from handset.key_line import KeyTalk
from mail_gateway.admin import loading
from mail_gateway.envelope import dukpt as host
from mail_gateway.envelope import keyblock
from mail_gateway.envelope.keys import kcv
from schemas.envelope import armour, outcome
from schemas.link import events, session

SERIAL = KEY_ID[4:]
TRANSPORT = bytes(range(16))
OTHER_BDK = bytes(range(100, 116))
OTHER_ID = b"\xaa\xbb\xcc\xdd" + SERIAL
OTHER_KEY = host.initial_key(OTHER_BDK, OTHER_ID)
BDK = bytes.fromhex("FEDCBA9876543210F1F1F1F1F1F1F1F1")


def block(protection, key_id=KEY_ID, key=INITIAL_KEY, fill=7):
    return keyblock.wrap(protection, key_id, key, lambda count: bytes([fill]) * count)


FIRST = block(TRANSPORT)
SECOND = block(host.Tree(BDK).update_key(KEY_ID), OTHER_ID, OTHER_KEY)


def blank(flash=None):
    return vault.create(Journal(flash or Memory()), dukpt.blank(SERIAL, TRANSPORT), "en")


def flash_after(*blocks):
    flash = Memory()
    kept = blank(flash)
    for one in blocks:
        assert keyload.take(cipher, kept, one)[0] == keyload.LOADED
    return flash


def loaded(flash):
    return vault.load(Journal(flash))


class Desk:
    """The whole firmware on a flash, and the phone's end of its line in a program's hand."""

    def __init__(self, flash):
        self.wire = Wire()
        self.told = {}
        device = SimpleNamespace(flash=flash)
        self.board = Board(device, self.wire, self.tell, lambda: 0)
        self.reader = Reader(self.board)

    def tell(self, verb, /, **facts):
        self.told[verb] = facts

    @property
    def lcd(self):
        return self.board.lcd.lines

    def turn(self):
        self.reader.poll()
        return self.wire.take()

    def bring(self, choose):
        """A conversation of one who has keys; -> what came of it."""
        talk = KeyTalk(choose)
        for _ in range(50):
            done = talk.step(self.turn(), 0)
            self.wire.to_reader += talk.session.outgoing()
            if done:
                self.turn()
                return talk.brought
        raise AssertionError("no end")

    def sell(self):
        """A sale of one swipe; -> its armour text."""
        phone, sales = session.Session(session.PHONE), []
        self.board.head.put([SWIPE])
        for key in ("", "1", "2", "ENTER", "ENTER", "TRANSFER"):
            if key:
                self.board.keypad.put(key)
            for _ in range(12):
                self.hear(phone, sales)
        return sales[0]

    def hear(self, phone, sales):
        for event in phone.receive(self.turn(), 0):
            if isinstance(event, events.Hello):
                phone.permission(1_750_000_000)
            if isinstance(event, events.SaleArrived):
                sales.append(event.text)
                phone.stored()
        self.wire.to_reader += phone.outgoing()


def test_a_new_reader_gets_its_first_keys():
    kept = blank()
    assert keyload.opens_with(kept.keys) == keyload.TRANSPORT
    assert keyload.take(cipher, kept, FIRST) == (keyload.LOADED, kcv(INITIAL_KEY))
    assert (kept.keys.key_id, kept.keys.counter) == (KEY_ID, 1)
    assert keyload.opens_with(kept.keys) == keyload.UPDATE


def test_its_next_keys_come_under_its_update_key():
    kept = loaded(flash_after(FIRST))
    assert keyload.take(cipher, kept, SECOND) == (keyload.LOADED, kcv(OTHER_KEY))
    assert kept.keys.key_id == OTHER_ID


def test_a_worn_out_reader_is_renewed_as_well():
    kept = loaded(flash_after(FIRST))
    kept.keys.counter = 0
    kept.save()
    assert keyload.take(cipher, kept, SECOND)[0] == keyload.LOADED
    assert kept.keys.counter == 1


def test_a_reader_that_was_enrolled_whole_has_an_update_key_too():
    keys = dukpt.load(cipher, KEY_ID, INITIAL_KEY)
    kept = vault.create(Journal(Memory()), keys, "en")
    assert keyload.take(cipher, kept, SECOND)[0] == keyload.LOADED


def test_the_block_loaded_last_is_answered_again_and_changes_nothing():
    kept = loaded(flash_after(FIRST))
    ksn, _ = kept.next_key(cipher)
    assert keyload.take(cipher, kept, FIRST) == (keyload.LOADED, kcv(INITIAL_KEY))
    assert kept.next_key(cipher)[0] > ksn, "no key is used twice"


@pytest.mark.parametrize(
    ("bad", "slug"),
    [
        (block(bytes(16)), "keyblock-mac"),
        (block(TRANSPORT, KEY_ID[:4] + b"\0\0\0\1"), "other-reader"),
        (FIRST[:-1], "keyblock-length"),
        (FIRST.replace("B1AX", "P0AX"), "keyblock-head"),
        (FIRST[:-1] + "0", "keyblock-mac"),
        (SECOND, "keyblock-mac"),
    ],
)
def test_what_a_new_reader_refuses_changes_nothing(bad, slug):
    flash = flash_after()
    kept, before = loaded(flash), flash.written
    assert keyload.take(cipher, kept, bad) == (keyload.REFUSED, slug)
    assert flash.written == before
    assert keyload.take(cipher, kept, FIRST)[0] == keyload.LOADED


@pytest.mark.parametrize(
    ("bad", "slug"),
    [
        (block(TRANSPORT, OTHER_ID, OTHER_KEY), "keyblock-mac"),  # the transport key has done its work
        (block(host.Tree(BDK).update_key(KEY_ID)), "same-key"),  # its counter would begin again
        (block(host.Tree(OTHER_BDK).update_key(OTHER_ID), OTHER_ID), "keyblock-mac"),
    ],
)
def test_what_a_reader_with_keys_refuses(bad, slug):
    kept = loaded(flash_after(FIRST))
    assert keyload.take(cipher, kept, bad) == (keyload.REFUSED, slug)
    assert (kept.keys.key_id, kept.keys.counter) == (KEY_ID, 1)


def test_an_old_block_is_never_loaded_again():
    kept = loaded(flash_after(FIRST, SECOND))
    assert keyload.take(cipher, kept, FIRST) == (keyload.REFUSED, "keyblock-mac")
    assert kept.keys.key_id == OTHER_ID


def test_a_reader_without_anything_takes_no_block():
    kept = vault.load(Journal(Memory()))
    assert keyload.opens_with(kept.keys) == keyload.NOTHING
    assert keyload.take(cipher, kept, FIRST) == (keyload.REFUSED, "no-loading-key")


def test_wherever_the_power_goes_the_old_keys_or_the_new_ones_stand():
    before = flash_after(FIRST)
    whole = before.copy()
    keyload.take(cipher, loaded(whole), SECOND)
    found = set()
    for cut_after in [*range(0, whole.written, 13), whole.written - 1]:
        dying = before.copy()
        dying.cut_after = cut_after
        with pytest.raises(PowerCut):
            keyload.take(cipher, loaded(dying), SECOND)
        left = loaded(Memory(dying.banks, dying.bank_size))
        found.add(left.keys.key_id)
        assert (left.keys.key_id, left.keys.counter) in ((KEY_ID, 1), (OTHER_ID, 1))
        assert keyload.take(cipher, left, SECOND) == (keyload.LOADED, kcv(OTHER_KEY))
        assert left.next_key(cipher)[0] == OTHER_ID + bytes([0, 0, 0, 1])
    assert found == {KEY_ID, OTHER_ID}


def test_a_flash_that_does_not_keep_them_is_said_and_the_old_ones_stand():
    flash = flash_after(FIRST)
    kept = loaded(flash)
    flash.write = lambda bank, offset, data: None
    assert keyload.take(cipher, kept, SECOND) == (keyload.REFUSED, "flash")
    assert kept.keys.key_id == KEY_ID
    assert keyload.take(cipher, kept, SECOND) == (keyload.REFUSED, "flash"), (
        "not yet durable, so not yet said"
    )


def test_nothing_of_what_opened_the_block_stays_in_the_flash():
    update = host.Tree(BDK).update_key(KEY_ID)
    for flash, gone in ((flash_after(FIRST), TRANSPORT), (flash_after(FIRST, SECOND), update)):
        image = b"".join(flash.banks)
        for secret in (gone, INITIAL_KEY, OTHER_KEY):
            assert secret not in image


def test_keys_do_not_print():
    keys = dukpt.blank(SERIAL, TRANSPORT)
    assert TRANSPORT.hex() not in repr(keys)
    assert repr(TRANSPORT) not in repr(keys)


# the whole reader


def test_a_reader_without_keys_says_so_is_loaded_and_sells():
    desk = Desk(flash_after())
    assert desk.lcd == ["NO KEYS", "CALL CENTRE"]
    brought = desk.bring(lambda told: FIRST)
    assert (brought.told.key_id, brought.told.opens) == ("00000000" + SERIAL.hex(), "transport")
    assert (brought.answer.done, brought.answer.value) == ("loaded", kcv(INITIAL_KEY))
    assert desk.told["reader.keys"] == {"done": "loaded", "value": kcv(INITIAL_KEY)}
    assert desk.lcd[0] == "SWIPE CARD"
    ksn, sale = open_sale(desk.sell())
    assert ksn == KEY_ID + bytes([0, 0, 0, 1])
    assert sale.track2 == CARD


def test_a_reader_without_keys_sells_nothing():
    desk = Desk(flash_after())
    with pytest.raises(IndexError):
        desk.sell()
    assert "reader.sealed" not in desk.told


def test_a_block_that_is_refused_leaves_the_reader_as_it_was():
    desk = Desk(flash_after())
    brought = desk.bring(lambda told: SECOND)
    assert (brought.answer.done, brought.answer.value) == ("refused", "keyblock-mac")
    assert desk.lcd == ["NO KEYS", "CALL CENTRE"]


def test_a_sale_of_before_gets_its_answer_after_new_keys():
    desk = Desk(flash_after(FIRST))
    ksn, _ = open_sale(desk.sell())
    assert desk.bring(lambda told: SECOND).answer.done == "loaded"
    phone = session.Session(session.PHONE)
    said = []
    for _ in range(12):
        for event in phone.receive(desk.turn(), 0):
            if isinstance(event, events.Hello):
                result = seal_result(ksn, outcome.APPROVED, 12, approval_number="123456")
                phone.result(armour.to_text(armour.RESULT, result))
            said.append(event)
        desk.wire.to_reader += phone.outgoing()
    assert [event.code for event in said if isinstance(event, events.Verdict)] == ["genuine"]


def test_near_the_end_of_its_counter_the_reader_asks_for_new_keys():
    flash = flash_after(FIRST)
    kept = loaded(flash)
    kept.keys.counter = dukpt.COUNTER_NEAR_END - 1
    kept.save()
    assert Desk(flash.copy()).lcd == ["SWIPE CARD", ""]
    kept.keys.counter = dukpt.COUNTER_NEAR_END
    kept.save()
    desk = Desk(flash)
    assert desk.lcd == ["SWIPE CARD", "GET NEW KEYS"]
    assert host.COUNTER_NEAR_END == dukpt.COUNTER_NEAR_END
    assert desk.bring(lambda told: SECOND).told.counter == dukpt.COUNTER_NEAR_END
    assert Desk(flash).lcd == ["SWIPE CARD", ""]


def test_who_has_nothing_to_bring_says_so():
    brought = Desk(flash_after(FIRST)).bring(lambda told: "")
    assert (brought.told.key_id, brought.told.counter) == (KEY_ID.hex().upper(), 1)
    assert (brought.block, brought.answer) == ("", None)


def test_a_firmware_that_knows_no_key_loading_is_told_apart():
    talk, old = KeyTalk(lambda told: FIRST), session.Session(session.READER)
    with pytest.raises(HandsetError, match="no-key-loading"):
        for _ in range(50):
            talk.step(old.outgoing(), 0)
            told = [type(event) for event in old.receive(talk.session.outgoing(), 0)]
            if events.LinkUp in told:
                old.hello(1, "hagaki 0.0")
            if events.KeysAsked in told:  # what such a firmware cannot read
                old = session.Session(session.READER)


def test_the_same_on_the_chips_interpreter():
    given = {"serial": SERIAL.hex(), "transport": TRANSPORT.hex(), "blocks": [FIRST, FIRST, SECOND, FIRST]}
    said, _ = on_chip("on_chip_keys.py", given)
    assert said == json.loads(json.dumps(on_chip_keys.report(given)))
    assert [one[0] for one in said[1:9:2]] == ["loaded", "loaded", "loaded", "refused"]
    assert said[2][3] == host.Tree(BDK).update_key(KEY_ID).hex()


def test_the_script_for_a_chip_makes_a_reader_of_its_flash(tmp_path, monkeypatch):
    flash = flash_after(FIRST)  # whatever was on it
    board = types.ModuleType("board")
    board.Board = lambda: SimpleNamespace(flash=flash)
    monkeypatch.setitem(sys.modules, "card_reader_fw.board.rp2.board", board)
    script = tmp_path / "first.py"
    first_record.chip_script(script, loading.NewReader(SERIAL, TRANSPORT, "Store"), "ja")
    assert script.stat().st_mode & 0o777 == 0o600
    exec(compile(script.read_text(), "first.py", "exec"), {})
    kept = loaded(flash)
    assert (kept.language, kept.keyless(), keyload.opens_with(kept.keys)) == ("ja", True, "transport")
    assert keyload.take(cipher, kept, FIRST)[0] == keyload.LOADED
    with pytest.raises(FileExistsError):
        first_record.chip_script(script, loading.NewReader(SERIAL, TRANSPORT, "Store"), "ja")
