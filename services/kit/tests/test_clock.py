import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from kit.contracts import ids
from kit.contracts.clock import Clock, ClockMovesForward, ClockTooFar, day_bounds, local_day


def test_without_a_file_business_time_is_the_wall_clock() -> None:
    before = datetime.now(UTC)

    assert before <= Clock().now() <= datetime.now(UTC)
    with pytest.raises(RuntimeError, match="only one box"):
        Clock().set(before)


def test_a_new_clock_file_begins_at_the_wall_clock_and_then_stands(tmp_path: Path) -> None:
    standing = Clock(tmp_path / "clock")

    assert abs(standing.now() - Clock.real()) < timedelta(seconds=5)
    assert standing.now() == standing.now()


def test_every_clock_of_the_box_sees_the_move(clock_at) -> None:
    one = clock_at(datetime(2026, 3, 2, tzinfo=UTC))
    other = Clock(one.file)

    one.set(datetime(2026, 3, 3, tzinfo=UTC))

    assert other.now() == datetime(2026, 3, 3, tzinfo=UTC)


def test_the_clock_is_kept_over_a_restart_to_the_microsecond(tmp_path: Path) -> None:
    at = datetime(2099, 3, 2, 1, 2, 3, 456789, tzinfo=UTC)
    Clock(tmp_path / "clock").set(at)

    assert Clock(tmp_path / "clock").now() == at


def test_the_clock_never_goes_back_and_bears_the_same_instant_twice(clock) -> None:
    clock.set(clock.now())

    with pytest.raises(ClockMovesForward, match="only moves forward"):
        clock.set(clock.now() - timedelta(microseconds=1))
    with pytest.raises(ValueError, match="no time zone"):
        clock.set(datetime(2099, 1, 1))  # noqa: DTZ001


def test_the_clock_stays_before_the_end_of_the_last_day(clock) -> None:
    clock.set(datetime(2199, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))

    for beyond in (datetime(2200, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
        with pytest.raises(ClockTooFar, match="behind 2199-12-31"):
            clock.set(beyond)
    assert local_day(clock.now()) == date(
        2200, 1, 1
    )  # in Shanghai the next day has begun, and every day has a next one


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x01\x02",
        b"\xff" * 8,
        b"\xff" * 7 + b"\x7f",
        (253_402_300_800 * 10**6).to_bytes(8, "little"),
    ],
)
def test_a_clock_file_that_shows_no_instant_is_made_anew(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "clock"
    file.write_bytes(content)

    assert abs(Clock(file).now() - Clock.real()) < timedelta(seconds=5)
    assert abs(Clock(file).now() - Clock.real()) < timedelta(seconds=5)
    assert file.stat().st_size == 8


def test_a_clock_file_that_is_spoiled_meanwhile_shows_the_last_instant(clock) -> None:
    clock.file.write_bytes(b"\xff" * 8)

    assert clock.now() == datetime(2199, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)


def test_a_move_is_taken_back_only_while_the_clock_shows_it(clock) -> None:
    before = clock.now()
    after = clock.set(before + timedelta(days=300))

    assert not clock.take_back(after + timedelta(seconds=1), before)
    assert clock.now() == after
    assert clock.take_back(after, before)
    assert Clock(clock.file).now() == before


# Moves the clock on as fast as it can, and prints how often it was seen to go back.
PUSH = """
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from kit.contracts.clock import Clock, ClockMovesForward
own, back = Clock(Path(sys.argv[1])), 0
last = own.now()
for _ in range(2000):
    with suppress(ClockMovesForward):  # another process was faster
        own.set(own.now() + timedelta(milliseconds=1))
    seen = own.now()
    back += seen < last
    last = seen
print(back)
"""


def test_the_clock_is_monotone_for_all_processes_while_several_move_it(clock) -> None:
    began = clock.now()

    movers = [
        subprocess.Popen(
            [sys.executable, "-c", PUSH, str(clock.file)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    back = [int(mover.communicate(timeout=60)[0]) for mover in movers]

    assert back == [0, 0, 0]
    assert timedelta(seconds=2) <= clock.now() - began <= timedelta(seconds=6)


def test_a_policy_day_is_a_day_in_shanghai() -> None:
    assert local_day(datetime(2026, 3, 1, 15, 59, 59, tzinfo=UTC)) == date(2026, 3, 1)
    assert local_day(datetime(2026, 3, 1, 16, 0, tzinfo=UTC)) == date(2026, 3, 2)
    assert day_bounds(date(2026, 3, 2)) == (
        datetime(2026, 3, 1, 16, tzinfo=UTC),
        datetime(2026, 3, 2, 16, tzinfo=UTC),
    )


def test_ids_rise_strictly_and_tell_their_instant() -> None:
    before = Clock.real()
    made = [ids.new() for _ in range(10_000)]

    assert made == sorted(set(made))
    assert all(one.version == 7 and one.variant == "specified in RFC 4122" for one in made)
    assert (
        before - timedelta(milliseconds=1)
        <= ids.instant(made[0])
        <= ids.instant(made[-1])
        <= Clock.real() + timedelta(milliseconds=3)
    )
    assert ids.least(before) <= made[0]


def test_the_least_id_of_a_day_parts_the_days() -> None:
    midnight = datetime(2026, 3, 2, tzinfo=UTC)

    assert ids.instant(ids.least(midnight)) == midnight
    assert ids.least(midnight - timedelta(milliseconds=1)) < ids.least(midnight)
    with pytest.raises(ValueError, match="only a UUIDv7"):
        ids.instant(ids.UUID("00000000-0000-4000-8000-000000000000"))
