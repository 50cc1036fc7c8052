"""What is refused about elders, and why."""

from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Conflict, Denied, Refusal

NOT_WITHIN_LIFE = Phrase(
    "it must lie between the birth and today", "应在出生之后、今天之前", key="NOT_WITHIN_LIFE"
)


class WrongCheckCharacter(Refusal):
    """The ID number was mistyped (GB 11643-1999)."""

    field = "id_number"
    text = Phrase(
        "the check character of the ID number is wrong (GB 11643-1999)",
        "身份证号的校验码不正确（GB 11643-1999）",
    )


class ImpossibleBirthDay(Refusal):
    """The birth day inside the ID number does not exist, lies in the future, or makes the person
    older than anybody.
    """

    field = "id_number"
    text = Phrase("the birth day in the ID number is impossible", "身份证号中的出生日期不可能")


class TooYoung(Refusal):
    """The person is not yet an elder."""

    field = "id_number"
    text = Phrase(
        "the person is {age}, an elder is at least {least_age}",
        "此人 {age} 岁，老年人须年满 {least_age} 岁",
    )


class HardshipOfficialOnly(Denied):
    """Hardships decide about money: an official states them, who has seen the papers."""

    field = "hardships"
    text = Phrase("only an official states hardships", "困难类别只能由民政工作人员填写")


class KnownAlready(Conflict):
    """The ID number belongs to an elder who is registered. of: whose it is; the caller, who may not
    see that elder, does not learn it.
    """

    field = "id_number"
    of: object = None
    text = Phrase(
        "an elder with this ID number is registered already", "该身份证号的老年人已经登记"
    )


class LikelyKnown(Conflict):
    """Probably one person with two ID numbers: somebody of this name and birth day is registered in
    the same community.
    """

    field = "another_person"
    text = Phrase(
        "elder {elder_id} has the same name, birth day and community and another ID number; "
        "`another_person` says that they are two",
        "老年人 {elder_id} 的姓名、出生日期和社区与此相同而身份证号不同；"
        "确为两人的，请填写 `another_person`",
    )


class NotACommunity(Refusal):
    """The area is no village or community of this city."""

    field = "area_code"
    text = Phrase(
        "{area_code} is no village or community of this city", "{area_code} 不是本市的村或社区"
    )


class FarFromCounty(Refusal):
    """The home cannot lie in the county of its community: swapped or mistyped degrees, or the
    position of somebody else.
    """

    field = "lon"
    text = Phrase(
        "the position lies {away_km} km from the county {county}; are lon and lat swapped?",
        "该位置距 {county} {away_km} 公里，请核对经纬度是否颠倒",
    )


class HalfPosition(Refusal):
    """Longitude and latitude come together or not at all."""

    field = "lat"
    text = Phrase("lon and lat come together", "经度和纬度须同时给出")


class ElderNotAlive(Conflict):
    """The elder died or moved out of the city."""

    field = "elder_id"
    text = Phrase("elder {elder_id} is {status}", "老年人 {elder_id} 的状态为{status}")


class DeadAlready(Conflict):
    """A death with another day was reported before."""

    field = "died_on"
    text = Phrase(
        "the death of elder {elder_id} was reported with another day",
        "老年人 {elder_id} 的死亡已按另一日期报告",
    )


class ImpossibleDay(Refusal):
    """The day lies in the future, before the birth, or not in the calendar."""

    text = Phrase("{day} is impossible: {why}", "{day} 不可能：{why}")


class NothingToChange(Refusal):
    """The request names nothing that is to be different."""

    field = "elder_id"
    text = Phrase("the request changes nothing", "请求没有改变任何内容")


class OwnElder(Denied):
    """Who speaks for the elder states no hardship and decides about no report."""

    text = Phrase(
        "the caller speaks for elder {elder_id}: another official does this",
        "调用者是老年人 {elder_id} 的亲属，须由其他民政工作人员办理",
    )
    field = "elder_id"
