"""What is refused about stays, and why."""

from kit.contracts.refusals import Conflict, Refusal


class NotABedThere(Refusal):
    """The facility has no such bed."""

    field = "bed_id"
    text = "facility {facility_id} has no bed {bed_id}"


class BedTaken(Conflict):
    """Somebody lies in the bed on one of these days."""

    field = "bed_id"
    text = "bed {bed_id} is taken"


class NoFreeBed(Conflict):
    """All beds of the facility are taken on one of these days."""

    field = "facility_id"
    text = "facility {facility_id} has no free bed"


class ElderStaysElsewhere(Conflict):
    """The elder lies in another bed on one of these days."""

    field = "elder_id"
    text = "elder {elder_id} stays in another bed"


class ElderNotKnownYet(Conflict):
    """The elder's registration has not arrived yet; moments after it the same request passes."""

    field = "elder_id"
    text = "elder {elder_id} is not known here yet; ask again in a moment"
    retry_after_s = 2.0


class ElderNotAlive(Conflict):
    """The elder died or moved out of the city."""

    field = "elder_id"
    text = "elder {elder_id} is {status}"


class EndedAlready(Conflict):
    """The stay has ended."""

    field = "stay_id"
    text = "stay {stay_id} ended on {ended_on}"
