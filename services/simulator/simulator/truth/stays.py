"""Who stays in a facility."""

from simulator.truth.measures import Counts, MonthEnd, stock


@stock("STAYS")
def residents(end: MonthEnd) -> Counts:
    """Beds in which somebody stays."""
    for _, facility in end.staying():
        yield end.count(facility.area_code)
