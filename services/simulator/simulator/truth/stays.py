"""The figure FA09."""

from simulator.truth.figures import Counts, MonthEnd, stock


@stock("FA09")
def beds_occupied(end: MonthEnd) -> Counts:
    """Share of beds in which somebody stays."""
    for facility in end.world.open_facilities():
        yield end.count(facility.area_code, 0, facility.beds)
    for facility in end.world.stays.values():
        yield end.count(facility.area_code, 1, 0)
