"""Who stays in a facility."""

from simulator.truth.measures import Counts, MonthEnd, stock


@stock("STAYS")
def residents(end: MonthEnd) -> Counts:
    """Beds in which somebody stays."""
    for facility in end.world.stays.values():
        yield end.count(facility.area_code)
