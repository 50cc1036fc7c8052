"""The figure ST02."""

from datetime import date

from simulator.truth.figures import Counts, MonthEnd, stock
from simulator.world.days import next_month_begins


@stock("ST02")
def certified(end: MonthEnd) -> Counts:
    """Share of caregivers whose certificate lasts to the end of the month."""
    for worker, county in end.world.workers:
        if worker.caregiver:
            yield end.count(county, int(_lasts(worker.certified_until, end.month)), 1)


def _lasts(until: date | None, month: str) -> bool:
    return until is not None and (next_month_begins(month) - until).days <= 1
