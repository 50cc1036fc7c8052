"""Open facilities, and their beds."""

from simulator.truth.measures import Counts, MonthEnd, stock

NOT_PUBLIC = frozenset({"CONTRACTED", "PRIVATE"})


@stock("FACILITIES")
def facilities(end: MonthEnd) -> Counts:
    """Open facilities of any tier."""
    for facility in end.world.open_facilities():
        yield end.count(facility.area_code)


@stock("TOWN_FACILITIES")
def town_complexes(end: MonthEnd) -> Counts:
    """Open town complexes."""
    for facility in end.world.open_facilities():
        if facility.tier == "TOWN":
            yield end.count(facility.area_code)


@stock("BEDS")
def beds(end: MonthEnd) -> Counts:
    """Beds of open facilities."""
    for facility in end.world.open_facilities():
        yield end.count(facility.area_code, facility.beds)


@stock("NURSING_BEDS")
def nursing_beds(end: MonthEnd) -> Counts:
    """Of these, the beds for nursing."""
    for facility in end.world.open_facilities():
        yield end.count(facility.area_code, facility.nursing_beds)


@stock("COUNTY_BEDS")
def institutions_beds(end: MonthEnd) -> Counts:
    """Beds of the county tier."""
    for facility in end.world.open_facilities():
        if facility.tier == "COUNTY":
            yield end.count(facility.area_code, facility.beds)


@stock("COUNTY_NURSING_BEDS")
def institutions_nursing_beds(end: MonthEnd) -> Counts:
    """Of these, the beds for nursing."""
    for facility in end.world.open_facilities():
        if facility.tier == "COUNTY":
            yield end.count(facility.area_code, facility.nursing_beds)


@stock("SOCIAL_BEDS")
def beds_not_public(end: MonthEnd) -> Counts:
    """Beds in facilities that a contractor or a private owner runs."""
    for facility in end.world.open_facilities():
        if facility.operation in NOT_PUBLIC:
            yield end.count(facility.area_code, facility.beds)
