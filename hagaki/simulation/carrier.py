"""The mail's way between phones and gateway: what was taken is carried, but late, twice, in another order."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hagaki.simulation.faults import ELSEWHERE, Fault
from hagaki.simulation.gateway import GATEWAY_PORT
from hagaki.simulation.history import History
from hagaki.simulation.people import message_id_of
from hagaki.simulation.smtp import Answer, Gone, hand_over
from hagaki.simulation.town import DOMAIN
from handset.mailbox import BATCH_MAX, Incoming

if TYPE_CHECKING:
    from hagaki.simulation.provider import Provider

RETRY_FIRST_S: Final = 15
RETRY_MAX_S: Final = 300
PERMANENT: Final = 500
TAKEN: Final = 250
OFTEN: Final = (10, 30, 60)
Chances = tuple[Iterable[Fault], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one recipient. sender "" is the null sender."""

    sender: str
    recipient: str
    raw: bytes = field(repr=False)


class Box:
    """A merchant's mailbox, as the courier fetches from it."""

    def __init__(self) -> None:
        self.all: list[Incoming] = []
        self._unseen: dict[str, Incoming] = {}

    def put(self, raw: bytes) -> None:
        """One mail more."""
        incoming = Incoming(f"{len(self.all):06d}", raw)
        self.all.append(incoming)
        self._unseen[incoming.name] = incoming

    async def waiting(self) -> list[Incoming]:
        return list(self._unseen.values())[:BATCH_MAX]

    async def mark(self, incoming: Incoming) -> None:
        self._unseen.pop(incoming.name, None)

    def close(self) -> None:
        """Nothing is held open."""


class Luck:
    """What happens to each mail, drawn from the seed. strikes: how often each fault struck. chances: which
    faults, and how many mails in a hundred each may strike."""

    def __init__(
        self,
        seed: str,
        faults: frozenset[Fault],
        strikes: dict[Fault, int],
        chances: Chances = (ELSEWHERE, OFTEN),
    ) -> None:
        own, percents = chances
        self._dice = random.Random(f"{seed}/luck")
        self._faults = faults
        self._strikes = strikes
        self._percent = {fault: self._dice.choice(percents) for fault in own}
        self.is_calm = False

    def strikes(self, fault: Fault) -> bool:
        """Whether this fault strikes now."""
        if self.is_calm or fault not in self._faults or self._dice.randrange(100) >= self._percent[fault]:
            return False
        self._strikes[fault] = self._strikes.get(fault, 0) + 1
        return True

    def one_of(self, *choices: Answer) -> Answer:
        """Any of them."""
        return self._dice.choice(choices)

    def delays_s(self) -> Iterator[float]:
        """For each copy that is carried: how long it lies about."""
        for _ in range(1 + self.strikes(Fault.MAIL_DOUBLED)):
            delay_s = 0.2 + self._dice.random() * 3
            if self.strikes(Fault.MAIL_REORDERED):
                delay_s += self._dice.random() * 120
            if self.strikes(Fault.MAIL_DELAYED):
                delay_s += self._dice.choice((60, 600, 3600)) * self._dice.random()
            yield delay_s


class Carrier:
    """Takes at both its doors, carries to the gateway by SMTP or into its mailbox, and to the merchants into
    their boxes.

    answered: every mail that the gateway answered 250; offered: how often each was handed to it, by its
    Message-ID; taken: every mail the carrier ever took. to_mailbox: whether the next one goes there.
    """

    def __init__(
        self, luck: Luck, history: History, provider: Provider, to_mailbox: Callable[[], bool]
    ) -> None:
        self._luck = luck
        self._history = history
        self._provider = provider
        self._to_mailbox = to_mailbox
        self._tasks: set[asyncio.Task[None]] = set()
        self.boxes: dict[str, Box] = {}
        self.taken: list[Mail] = []
        self.answered: list[Mail] = []
        self.offered: Counter[str] = Counter()

    @property
    def acked(self) -> list[Mail]:
        """Every mail that the gateway has taken: answered 250, or moved to the done."""
        return [*self.answered, *self._provider.done]

    def box(self, address: str) -> Box:
        """The mailbox of that address."""
        return self.boxes.setdefault(address, Box())

    def take(self, sender: str, recipients: list[str], raw: bytes) -> Answer:
        """Before its 250 a carrier may lose a mail; an answer that gets lost is a mail that comes again."""
        if self._luck.strikes(Fault.MAIL_LOST):
            answer = self._luck.one_of(Answer.LATER, Answer.GONE, Answer.GONE)
            if answer is Answer.LATER or self._luck.one_of(Answer.GONE, Answer.TAKEN) is Answer.GONE:
                return answer
        elif self._luck.strikes(Fault.MAIL_BOUNCED):
            answer = self._luck.one_of(Answer.NEVER, Answer.TAKEN, Answer.TAKEN)
            if answer is Answer.TAKEN:
                self._take(sender, recipients, raw, self._return)
            return answer
        else:
            answer = Answer.TAKEN
        self._take(sender, recipients, raw, self._carry)
        return answer

    def _take(self, sender: str, recipients: list[str], raw: bytes, then: Callable[[Mail], None]) -> None:
        mails = [Mail(sender, recipient, raw) for recipient in recipients]
        self.taken.extend(mails)
        for mail in mails:
            then(mail)

    def _carry(self, mail: Mail) -> None:
        for delay_s in self._luck.delays_s():
            task = asyncio.get_running_loop().create_task(self._way(mail, delay_s))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _way(self, mail: Mail, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        if not mail.recipient.endswith(f"@{DOMAIN}"):
            self._history.note("carrier", "carrier.delivered", recipient=mail.recipient, size=len(mail.raw))
            self.box(mail.recipient).put(mail.raw)
            return
        if self._to_mailbox():
            self._provider.put(mail)
            return
        wait_s = RETRY_FIRST_S
        while not await self._try(mail):
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, RETRY_MAX_S)

    async def _try(self, mail: Mail) -> bool:
        self.offered[message_id_of(mail.raw)] += 1
        try:
            code = await hand_over(GATEWAY_PORT, mail.sender, mail.recipient, mail.raw)
        except (Gone, OSError) as error:
            self._history.note("carrier", "carrier.waiting", reason=type(error).__name__)
            return False
        self._history.note("carrier", "carrier.answered", code=code, recipient=mail.recipient)
        if code == TAKEN:
            self.answered.append(mail)
        elif code >= PERMANENT:
            self._return(mail)
        return code == TAKEN or code >= PERMANENT

    def _return(self, mail: Mail) -> None:
        """It goes back to its sender; what has no sender is dropped (RFC 5321 section 6.1)."""
        self._history.note("carrier", "carrier.bounced", recipient=mail.recipient)
        if mail.sender:
            self._carry(Mail("", mail.sender, _report(mail)))


def _report(mail: Mail) -> bytes:
    """A delivery status notification (RFC 3464)."""
    lines = (
        "From: MAILER-DAEMON@carrier.example",
        f"To: {mail.sender}",
        "Subject: Undelivered mail",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"',
        "",
        "--=_b",
        "Content-Type: text/plain",
        "",
        "It could not be delivered.",
        "--=_b",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; carrier.example",
        "",
        f"Final-Recipient: rfc822; {mail.recipient}",
        "Action: failed",
        "Status: 5.1.1",
        "",
        "--=_b--",
        "",
    )
    return "\r\n".join(lines).encode()
