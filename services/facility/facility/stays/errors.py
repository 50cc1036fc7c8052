"""What is refused about stays, and why."""

from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Conflict, Refusal

BEFORE_THE_STAY = Phrase(
    "the stay began on {began_on}", "入住始于 {began_on}", key="BEFORE_THE_STAY"
)
BEFORE_BIRTH = Phrase("the elder was not born yet", "老年人尚未出生", key="BEFORE_BIRTH")


class NotABedThere(Refusal):
    """The facility has no such bed."""

    field = "bed_id"
    text = Phrase(
        "facility {facility_id} has no bed {bed_id}", "养老服务设施 {facility_id} 没有床位 {bed_id}"
    )


class BedTaken(Conflict):
    """Somebody lies in the bed on one of these days."""

    field = "bed_id"
    text = Phrase("bed {bed_id} is taken", "床位 {bed_id} 已被占用")


class NoFreeBed(Conflict):
    """All beds of the facility are taken on one of these days."""

    field = "facility_id"
    text = Phrase("facility {facility_id} has no free bed", "养老服务设施 {facility_id} 没有空床")


class ElderStaysElsewhere(Conflict):
    """The elder lies in another bed on one of these days."""

    field = "elder_id"
    text = Phrase("elder {elder_id} stays in another bed", "老年人 {elder_id} 已入住其他床位")


class ElderNotKnownYet(Conflict):
    """The elder's registration has not arrived yet; moments after it the same request passes."""

    field = "elder_id"
    text = Phrase(
        "elder {elder_id} is not known here yet; ask again in a moment",
        "老年人 {elder_id} 的登记尚未到达，请稍后再试",
    )
    retry_after_s = 2.0


class ElderNotAlive(Conflict):
    """The elder died or moved out of the city."""

    field = "elder_id"
    text = Phrase("elder {elder_id} is {status}", "老年人 {elder_id} 的状态为{status}")


class EndedAlready(Conflict):
    """The stay has ended."""

    field = "stay_id"
    text = Phrase("stay {stay_id} ended on {ended_on}", "入住 {stay_id} 已于 {ended_on} 结束")
