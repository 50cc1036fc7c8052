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


class OpenAlready(Conflict):
    """The organisation operates a facility of this name: it would be counted twice."""

    field = "name"
    text = Phrase(
        "facility {facility_id} of this organisation has the same name",
        "本机构的设施 {facility_id} 名称相同",
    )


class FacilityIsClosed(Conflict):
    """The facility takes nobody in any more."""

    field = "facility_id"
    text = Phrase("facility {facility_id} is closed", "养老服务设施 {facility_id} 已关闭")


class FacilitySuspended(Conflict):
    """Nobody is admitted on this day."""

    field = "facility_id"
    text = Phrase(
        "facility {facility_id} is suspended on {day}",
        "养老服务设施 {facility_id} 在 {day} 暂停接收",
    )


class StillLivedIn(Conflict):
    """Somebody stays there."""

    field = "facility_id"
    text = Phrase(
        "{residents} elders stay in facility {facility_id}: {stay_ids}",
        "养老服务设施 {facility_id} 还有 {residents} 位老年人入住：{stay_ids}",
    )


class BedsTaken(Conflict):
    """Beds that would go are taken."""

    field = "beds"
    text = Phrase(
        "{free} beds of this kind are free of the {gone} that would go",
        "将减少 {gone} 张此类床位，其中只有 {free} 张空闲",
    )


class PlannedForLater(Refusal):
    """Only a capacity can be agreed for a later day."""

    field = "valid_from"
    text = Phrase(
        "from a later day on only beds and nursing_beds change",
        "日后生效的变更只能涉及床位数和护理型床位数",
    )
