"""Time and ids that a test decides."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from kit.contracts.clock import Clock

BEGIN = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # a Monday, 09:00 in Shanghai
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Ids:
    """UUIDv7 ids of one instant, the same ones in every run: 1, 2, 3, …"""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> UUID:
        self.made += 1
        millis = int(BEGIN.timestamp() * 1000)
        return UUID(int=millis << 80 | 7 << 76 | 2 << 62 | self.made)


@pytest.fixture
def clock_at(tmp_path: Path) -> Callable[[datetime], Clock]:
    """A business clock that stands at the given instant until the test sets it forward."""
    made = 0

    def stand(at: datetime) -> Clock:
        nonlocal made
        made += 1
        file = tmp_path / f"clock-{made}"
        file.write_bytes(round((at - EPOCH).total_seconds() * 1_000_000).to_bytes(8, "little"))
        return Clock(file)

    return stand


@pytest.fixture
def clock(clock_at: Callable[[datetime], Clock]) -> Clock:
    """A business clock that stands at 2026-03-02 09:00 in Shanghai; `clock.set(at)` moves it on."""
    return clock_at(BEGIN)


@pytest.fixture
def ids() -> Ids:
    """`ids()` makes ids that are the same in every run."""
    return Ids()
