"""Moves the platform's clock on, and takes the last move back."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.onebox.errors import ClockStays, MovesForward
from gateway.onebox.parts import Activity, Parts
from kit.contracts.clock import Clock, ClockMovesForward, ClockTooFar
from kit.contracts.days import LAST_DAY
from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Malformed

# any day can be reached, one year after the other; a year that was mistyped is refused
LONGEST_STEP = timedelta(days=366)
A_YEAR_AT_MOST = Phrase(
    "is at most {days} days after {now}", "最多比 {now} 晚 {days} 天", key="A_YEAR_AT_MOST"
)
NOT_MOVED = Phrase(
    "this process has not moved the clock, or its move was taken back",
    "本进程没有拨动时钟，或已撤回",
)
SOMETHING_HAPPENED = Phrase(
    "something has happened since the clock was moved, or a part does not answer",
    "拨动时钟后已有事情发生，或有部分没有应答",
)
MOVED_AGAIN = Phrase("the clock was moved again", "时钟又被拨动")
HAPPENED_MEANWHILE = Phrase(
    "something happened while the clock was being set back", "撤回时钟时有事情发生"
)
NOT_BEHIND = Phrase("does not lie behind {last}", "不得晚于 {last}", key="NOT_BEHIND")


@dataclass(frozen=True, slots=True)
class _Move:
    """activity: of the parts when the clock was moved."""

    before: datetime
    after: datetime
    activity: Activity


class MovableClock:
    """Only the process that moved the clock knows what was before."""

    def __init__(self, clock: Clock, parts: Parts) -> None:
        self._clock = clock
        self._parts = parts
        self._last: _Move | None = None
        self._moving = asyncio.Lock()

    def now(self) -> datetime:
        """The platform's time."""
        return self._clock.now()

    async def move(self, to: datetime) -> None:
        """By a year at most, and never behind the platform's last day.

        Raises: Malformed, MovesForward.
        """
        async with self._moving:
            now = self._clock.now()
            if to - now > LONGEST_STEP:
                rule = A_YEAR_AT_MOST.of(days=LONGEST_STEP.days, now=now.isoformat())
                raise Malformed("now", rule)
            activity = await self._parts.activity()
            before = self._clock.now()
            try:
                after = self._clock.set(to)
            except ClockTooFar:
                raise Malformed("now", NOT_BEHIND.of(last=LAST_DAY)) from None
            except ClockMovesForward:
                raise MovesForward(self._clock.now()) from None
            if after != before:
                self._last = _Move(before, after, activity)

    async def take_back(self) -> None:
        """Takes the last move back, once, while no part has emitted or applied anything since and
        none was started anew: then nothing bears the time in between.

        Raises: ClockStays.
        """
        async with self._moving:
            last = self._last
            if last is None:
                raise ClockStays(NOT_MOVED)
            if await self._parts.activity() != last.activity or None in last.activity.values():
                raise ClockStays(SOMETHING_HAPPENED)
            if not self._clock.take_back(last.after, last.before):
                raise ClockStays(MOVED_AGAIN)
            changed = await self._parts.activity() != last.activity
            if changed and self._clock.now() == last.before:  # it began before we were done
                self._clock.set(last.after)
                raise ClockStays(HAPPENED_MEANWHILE)
            self._last = None
