"""Moves the platform's clock on, and takes the last move back."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.onebox.errors import ClockStays, MovesForward
from gateway.onebox.parts import Activity, Parts
from kit.contracts.clock import Clock, ClockMovesForward, ClockTooFar
from kit.contracts.refusals import Malformed

# any day can be reached, one year after the other; a year that was mistyped is refused
LONGEST_STEP = timedelta(days=366)


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
                rule = f"is at most {LONGEST_STEP.days} days after {now.isoformat()}"
                raise Malformed("now", rule)
            activity = await self._parts.activity()
            before = self._clock.now()
            try:
                after = self._clock.set(to)
            except ClockTooFar as error:
                raise Malformed("now", str(error).removeprefix("now: ")) from None
            except ClockMovesForward as error:
                raise MovesForward(str(error), self._clock.now()) from None
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
                raise ClockStays("this process has not moved the clock, or its move was taken back")
            if await self._parts.activity() != last.activity or None in last.activity.values():
                raise ClockStays(
                    "something has happened since the clock was moved, or a part does not answer"
                )
            if not self._clock.take_back(last.after, last.before):
                raise ClockStays("the clock was moved again")
            changed = await self._parts.activity() != last.activity
            if changed and self._clock.now() == last.before:  # it began before we were done
                self._clock.set(last.after)
                raise ClockStays("something happened while the clock was being set back")
            self._last = None
