"""After a restore: where it stands, the acquirer's list, whose the ghosts are, and the end of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.domain.payment import TAKEN
from mail_gateway.domain.reconcile import Booked, ChargeList, Finding, Line, finding
from mail_gateway.store import payments, recovery, shunt
from mail_gateway.store.backend import guest
from mail_gateway.store.clock import clock_ms
from mail_gateway.store.notes import Note, Said

if TYPE_CHECKING:
    from mail_gateway.settings import GatewaySettings
    from mail_gateway.store.backend import Guest
    from mail_gateway.store.payments import Payment
    from mail_gateway.store.recovery import Restore

_SAID = {Finding.CHARGED: Said.CHARGED, Finding.UNCHARGED: Said.UNCHARGED}


def status(gateway: GatewaySettings) -> dict[str, Any]:
    """Whether the gateway is recovering, since when, and what waits. All *_ms: unix ms."""
    with guest(gateway.database) as conn:
        restore = recovery.open_restore(conn)
        return {
            "recovering": restore is not None,
            **({} if restore is None else restore._asdict()),
            "waiting": len(recovery.apart(conn)),
            "ghosts": len(recovery.list_ghosts(conn, settled=False)),
        }


def reconcile(gateway: GatewaySettings, charged: ChargeList) -> dict[str, Any]:
    """Compare with the acquirer's list; what waited for it and stands there is settled by the gateway.

    -> how many of each finding, the ghosts, and what differs. Raises GatewayError list-too-short.
    """
    with guest(gateway.database, write=True) as conn:
        restore = _restore(conn)
        if charged.from_ms > restore.lost_from_ms or charged.until_ms < restore.restored_ms:
            sentence = "The list has to cover the whole lost time; see hagaki recover status."
            raise GatewayError(sentence, "list-too-short", Disposition.REFUSE)
        return _reconcile(conn, restore, charged)


def finish(gateway: GatewaySettings) -> dict[str, Any]:
    """The gateway authorises again. Raises GatewayError: not reconciled yet."""
    with guest(gateway.database, write=True) as conn:
        if _restore(conn).reconciled_ms is None:
            sentence = "The acquirer's list has not been read yet: hagaki recover reconcile."
            raise GatewayError(sentence, "not-reconciled", Disposition.REFUSE)
        looked_at = recovery.finish(conn, clock_ms(conn))
        return {"looked_at": looked_at, "ghosts": len(recovery.list_ghosts(conn, settled=False))}


def ghosts(gateway: GatewaySettings, *, settled: bool = False) -> list[dict[str, Any]]:
    """The acquirer's charges that no payment here made."""
    with guest(gateway.database) as conn:
        return recovery.list_ghosts(conn, settled=settled)


def settle(gateway: GatewaySettings, reference: str, payment: int | None, remark: str) -> dict[str, Any]:
    """A person has found out whose charge it is; payment: the shunted one that it was, None: nobody's.

    Its payment is approved, and its merchant told. Raises GatewayError.
    """
    with guest(gateway.database, write=True) as conn:
        now_ms = clock_ms(conn)
        found = [
            ghost for ghost in recovery.list_ghosts(conn, settled=False) if ghost["reference"] == reference
        ]
        if not found or not recovery.settle_ghost(conn, reference, payment, now_ms, remark):
            raise GatewayError(f"There is no open ghost {reference}.", "ghost-unknown", Disposition.REFUSE)
        its = None if payment is None else payments.load(conn, payment)
        if its is not None and its.amount_minor and its.kind.is_return != bool(found[0]["is_return"]):
            sentence = f"{reference} and payment {payment} do not move money the same way."
            raise GatewayError(sentence, "ghost-differs", Disposition.REFUSE)
        names = ("reference", "amount_minor", "currency", "approval_number", "acquirer")
        note = Note(Said.CHARGED, remark, {name: found[0][name] for name in names})
        if payment is not None and not shunt.say(conn, payment, now_ms, note):
            raise GatewayError(f"Payment {payment} is not shunted.", "not-shunted", Disposition.REFUSE)
    return {"reference": reference, "payment": payment, "remark": remark}


def _restore(conn: Guest) -> Restore:
    restore = recovery.open_restore(conn)
    if restore is None:
        raise GatewayError("The gateway is not recovering.", "not-recovering", Disposition.REFUSE)
    return restore


def _reconcile(conn: Guest, restore: Restore, charged: ChargeList) -> dict[str, Any]:
    now_ms = clock_ms(conn)
    lines = {int(line.reference): line for line in charged.lines}
    found: Counter[Finding] = Counter()
    differ: list[dict[str, Any]] = []
    waiting = set(recovery.apart(conn))
    for number in sorted({*lines, *waiting, *_approved(conn, charged)}):
        payment, line = payments.load(conn, number), lines.get(number)
        old = recovery.is_old(conn, number)
        if payment is None or (
            number in waiting and not old
        ):  # it came after the restore: no line is its own
            continue
        what = _judge(conn, payment, line, now_ms, apart=old and number in waiting)
        found[what] += 1
        if what is Finding.DIFFERS:
            differ.append(_difference(payment, line))
    unknown = [line for number, line in lines.items() if payments.load(conn, number) is None]
    open_ones = [line for line in unknown if line.state is not Booked.REVERSED]
    new = sum(recovery.add_ghost(conn, restore.id, line) for line in open_ones)
    recovery.mark_reconciled(conn, now_ms)
    return {**{what.value: found[what] for what in Finding}, "ghosts": new, "differ": differ}


def _judge(conn: Guest, payment: Payment, line: Line | None, now_ms: int, *, apart: bool) -> Finding:
    what = finding(payment.state, line, apart=apart, same=_same(payment, line))
    if what in _SAID:
        shunt.say(conn, payment.id, now_ms, Note(_SAID[what], "the acquirer's list", _facts(line)))
    return what


def _same(payment: Payment, line: Line | None) -> bool:
    if line is None or line.state is Booked.REVERSED:
        return True
    if payment.amount_minor and payment.kind.is_return is not (line.state is Booked.RETURNED):
        return False
    if payment.acquirer and line.acquirer not in ("", payment.acquirer):
        return False
    ours = (payment.amount_minor or line.amount_minor, payment.approval_number or line.approval_number)
    return ours == (line.amount_minor, line.approval_number)


def _facts(line: Line | None) -> dict[str, Any]:
    if line is None:
        return {}
    names = ("reference", "amount_minor", "currency", "approval_number", "state", "acquirer")
    return {name: value for name, value in asdict(line).items() if name in names}


def _approved(conn: Guest, charged: ChargeList) -> list[int]:
    return recovery.in_state(conn, TAKEN, charged.from_ms, charged.until_ms)


def _difference(payment: Payment, line: Line | None) -> dict[str, Any]:
    return {
        "payment": payment.id,
        "state": payment.state.value,
        "amount_minor": payment.amount_minor,
        "list_state": "" if line is None else line.state.value,
        "list_amount_minor": 0 if line is None else line.amount_minor,
    }
