"""The numbers of `standards/` in force on a policy day."""

from dataclasses import dataclass, field
from datetime import timedelta

from kit.contracts import standards
from kit.contracts.standards import key


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers of standards/dispatch.yaml on a day.

    planning_hour: local. detour: road length over straight line. speed_kmh: door to door.
    unknown_travel_min: taken where a position is not known.
    """

    planning_hour: int
    most_visits: int
    detour: float
    speed_kmh: float
    unknown_travel_min: int
    least_window: timedelta = field(metadata=key("least_window_min"))
    most_window: timedelta = field(metadata=key("most_window_min"))
    most_ahead: timedelta = field(metadata=key("most_ahead_min"))
    retry: timedelta = field(metadata=key("retry_min"))
    patience: timedelta = field(metadata=key("patience_min"))
    missed_after: timedelta = field(metadata=key("missed_after_min"))
    device_tolerance: timedelta = field(metadata=key("device_tolerance_min"))
    back_entry: timedelta = field(metadata=key("back_entry_hours"))
    reserve_retry: timedelta = field(metadata=key("reserve_retry_min"))


limits = standards.read("dispatch", Limits)
