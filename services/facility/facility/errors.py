"""What this service refuses, and why."""

from kit.contracts.refusals import Conflict, Refusal


class WrongCheckCharacter(Refusal):
    """A credit code or ID number was mistyped."""

    text = "the check character of {field_name} is wrong ({norm})"

    def __init__(self, field: str, norm: str) -> None:
        super().__init__(field=field, field_name=field, norm=norm)


class KnownAlready(Conflict):
    """Somebody else has this number."""

    text = "this {field_name} is registered already"

    def __init__(self, field: str) -> None:
        super().__init__(field=field, field_name=field)


class ImpossibleBirthDay(Refusal):
    """The birth day in the ID number is that of nobody who works."""

    field = "id_number"
    text = "the birth day in the ID number is impossible"


class AreaUnknown(Refusal):
    """The area is not in this city's tree, or is too large."""

    field = "area_code"
    text = "{area_code} is no county, township or community of this city"

    def __init__(self, area_code: str) -> None:
        super().__init__(area_code=area_code)


class OrganisationClosed(Conflict):
    """The organisation is not active."""

    field = "organisation_id"
    text = "organisation {organisation_id} is closed"

    def __init__(self, organisation_id: object) -> None:
        super().__init__(organisation_id=str(organisation_id))


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


class NotABedThere(Refusal):
    """The facility has no such bed."""

    field = "bed_id"
    text = "facility {facility_id} has no bed {bed_id}"

    def __init__(self, facility_id: object, bed_id: object) -> None:
        super().__init__(facility_id=str(facility_id), bed_id=str(bed_id))


class BedTaken(Conflict):
    """Somebody lies in the bed on one of these days."""

    field = "bed_id"
    text = "bed {bed_id} is taken"

    def __init__(self, bed_id: object) -> None:
        super().__init__(bed_id=str(bed_id))


class NoFreeBed(Conflict):
    """All beds of the facility are taken on one of these days."""

    field = "facility_id"
    text = "facility {facility_id} has no free bed"

    def __init__(self, facility_id: object) -> None:
        super().__init__(facility_id=str(facility_id))


class ElderStaysElsewhere(Conflict):
    """The elder lies in another bed on one of these days."""

    field = "elder_id"
    text = "elder {elder_id} stays in another bed"

    def __init__(self, elder_id: object) -> None:
        super().__init__(elder_id=str(elder_id))


class ElderNotKnownYet(Conflict):
    """The elder's registration was not heard yet; moments after it the same request passes."""

    field = "elder_id"
    text = "elder {elder_id} is not known here yet; ask again in a moment"
    retry_after_s = 2.0

    def __init__(self, elder_id: object) -> None:
        super().__init__(elder_id=str(elder_id))


class ElderNotAlive(Conflict):
    """The elder died or moved out of the city."""

    field = "elder_id"
    text = "elder {elder_id} is {status}"

    def __init__(self, elder_id: object, status: str) -> None:
        super().__init__(elder_id=str(elder_id), status=status)


class EndedAlready(Conflict):
    """The stay has ended."""

    field = "stay_id"
    text = "stay {stay_id} ended on {ended_on}"

    def __init__(self, stay_id: object, ended_on: object) -> None:
        super().__init__(stay_id=str(stay_id), ended_on=str(ended_on))


class ImpossibleDay(Refusal):
    """The day is not in the calendar, or lies where it cannot."""

    text = "{day} is impossible: {why}"

    def __init__(self, field: str, day: str, why: str) -> None:
        super().__init__(field=field, day=day, why=why)


class ImpossibleShift(Refusal):
    """A shift ends after it begins."""

    field = "shift_to_min"
    text = "a shift from minute {shift_from_min} to minute {shift_to_min} of the day is impossible"

    def __init__(self, shift_from_min: int, shift_to_min: int) -> None:
        super().__init__(shift_from_min=shift_from_min, shift_to_min=shift_to_min)


class NothingToChange(Refusal):
    """The request names nothing that is to be different."""

    field = "worker_id"
    text = "the request changes nothing"


class WorkerGone(Conflict):
    """The worker left the organisation."""

    field = "worker_id"
    text = "worker {worker_id} left"

    def __init__(self, worker_id: object) -> None:
        super().__init__(worker_id=str(worker_id))
