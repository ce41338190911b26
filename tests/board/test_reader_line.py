"""The running reader on real pseudo terminals: a phone in this process at the other end."""

import os
import select
import threading
import time
import tty
from contextlib import contextmanager

import pytest
import serial
from reader_centre import CARD, INITIAL_KEY, KEY_ID, open_sale, seal_result

from card_reader_fw.board.desk import desk, device, stripe, wav
from card_reader_fw.board.desk.line import Pty
from card_reader_fw.board.desk.loop import Commands
from card_reader_fw.board.desk.reader_error import ReaderError
from schemas.envelope import armour, outcome
from schemas.link import events, session

NOW_S = 1_750_000_000
BOUND_S = 20


class Running:
    """`desk.run` in a thread, commands through a pipe, events in a list."""

    def __init__(self, path, port="pty", parts=desk.BARE):
        self.told = []
        self._changed = threading.Condition()
        read_end, self._write_end = os.pipe()
        self._commands = os.fdopen(read_end)
        self._thread = threading.Thread(target=self._run, args=(path, port, parts), daemon=True)
        self._thread.start()

    def _run(self, path, port, parts):
        desk.run(path, port=port, commands=self._commands, tell=self._tell, parts=parts)

    def _tell(self, verb, /, **facts):
        with self._changed:
            self.told.append((verb, facts))
            self._changed.notify_all()

    def type(self, *lines):
        os.write(self._write_end, "".join(f"{line}\n" for line in lines).encode())

    def wait_for(self, verb, phone=None, **facts):
        """The facts of the first event since the last wait that has these; drives the phone meanwhile."""
        end = time.monotonic() + BOUND_S
        while time.monotonic() < end:
            given = self._take(verb, facts)
            if given is not None:
                return given
            if phone is not None:
                phone.work()
        raise AssertionError(f"{verb} {facts} not told; last: {self.told[-5:]}")

    def _take(self, verb, facts):
        """Drop the events up to the wanted one; without it, wait a moment for news."""
        with self._changed:
            for at, (told, given) in enumerate(self.told):
                if told == verb and facts.items() <= given.items():
                    del self.told[: at + 1]
                    return given
            self._changed.wait(0.02)
        return None

    def quit(self):
        self.type("quit")
        self._thread.join(BOUND_S)
        assert not self._thread.is_alive()
        os.close(self._write_end)
        self._commands.close()


class Phone:
    """The phone's session on a file descriptor."""

    def __init__(self, fd):
        self.fd = fd
        self._session = session.Session(session.PHONE)
        self.sales, self.verdicts = [], []

    def work(self):
        out = self._session.outgoing()
        if out:
            os.write(self.fd, out)
        now_ms = time.monotonic_ns() // 1_000_000
        if select.select([self.fd], [], [], 0.02)[0]:
            for event in self._session.receive(os.read(self.fd, 4096), now_ms):
                self._on(event)
        self._session.tick(now_ms)

    def _on(self, event):
        if isinstance(event, events.Hello):
            self._session.permission(NOW_S)
        elif isinstance(event, events.SaleArrived):
            self.sales.append(event.text)
            self._session.stored()
        elif isinstance(event, events.Verdict):
            self.verdicts.append(event.code)

    def result(self, sealed):
        self._session.result(armour.to_text(armour.RESULT, sealed))


@contextmanager
def phone_on(path):
    with serial.Serial(path, 9600, timeout=0) as line:
        yield Phone(line.fileno())


@pytest.fixture
def reader(tmp_path):
    path = tmp_path / "reader.dev"
    device.create(path, KEY_ID, INITIAL_KEY)
    return path


@pytest.fixture
def running(reader):
    made = Running(reader)
    yield made
    made.quit()


def sell(running, phone):
    running.type(f"swipe {CARD}", "keys 1200 ENTER ENTER")
    running.wait_for("reader.lcd", phone, state="ready")
    running.type("key TRANSFER")
    running.wait_for("reader.sent", phone)


def test_a_sale_over_a_pty(running):
    path = running.wait_for("reader.port")["path"]
    with phone_on(path) as phone:
        sell(running, phone)
        ksn, sale = open_sale(phone.sales[0])
        assert sale.amount_minor == 1200
        assert sale.reader_time_s in (0, *range(NOW_S, NOW_S + 30))  # 0: sealed before the phone was there
        phone.result(seal_result(ksn, outcome.APPROVED, 1200, approval_number="123456"))
        told = running.wait_for("reader.result", phone)
        assert told == {"outcome": "approved", "version": 1, "genuine": 1}
        running.wait_for("reader.lcd", phone, line1="APPROVED      C1", state="result")


def test_a_chip_sale_typed_and_shown(reader, tmp_path):
    typed, picture = tmp_path / "typed.txt", tmp_path / "sale.png"
    running = Running(reader, parts=desk.Parts("empty", typed, picture))
    running.type("insert jcb", "keys 1200 ENTER ENTER")
    running.wait_for("reader.lcd", state="remove")
    running.type("remove")
    running.wait_for("reader.lcd", state="waiting")
    running.type("keys 1 CANCEL 2")
    running.wait_for("reader.picture", file=str(picture))
    assert picture.stat().st_size > 0
    _, sale = open_sale(typed.read_text())
    assert (sale.amount_minor, sale.entry_mode) == (1200, 3)
    running.type("key ENTER")
    running.wait_for("reader.lcd", state="sent")
    assert not picture.exists()
    running.quit()


def test_a_picture_that_cannot_be_written_ends_nothing(reader, tmp_path):
    running = Running(reader, parts=desk.Parts(picture=tmp_path / "no" / "folder.png"))
    running.type(f"swipe {CARD}", "keys 1200 ENTER ENTER")
    running.wait_for("reader.lcd", state="waiting")
    running.type("keys 2 CANCEL ENTER")
    running.wait_for("reader.lcd", line1="READER FAULT")
    running.wait_for("reader.lcd", state="waiting")
    running.quit()


def test_events_say_nothing_of_the_card(running):
    path = running.wait_for("reader.port")["path"]
    with phone_on(path) as phone:
        running.type(f"swipe {CARD}", "keys 1200 ENTER ENTER")
        running.wait_for("reader.lcd", phone, state="condition")
        sealed = running.wait_for("reader.sealed", phone)
        assert sealed["slip"] == 1
        assert sealed["ksn"] == (KEY_ID + (1).to_bytes(4, "big")).hex()
        assert set(sealed) == {"ksn", "slip", "characters"}
        assert "4111" not in repr(running.told)


def test_the_phone_closes_and_opens_the_line(running):
    path = running.wait_for("reader.port")["path"]
    with phone_on(path) as phone:
        running.type(f"swipe {CARD}", "keys 1200 ENTER ENTER")
        running.wait_for("reader.lcd", phone, state="ready")
    with phone_on(path) as phone:
        running.wait_for("reader.lcd", phone, state="waiting")
        running.wait_for("reader.lcd", phone, state="ready")
        running.type("key TRANSFER")
        running.wait_for("reader.sent", phone)
        assert len(phone.sales) == 1


def test_on_a_serial_device_that_is_unplugged(reader, tmp_path):
    """The device is a link to the far end of a pty of ours, which goes away and comes back as another."""
    cable = tmp_path / "ttyCABLE"

    def plug():
        near, far = os.openpty()
        tty.setraw(far)
        cable.unlink(missing_ok=True)
        cable.symlink_to(os.ttyname(far))
        return near, far

    near, far = plug()
    running = Running(reader, str(cable))
    phone = Phone(near)
    running.type(f"swipe {CARD}", "keys 1200 ENTER ENTER")
    running.wait_for("reader.lcd", phone, state="ready")
    os.close(near)
    os.close(far)
    near, far = plug()
    phone = Phone(near)
    running.wait_for("reader.lcd", phone, state="waiting")
    running.wait_for("reader.lcd", phone, state="ready")
    running.type("key TRANSFER")
    running.wait_for("reader.sent", phone)
    assert open_sale(phone.sales[0])[1].amount_minor == 1200
    running.quit()
    os.close(near)
    os.close(far)


def test_waiting_costs_no_processor_time(running):
    running.wait_for("reader.port")
    before = time.process_time()
    threading.Event().wait(1)
    assert time.process_time() - before < 0.3


def test_commands(running, tmp_path):
    (tmp_path / "card.flux").write_text(" ".join(str(gap) for gap in stripe.intervals_of(CARD)))
    wav.write_wav(tmp_path / "card.wav", stripe.intervals_of(CARD))
    for command in (f"flux {tmp_path}/card.flux", f"wav {tmp_path}/card.wav"):
        running.type(command, "keys 1 2 34 clear 9")
        running.wait_for("reader.lcd", line2=f"{1234:>16}")
        running.wait_for("reader.lcd", line2=f"{9:>16}")
        running.type("key CANCEL")
        running.wait_for("reader.lcd", state="idle")


@pytest.mark.parametrize(
    "command, slug",
    [
        ("dance", "command-unknown"),
        ("key DANCE", "command-unknown"),
        ("swipe 4111x", "stripe-text"),
        ("flux /nowhere", "file"),
        ("insert jcb", "no-slot"),
        ("remove", "no-slot"),
        ("wav /nowhere", "file"),
    ],
)
def test_bad_commands_are_told_and_do_no_harm(running, command, slug):
    running.type(command)
    assert running.wait_for("reader.command") == {"slug": slug}


def test_a_port_that_is_none(reader, tmp_path):
    with pytest.raises(ReaderError) as caught:
        desk.run(reader, port=str(tmp_path / "none"), commands=[], tell=lambda *_, **__: None)
    assert caught.value.slug == "port"


def test_commands_from_a_list(reader):
    told = []
    desk.run(
        reader,
        port="pty",
        commands=["key 1", "quit"],
        tell=lambda verb, **_: told.append(verb),
    )
    assert [verb for verb in told if verb != "reader.beep"] == ["reader.port", "reader.lcd"]


def test_commands_typed_ahead_are_done_in_order(running):
    running.type(f"swipe {CARD}", "keys 5 CANCEL", f"swipe {CARD}", "keys 7 ENTER ENTER")
    assert running.wait_for("reader.sealed")["slip"] == 1


def test_commands_come_in_any_portions():
    read_end, write_end = os.pipe()
    with os.fdopen(read_end) as source:
        commands = Commands(source)
        os.write(write_end, b"key")
        assert commands.read(ready=True) == []
        os.write(write_end, b" 1\nkey 2\nke")
        assert commands.read(ready=True) == ["key 1", "key 2"]
        os.close(write_end)
        assert commands.read(ready=True) == ["ke"]
        assert commands.fd is None


def test_a_pty_that_nobody_reads_does_not_block():
    line = Pty()
    for _ in range(100):
        line.write(bytes(1000))
    assert line.read() == b""
    line.close()
