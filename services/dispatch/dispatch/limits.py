"""The numbers of `standards/` in force on a policy day."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from kit.contracts import standards
from kit.contracts.standards import Standards


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers of standards/dispatch.yaml on a day.

    planning_hour: local. detour: road length over straight line. speed_kmh: door to door.
    unknown_travel_min: taken where a position is not known.
    """

    least_window: timedelta
    planning_hour: int
    retry: timedelta
    patience: timedelta
    missed_after: timedelta
    device_tolerance: timedelta
    reserve_retry: timedelta
    most_visits: int
    detour: float
    speed_kmh: float
    unknown_travel_min: int


@cache
def limits(on: date) -> Limits:
    """What is in force on a policy day."""

    def value(key: str) -> float:
        return float(loaded().value(f"dispatch.{key}", on))

    def minutes(key: str) -> timedelta:
        return timedelta(minutes=value(key))

    return Limits(
        least_window=minutes("least_window_min"),
        planning_hour=int(value("planning_hour")),
        retry=minutes("retry_min"),
        patience=minutes("patience_min"),
        missed_after=minutes("missed_after_min"),
        device_tolerance=minutes("device_tolerance_min"),
        reserve_retry=minutes("reserve_retry_min"),
        most_visits=int(value("most_visits")),
        detour=value("detour"),
        speed_kmh=value("speed_kmh"),
        unknown_travel_min=int(value("unknown_travel_min")),
    )


@cache
def loaded() -> Standards:
    """The standards of dispatch, read once."""
    return standards.load("dispatch")
