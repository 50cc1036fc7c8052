"""Figures of facilities: FA02, FA06, FA07, FA08, FA11."""

from kit.contracts import areas
from simulator.truth.figures import Counts, MonthEnd, stock

NOT_PUBLIC = frozenset({"CONTRACTED", "PRIVATE"})


@stock("FA02")
def villages_covered(end: MonthEnd) -> Counts:
    """Share of villages with an open facility of any tier."""
    covered = {facility.area_code for facility in end.world.open_facilities()}
    for area in end.tree:
        if area.level == areas.COMMUNITY:
            yield end.count(area.code, int(area.code in covered), 1)


@stock("FA06")
def towns_covered(end: MonthEnd) -> Counts:
    """Share of townships with an open town complex."""
    covered = {
        areas.at(facility.area_code, areas.TOWNSHIP)
        for facility in end.world.open_facilities()
        if facility.tier == "TOWN"
    }
    for area in end.tree:
        if area.level == areas.TOWNSHIP:
            yield end.count(area.code, int(area.code in covered), 1)


@stock("FA07")
def beds_per_elder(end: MonthEnd) -> Counts:
    """Beds by elders."""
    for facility in end.world.open_facilities():
        yield end.count(facility.area_code, facility.beds)
    for person in end.world.living():
        yield end.count(person.area_code, 0, 1)


@stock("FA08")
def nursing_beds(end: MonthEnd) -> Counts:
    """Share of the institutions' beds that are for nursing."""
    for facility in end.world.open_facilities():
        if facility.tier == "COUNTY":
            yield end.count(facility.area_code, facility.nursing_beds, facility.beds)


@stock("FA11")
def beds_not_public(end: MonthEnd) -> Counts:
    """Share of beds in facilities that a contractor or a private owner runs."""
    for facility in end.world.open_facilities():
        beds = facility.beds if facility.operation in NOT_PUBLIC else 0
        yield end.count(facility.area_code, beds, facility.beds)
