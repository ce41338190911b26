"""Bugs of mail that comes out of a mailbox: what is moved, skipped, forgotten, taken twice or for another."""

from __future__ import annotations

from dataclasses import replace

from planted import Bed, wrapped
from sqlalchemy import false

from mail_gateway.intake import mailbox_mail
from mail_gateway.intake.mailbox import Delays, Fate, Taken
from mail_gateway.intake.mailbox_mail import Slot
from mail_gateway.intake.mailbox_reading import Reading
from mail_gateway.store import inbox
from mail_gateway.store.inbox import Kept, Verdict

BED = Bed()


@BED.bug("crash,mailbox-slow")
def a_mail_is_moved_before_it_is_kept(patch):
    async def take(_, self, uid):
        raw = await self._line.fetch(uid)
        if raw is None:
            return Taken(Fate.LATER)
        await self._line.move((uid,), self._folders[Fate.DONE])
        return await self._slot.take(raw, f"{self._mark}:{self._validity}:{uid}")

    wrapped(patch, Reading, "_take", take)


@BED.bug("crash,mailbox-cut,mailbox-says-no")
def its_place_is_forgotten(patch):
    wrapped(
        patch,
        inbox,
        "keep",
        lambda old, sheet, arrival, *more: old(sheet, replace(arrival, place=""), *more),
    )


@BED.bug("crash,mailbox-cut,mailbox-says-no")
def its_place_is_not_looked_for(patch):
    patch.setattr(inbox, "_IN_PLACE", inbox._IN_PLACE.where(false()))


@BED.bug("mailbox-anew")
def a_known_place_is_a_known_mail(patch):
    def keep(old, sheet, arrival, *more):
        for number, _ in sheet.ask(inbox._IN_PLACE, {"its_place": arrival.place}):
            return Kept(number, None, Verdict.FETCHED)
        return old(sheet, arrival, *more)

    wrapped(patch, inbox, "keep", keep)


@BED.bug("mailbox-anew,mail-doubled,mail-delayed", seed=71)
def new_numbers_are_taken_for_the_old_ones(patch):
    def take(old, self, raw, place):
        box, _, uid = place.split(":")
        return old(self, raw, f"{box}:0:{uid}")

    wrapped(patch, Slot, "take", take)


@BED.bug("mailbox-cut")
def a_mail_that_a_cut_left_lying_is_skipped(patch):
    wrapped(patch, Delays, "due", lambda _, self, uids: [uid for uid in uids if uid not in self._tried])
    wrapped(patch, Delays, "wait_ms", lambda _, self, longest_ms: longest_ms)


@BED.bug("mailbox-says-no")
def a_mail_that_cannot_be_read_counts_as_taken(patch):
    async def take(old, self, uid):
        taken = await old(self, uid)
        return Taken(Fate.DONE) if taken.fate is Fate.LATER else taken

    wrapped(patch, Reading, "_take", take)


@BED.bug("disk-failing")
def a_mail_that_could_not_be_kept_counts_as_taken(patch):
    patch.setattr(mailbox_mail, "_fate", lambda _: Fate.DONE)


@BED.bug("none")
def only_the_servers_own_headers_count(patch):
    patch.setattr(mailbox_mail, "_WRITTEN", ())


@BED.bug("mail-bounced")
def who_is_not_named_is_a_robot(patch):
    patch.setattr(mailbox_mail, "UNKNOWN", "")


@BED.bug("mailbox-down")
def nobody_hears_that_it_can_be_read_again(patch):
    async def keep(old, self, slug):
        await old(self, slug or self._state or "")

    wrapped(patch, Reading, "_keep", keep)
