"""A Pico with the parts of docs/build-a-reader.md around it, as far as the board's code can tell.

Pins with a key matrix and a display on them, a flash chip on SPI, a UART, PIO state machines that run their
program."""

import importlib
import sys
import types
from array import array

BOARD = "card_reader_fw.board.rp2"
ROOMS = ("edges", "head", "keypad", "lcd", "nor", "line", "beeper", "typist", "board", "main")
LANDS = 1 << 32


class Pico:
    """keys: (row, column) held down; us: the clock; nor: content of the flash chip; text: on the display."""

    def __init__(self):
        self.us = 0
        self.levels = {}
        self.keys = set()
        self.machines = []
        self.nor = bytearray(b"\xff" * (1 << 18))
        self.power = None  # programmed or erased bytes until the power fails; None: it does not
        self.display = bytearray(b" " * 128)
        self.to_pico, self.to_phone = bytearray(), bytearray()
        self.tones = []
        self.typed = []  # keyboard reports
        self._half = None
        self._cursor = 0
        self._wakes = 0
        self.handlers = {}
        self._modules()

    def _modules(self):
        """The modules that only a Pico has, and the board's own on top of them."""
        machine, rp2, micropython = (types.ModuleType(name) for name in ("machine", "rp2", "micropython"))
        model = self
        machine.Pin = type("Pin", (_Pin,), {"model": model})
        machine.SPI = lambda number, hertz, **pins: _Spi(model)
        machine.UART = lambda number, baud, **more: _Uart(model)
        machine.PWM = lambda pin: _Pwm(model)
        machine.idle = lambda: None
        rp2.PIO = types.SimpleNamespace(JOIN_RX=2)
        rp2.asm_pio = lambda **_: _assemble
        rp2.StateMachine = lambda number, program, **more: _StateMachine(model, program, **more)
        rp2.DMA = lambda: _Dma()
        fake = {"machine": machine, "rp2": rp2, "micropython": micropython, **_usb(model)}
        before = {name: sys.modules.get(name) for name in fake}
        for room in ROOMS:
            sys.modules.pop(f"{BOARD}.{room}", None)
        sys.modules.update(fake)
        try:
            self.rooms = {room: importlib.import_module(f"{BOARD}.{room}") for room in ROOMS}
        finally:
            for name, module in before.items():
                if module is None:
                    del sys.modules[name]
                else:
                    sys.modules[name] = module
            for room in ROOMS:
                sys.modules.pop(f"{BOARD}.{room}", None)
        clock = types.SimpleNamespace(
            ticks_ms=lambda: model.us // 1000 % (1 << 30),
            ticks_diff=lambda a, b: (a - b + (1 << 29)) % (1 << 30) - (1 << 29),
            ticks_add=lambda a, b: (a + b) % (1 << 30),
            sleep_ms=lambda ms: model.wait(ms * 1000),
            sleep_us=model.wait,
        )
        for room in self.rooms.values():
            if hasattr(room, "time"):
                room.time = clock

    @property
    def text(self):
        """The two lines, half-width kana as JIS X 0201 has them."""
        return [self.display[at : at + 16].decode("shift_jis") for at in (0, 64)]

    def wait(self, us):
        """Time goes by."""
        self.us += us

    def level(self, number):
        """What a pin reads: a column of the matrix is low while a key joins it to a row that is low."""
        board = self.rooms["board"]
        if number in board.COLUMNS:
            column = board.COLUMNS.index(number)
            rows = [row for row, own in self.keys if own == column]
            return int(all(self.levels.get(board.ROWS[row], 1) for row in rows))
        return self.levels.get(number, 1)

    def drive(self, number, value):
        """The Pico drives a pin."""
        board = self.rooms["board"]
        fell = self.levels.get(number, 0) and not value
        self.levels[number] = int(value)
        if number == board.LCD[1] and fell:
            self._nibble()

    def outside(self, number, value):
        """Somebody else does."""
        before = self.levels.get(number, 1)
        self.levels[number] = value
        if before and not value and number in self.handlers:
            self.handlers[number](None)

    def hear(self, number, intervals):
        """A head's pin turns after each of these times (microseconds)."""
        for length in intervals:
            for one in self.machines:
                one.run(2 * length)
            self.wait(length)
            self.levels[number] = 1 - self.levels.get(number, 1)
        for one in self.machines:
            one.run(200_000)
        self.wait(100_000)

    def _nibble(self):
        """The display takes four bits; it begins with eight-bit instructions (data sheet figure 24)."""
        register, _, data = self.rooms["board"].LCD
        nibble = sum(self.levels.get(pin, 0) << place for place, pin in enumerate(data))
        if self._wakes < 4:
            assert nibble == (3, 3, 3, 2)[self._wakes]
            self._wakes += 1
        elif self._half is None:
            self._half = nibble
        else:
            value, self._half = self._half << 4 | nibble, None
            self._take(value, is_text=self.levels.get(register, 0))

    def _take(self, value, *, is_text):
        if is_text:
            self.display[self._cursor] = value
            self._cursor += 1
        elif value & 0x80:
            self._cursor = value & 0x7F
        elif value == 1:
            self.display[:] = b" " * 128

    def spend(self):
        """A byte of the flash changes, if there is power."""
        if self.power is not None:
            if not self.power:
                raise PowerCut
            self.power -= 1


class PowerCut(Exception):
    """The power failed."""


class _Pin:
    IN, OUT, PULL_UP, IRQ_FALLING = 0, 1, 2, 4

    def __init__(self, number, mode=None, pull=None, *, value=None):
        self.number = number
        if value is not None:
            self.model.drive(number, value)

    def value(self, value=None):
        if value is None:
            return self.model.level(self.number)
        self.model.drive(self.number, value)
        return None

    def irq(self, handler, trigger, *, hard):
        assert trigger == self.IRQ_FALLING
        self.model.handlers[self.number] = handler


class _Spi:
    """The flash chip: one command for each time that its select line is low."""

    def __init__(self, model):
        self._model = model
        self._command = b""
        self._may_write = False

    def write(self, data):
        assert self._model.levels[self._model.rooms["board"].SPI[4]] == 0
        command, nor = data[0], self._model.nor
        self._command = bytes(data)
        at = int.from_bytes(data[1:4], "big")
        if command == 0x06:
            self._may_write = True
        elif command in (0x02, 0x20):
            assert self._may_write
            self._may_write = False
            if command == 0x20:
                assert at % 4096 == 0
                for place in range(at, at + 4096):
                    self._model.spend()
                    nor[place] = 0xFF
            else:
                assert at % 256 + len(data) - 4 <= 256
                for place, byte in enumerate(data[4:], at):
                    self._model.spend()
                    nor[place] &= byte

    def readinto(self, buffer):
        command, nor = self._command[0], self._model.nor
        at = int.from_bytes(self._command[1:4], "big")
        answers = {0x9F: b"\xef\x40\x15", 0x05: b"\x00", 0x03: nor[at : at + len(buffer)]}
        buffer[:] = answers[command]


class _Uart:
    def __init__(self, model):
        self._model = model

    def read(self):
        data = bytes(self._model.to_pico)
        self._model.to_pico.clear()
        return data or None

    def write(self, data):
        self._model.to_phone += data


def _usb(model):
    """The part of micropython-lib's usb-device and usb-device-keyboard that a board may use."""
    usb, device, keyboard = (types.ModuleType(name) for name in ("usb", "usb.device", "usb.device.keyboard"))

    class KeyboardInterface:
        is_open = False

        def busy(self):
            return not self.is_open

        def send_report(self, report):
            model.typed.append(bytes(report))
            return True

    def init(interface, *, builtin_driver):
        assert builtin_driver  # else the serial device is gone
        interface.is_open = True

    usb.device, device.keyboard = device, keyboard
    device.get = lambda: types.SimpleNamespace(init=init)
    keyboard.KeyboardInterface = KeyboardInterface
    return {"usb": usb, "usb.device": device, "usb.device.keyboard": keyboard}


class _Pwm:
    def __init__(self, model):
        self._model = model
        self._hertz = 0

    def freq(self, hertz):
        self._hertz = hertz

    def duty_u16(self, duty):
        self._model.tones.append(self._hertz if duty else 0)


def _assemble(function):
    """A program as its list of (operation, arguments) and its labels."""
    listing, labels = [], {}

    def op(name):
        return lambda *given: listing.append((name, given))

    words = {name: op(name) for name in ("mov", "jmp", "push")}
    words |= {"label": lambda name: labels.update({name: len(listing)}), "invert": lambda what: ("~", what)}
    words |= {"wrap_target": lambda: labels.update({"^": len(listing)}), "wrap": lambda: None}
    words |= {name: name for name in ("x", "isr", "null", "pin", "x_dec", "noblock")}
    types.FunctionType(function.__code__, words)()
    return listing, labels


class _StateMachine:
    """RP2040 datasheet section 3.4: an instruction a cycle, X and ISR of 32 bits."""

    def __init__(self, model, program, *, freq, jmp_pin):
        assert freq == 2_000_000
        self.listing, self.labels = program
        self.values = {"x": 0, "isr": 0, "null": 0}
        self.at = self.labels["^"]
        self.pin = jmp_pin
        self.dma = None
        model.machines.append(self)

    def active(self, _):
        pass

    def run(self, cycles):
        """So many cycles, the pin as it is."""
        level = self.pin.value()
        for _ in range(cycles):
            name, given = self.listing[self.at]
            self.at = (self.at + 1) % len(self.listing)
            if name == "mov":
                source = given[1]
                is_inverted = isinstance(source, tuple)
                value = self.values[source[1] if is_inverted else source]
                self.values[given[0]] = value ^ (LANDS - 1) if is_inverted else value
            elif name == "push":
                self.dma.take(self.values["isr"])
            else:
                self._jump(*given, level=level)

    def _jump(self, condition, label, *, level):
        if condition == "pin":
            taken = level
        else:
            taken = self.values["x"] != 0
            self.values["x"] = (self.values["x"] - 1) % LANDS
        if taken:
            self.at = self.labels[label]


class _Dma:
    def __init__(self):
        self.count = 0
        self._buffer = array("I")

    def pack_ctrl(self, **control):
        assert control["size"] == 2
        assert control["treq_sel"] in range(4, 8)
        return control

    def config(self, *, read, write, count, ctrl, trigger):
        read.dma = self
        self._buffer, self.count, self._size = write, count, count

    def active(self, _):
        pass

    def take(self, word):
        if self.count:
            self._buffer[self._size - self.count] = word
            self.count -= 1
