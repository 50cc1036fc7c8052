"""What is refused about organisations, and why."""

from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Conflict, Refusal


class WrongCheckCharacter(Refusal):
    """A credit code or ID number was mistyped."""

    text = Phrase(
        "the check character of {field_name} is wrong ({norm})",
        "{field_name}的校验码不正确（{norm}）",
    )


class NoSuchAuthority(Refusal):
    """No authority registers organisations under codes that begin like this."""

    field = "credit_code"
    text = Phrase(
        "no authority gives credit codes that begin with {head} (GB 32100-2015)",
        "没有登记管理部门使用以 {head} 开头的统一社会信用代码（GB 32100-2015）",
    )


class NoAreaOfRegistration(Refusal):
    """The third to eighth character of a credit code are the area of the authority: digits."""

    field = "credit_code"
    text = Phrase(
        "the characters 3 to 8 of a credit code are digits (GB 32100-2015)",
        "统一社会信用代码第 3 至 8 位应为数字（GB 32100-2015）",
    )


class KindUnlikeCode(Refusal):
    """The credit code belongs to an organisation of another legal form."""

    field = "kind"
    text = Phrase(
        "a credit code that begins with {head} is none of the kind {kind} (GB 32100-2015)",
        "以 {head} 开头的统一社会信用代码不属于{kind}（GB 32100-2015）",
    )


class KnownAlready(Conflict):
    """Somebody else has this number."""

    text = Phrase("this {field_name} is registered already", "该{field_name}已经登记")


class AreaUnknown(Refusal):
    """The area is not in this city's tree, or is too large."""

    field = "area_code"
    text = Phrase(
        "{area_code} is no county, township or community of this city",
        "{area_code} 不是本市的县区、乡镇街道或村社区",
    )


class OrganisationSuspended(Conflict):
    """Nothing new is given to the organisation on this day."""

    field = "organisation_id"
    text = Phrase(
        "organisation {organisation_id} is suspended on {day}",
        "机构 {organisation_id} 在 {day} 暂停服务",
    )


class FacilitiesOpen(Conflict):
    """The organisation still operates facilities."""

    field = "organisation_id"
    text = Phrase(
        "organisation {organisation_id} operates {facilities} open facilities: {facility_ids}",
        "机构 {organisation_id} 还运营 {facilities} 处养老服务设施：{facility_ids}",
    )


class HalfAPosition(Refusal):
    """A position has two coordinates."""

    field = "lon"
    text = Phrase("lon and lat are named together", "经度和纬度须同时给出")


class FarFromCounty(Refusal):
    """The office cannot lie in its county: swapped or mistyped degrees, or another's position."""

    field = "lon"
    text = Phrase(
        "the position lies {away_km} km from the county {county}; are lon and lat swapped?",
        "该位置距 {county} {away_km} 公里，请核对经纬度是否颠倒",
    )


class OrganisationClosed(Conflict):
    """The organisation is not active."""

    field = "organisation_id"
    text = Phrase("organisation {organisation_id} is closed", "机构 {organisation_id} 已关闭")
