"""A piezo on a PWM pin: the firmware's `beeper` port."""

import time

import machine

# code: (Hz, ms) ..., 0 Hz a pause
TUNES = {
    "key": ((2000, 15),),
    "ok": ((1500, 90), (2200, 140)),
    "bad": ((500, 250), (0, 60), (500, 250)),
    "attention": ((1200, 80), (0, 60), (1200, 80), (0, 60), (1200, 80)),
}


class Beeper:
    """A tune is played note by note as `tick` is called, so nothing waits for it."""

    def __init__(self, pin):
        """pin: GPIO number."""
        self._pwm = machine.PWM(machine.Pin(pin))
        self._pwm.duty_u16(0)
        self._notes = ()
        self._until_ms = None

    def beep(self, code):
        """Begin a tune; one under way ends."""
        self._notes = TUNES.get(code, ())
        self._next()

    def tick(self):
        """Go on to the next note when its time has come."""
        if self._until_ms is not None and time.ticks_diff(self._until_ms, time.ticks_ms()) <= 0:
            self._next()

    def _next(self):
        if not self._notes:
            self._pwm.duty_u16(0)
            self._until_ms = None
            return
        pitch, length_ms = self._notes[0]
        self._notes = self._notes[1:]
        if pitch:
            self._pwm.freq(pitch)
        self._pwm.duty_u16(32768 if pitch else 0)
        self._until_ms = time.ticks_add(time.ticks_ms(), length_ms)
