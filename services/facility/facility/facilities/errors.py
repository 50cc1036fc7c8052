"""What is refused about facilities, and why."""

from kit.contracts.refusals import Conflict, Refusal


class TooManyNursingBeds(Refusal):
    """Nursing beds are a part of the beds."""

    field = "nursing_beds"
    text = "{nursing_beds} nursing beds are more than {beds} beds"

    def __init__(self, nursing_beds: int, beds: int) -> None:
        super().__init__(nursing_beds=nursing_beds, beds=beds)


class FacilityIsClosed(Conflict):
    """The facility takes nobody in any more."""

    field = "facility_id"
    text = "facility {facility_id} is closed"

    def __init__(self, facility_id: object) -> None:
        super().__init__(facility_id=str(facility_id))


class StillLivedIn(Conflict):
    """Somebody stays there."""

    field = "facility_id"
    text = "{residents} elders stay in facility {facility_id}"

    def __init__(self, facility_id: object, residents: int) -> None:
        super().__init__(facility_id=str(facility_id), residents=residents)
