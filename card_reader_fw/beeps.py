"""What the reader sounds: the code of a beep for each text that wants one. Every board has its own tones."""

from schemas.envelope import outcome

KEY, OK, BAD, ATTENTION = "key", "ok", "bad", "attention"
CODES = (KEY, OK, BAD, ATTENTION)

TEXTS = {
    "amount": OK,
    "bad-card": BAD,
    "insert-chip": ATTENTION,
    "card-fallback": ATTENTION,
    "card-gone": BAD,
    "chip-bad": BAD,
    "amount-zero": BAD,
    "too-much": BAD,
    "condition-unknown": BAD,
    "count-range": BAD,
    "pin-short": BAD,
    "undo": ATTENTION,
    "remove": ATTENTION,
    "ready": OK,
    "send-again": BAD,
    "sent": OK,
    "fault": BAD,
    "no-keys": BAD,
    "no-open-sale": BAD,
    "no-sales": BAD,
    "no-void": BAD,
    "no-refund": BAD,
    "answered": BAD,
    "code-short": BAD,
    "code-wrong": BAD,
    "code-locked": BAD,
}
OUTCOMES = {outcome.APPROVED: OK, outcome.MORE_WANTED: ATTENTION, outcome.RE_ENTER: ATTENTION}
"""Every other outcome is BAD."""


def of(key, parameters):
    """The text that is shown (and its parameters) -> a code, or None for silence."""
    if key == "result":
        view = parameters[0]
        return ATTENTION if view.is_waiting() else OUTCOMES.get(view.outcome, BAD)
    return TEXTS.get(key)
