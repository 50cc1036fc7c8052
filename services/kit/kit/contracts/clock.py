"""Business time: the wall clock in production; in one box an instant all processes share and the
simulator moves on.

Leases, retries, tokens and time-outs use `real()`: they must pass even when the business clock
stands still.
"""

import fcntl
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo

from kit.contracts.days import LAST_DAY

SHANGHAI = ZoneInfo("Asia/Shanghai")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_END = (
    datetime.combine(LAST_DAY, time(), UTC) + timedelta(days=1) - _EPOCH
) // _MICROSECOND  # of what the shared clock may show


class ClockMovesForward(ValueError):
    """Somebody wanted to set the business clock back."""


class ClockTooFar(ValueError):
    """Somebody wanted to set the business clock behind the last day."""


class Clock:
    """Tells the business instant.

    file: the shared clock of one box, 8 bytes, microseconds since 1970, little-endian; made with
    the wall clock's instant where it is absent or shows one behind the last day. Without it,
    business time is the wall clock and cannot be set.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.file = file
        self._shared: mmap.mmap | None = None
        if file is not None:
            with _locked(file) as opened:
                if int.from_bytes(opened.read(8).ljust(8, b"\xff"), "little") >= _END:
                    opened.seek(0)
                    opened.write(_micros(self.real()).to_bytes(8, "little"))
                    opened.flush()
                self._shared = mmap.mmap(opened.fileno(), 8)

    def now(self) -> datetime:
        """The business instant, aware, UTC."""
        if self._shared is None:
            return datetime.now(UTC)
        return _EPOCH + min(int.from_bytes(self._shared[:8], "little"), _END - 1) * _MICROSECOND

    @staticmethod
    def real() -> datetime:
        """The wall clock's instant, aware, UTC."""
        return datetime.now(UTC)

    def set(self, at: datetime) -> datetime:
        """Moves the shared clock on for every process; setting it to the instant it shows does
        nothing.

        Raises: ClockMovesForward for an earlier instant; ClockTooFar behind the last day;
        RuntimeError where business time is the wall clock.
        """
        if self._shared is None or self.file is None:
            raise RuntimeError(
                "the business clock is the wall clock here; only one box can move it"
            )
        micros = _micros(at)
        if micros >= _END:
            raise ClockTooFar(f"now: {at.isoformat()} lies behind {LAST_DAY}")
        with _locked(self.file):
            if micros < int.from_bytes(self._shared[:8], "little"):
                raise ClockMovesForward(
                    f"now: {at.isoformat()} lies before {self.now().isoformat()}, and the "
                    "clock only moves forward"
                )
            self._shared[:8] = micros.to_bytes(8, "little")
            self._shared.flush()
        return self.now()

    def take_back(self, shown: datetime, to: datetime) -> bool:
        """Sets the shared clock from one instant to another, an earlier one too, if it still shows
        the first; returns whether it did.

        Only for whoever has seen that nothing bears the time in between.
        """
        if self._shared is None or self.file is None:
            raise RuntimeError(
                "the business clock is the wall clock here; only one box can move it"
            )
        with _locked(self.file):
            if self.now() != shown:
                return False
            self._shared[:8] = _micros(to).to_bytes(8, "little")
            self._shared.flush()
        return True

    def today(self) -> date:
        """The policy day it is now."""
        return local_day(self.now())


def local_day(instant: datetime) -> date:
    """The policy day (Asia/Shanghai) that holds an instant."""
    return instant.astimezone(SHANGHAI).date()


def day_start(day: date) -> datetime:
    """The instant at which a policy day begins, UTC."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """First instant of a policy day and first instant of the next."""
    return day_start(day), day_start(day + timedelta(days=1))


def _micros(at: datetime) -> int:
    if at.tzinfo is None:
        raise ValueError(f"now: {at.isoformat()} has no time zone")
    return (at - _EPOCH) // _MICROSECOND


@contextmanager
def _locked(file: Path) -> Iterator[IO[bytes]]:
    file.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        try:
            yield opened
        finally:
            fcntl.flock(
                opened, fcntl.LOCK_UN
            )  # closing is not enough: a map of the file keeps a descriptor, and with it the lock
