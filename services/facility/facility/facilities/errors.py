"""What is refused about facilities, and why."""

from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Conflict, Refusal


class TooManyNursingBeds(Refusal):
    """Nursing beds are a part of the beds."""

    field = "nursing_beds"
    text = Phrase(
        "{nursing_beds} nursing beds are more than {beds} beds",
        "护理型床位 {nursing_beds} 张多于床位总数 {beds} 张",
    )


class FacilityIsClosed(Conflict):
    """The facility takes nobody in any more."""

    field = "facility_id"
    text = Phrase("facility {facility_id} is closed", "养老服务设施 {facility_id} 已关闭")


class StillLivedIn(Conflict):
    """Somebody stays there."""

    field = "facility_id"
    text = Phrase(
        "{residents} elders stay in facility {facility_id}",
        "养老服务设施 {facility_id} 还有 {residents} 位老年人入住",
    )
