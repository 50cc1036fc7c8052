"""What is refused about facilities, and why."""

from kit.contracts.refusals import Conflict, Refusal


class TooManyNursingBeds(Refusal):
    """Nursing beds are a part of the beds."""

    field = "nursing_beds"
    text = "{nursing_beds} nursing beds are more than {beds} beds"


class FacilityIsClosed(Conflict):
    """The facility takes nobody in any more."""

    field = "facility_id"
    text = "facility {facility_id} is closed"


class StillLivedIn(Conflict):
    """Somebody stays there."""

    field = "facility_id"
    text = "{residents} elders stay in facility {facility_id}"
