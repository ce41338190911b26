"""The PIO program that times the edges of a head's signal. RP2040 datasheet section 3.4."""

# ruff: noqa: F821 - the words of the PIO assembler, which `asm_pio` gives to the function

import rp2

PIO_HZ = 2_000_000  # two cycles a step: times in microseconds


@rp2.asm_pio(fifo_join=rp2.PIO.JOIN_RX)
def edges():
    """Push the time from each edge of the pin to the next; x counts down from all ones."""
    wrap_target()
    mov(x, invert(null))
    label("low")
    jmp(pin, "rose")
    jmp(x_dec, "low")
    label("rose")
    mov(isr, invert(x))
    push(noblock)
    mov(x, invert(null))
    label("high")
    jmp(x_dec, "still")
    label("still")
    jmp(pin, "high")
    mov(isr, invert(x))
    push(noblock)
    wrap()
