"""A finished visit as an auditor sees it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Visit:
    """Minutes are whole and rounded down; metres are None where no position is known, previous_*
    and next_* also where no visit before or after was known when this one was reported.
    outside_min: of the check-in outside the wanted window, negative before it; None from older
    releases.
    """

    checked_in_at: datetime
    checked_out_at: datetime
    planned_min: int
    served_min: int
    check_in_m: int | None
    check_out_m: int | None
    previous_m: int | None
    previous_min: int | None
    next_m: int | None = None
    next_min: int | None = None
    outside_min: int | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """least_share: of the planned length, 0..1. place_m: from the home. speed_kmh: between two
    visits. early_min, late_min: before and after the wanted window.
    """

    least_share: float
    place_m: int
    speed_kmh: float
    early_min: int
    late_min: int
