"""Rules that values of any request keep, as a caller reads them; services have others beside.

Each has a key, by which a program knows it in any language and release.
"""

from buf.validate import validate_pb2
from google.protobuf.descriptor import FieldDescriptor

from kit.contracts.phrases import Phrase

REQUIRED = Phrase("is required", "必须填写", key="REQUIRED")
GIVEN_ONCE = Phrase("is given once", "只能给出一次", key="GIVEN_ONCE")
ONE_OF = Phrase("is one of {names}", "应为以下之一：{names}", key="ONE_OF")
NOTHING = Phrase("is not asked for: no name is", "不需要任何字段", key="NOTHING")
STORABLE = Phrase("is a value that can be stored", "应为可以保存的值", key="STORABLE")
MESSAGE = Phrase("is a message of the method's request type", "应为该方法的请求消息", key="MESSAGE")

TEXT = Phrase("is a text", "应为文本", key="TEXT")
TRUTH = Phrase("is true or false", "应为 true 或 false", key="TRUTH")
NUMBER = Phrase("is a number", "应为数字", key="NUMBER")
FINITE = Phrase("is a finite number", "应为有限的数字", key="FINITE")
WHOLE = Phrase(
    "is a whole number from {least} to {most}", "应为 {least} 至 {most} 的整数", key="WHOLE"
)
LIST = Phrase("is a list", "应为列表", key="LIST")
OBJECT = Phrase("is a JSON object", "应为 JSON 对象", key="OBJECT")
INSTANT = Phrase(
    "is an instant with its offset, 2026-03-01T08:00:00+08:00",
    "应为带时区的时刻，如 2026-03-01T08:00:00+08:00",
    key="INSTANT",
)
UUID = Phrase("is a UUID", "应为 UUID", key="UUID")

LEAST = Phrase("is at least {value}", "不小于 {value}", key="LEAST")
MOST = Phrase("is at most {value}", "不大于 {value}", key="MOST")
RANGE = Phrase("lies from {least} to {most}", "应在 {least} 至 {most} 之间", key="RANGE")
ABOVE = Phrase("is more than {value}", "大于 {value}", key="ABOVE")
LENGTH_LEAST = Phrase("has at least {value} characters", "至少 {value} 个字符", key="LENGTH_LEAST")
LENGTH_MOST = Phrase("has at most {value} characters", "至多 {value} 个字符", key="LENGTH_MOST")
MEMBERS_LEAST = Phrase("has at least {value} members", "至少 {value} 项", key="MEMBERS_LEAST")
MEMBERS_MOST = Phrase("has at most {value} members", "至多 {value} 项", key="MEMBERS_MOST")
UNIQUE = Phrase("names each member once", "不得有重复项", key="UNIQUE")

IN_THE_FUTURE = Phrase("it lies in the future", "日期在未来", key="IN_THE_FUTURE")
NOT_IN_THE_CALENDAR = Phrase(
    "the calendar does not have it", "日历中没有这一天", key="NOT_IN_THE_CALENDAR"
)
_AREA_CODE = Phrase("is an area code of 12 digits", "应为 12 位数字的区划代码", key="AREA_CODE")
DAY = Phrase("is a day, 2026-03-01", "应为日期，如 2026-03-01", key="DAY")
MONTH = Phrase("is a month, 2026-03", "应为月份，如 2026-03", key="MONTH")
_ID_OR_NONE = Phrase("is a UUID or empty", "应为 UUID 或留空", key="UUID_OR_EMPTY")
_PHONE = Phrase(
    "is a phone number: 5 to 20 digits and hyphens, a digit first and last, perhaps + before",
    "应为电话号码：5 至 20 位数字或连字符，首尾为数字，前面可加 +",
    key="PHONE",
)
_OF_LISTS = {"max_items": MEMBERS_MOST, "min_items": MEMBERS_LEAST, "unique": UNIQUE}
_OTHERS = {"required": REQUIRED, "uuid": UUID, "uuid_empty": UUID}
_OF_VALUES = {
    "gt": ABOVE,
    "gte": LEAST,
    "lte": MOST,
    "max_len": LENGTH_MOST,
    "min_len": LENGTH_LEAST,
}
_ID_NUMBER = Phrase(
    "is an ID number: 17 digits and a digit or X, or 15 digits",
    "应为身份证号：17 位数字加一位数字或 X，或 15 位数字",
    key="ID_NUMBER",
)
_ID_NUMBER_OF_18 = Phrase(
    "is an ID number: 17 digits and a digit or X",
    "应为身份证号：17 位数字加一位数字或 X",
    key="ID_NUMBER",
)
_FORM = Phrase("has the form of its contract", "应符合约定的格式", key="FORM")
_RULE = Phrase("keeps its contract", "应符合约定", key="CONTRACT")
# what a contract's pattern says, to those who do not read expressions
FORMS = {
    "^[0-9]{12}$": _AREA_CODE,
    "^$|^[0-9]{12}$": _AREA_CODE,
    "^$|^[0-9a-f-]{36}$": _ID_OR_NONE,
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}$": DAY,
    "^$|^[0-9]{4}-[0-9]{2}-[0-9]{2}$": DAY,
    "^[0-9]{4}-[0-9]{2}$": MONTH,
    "^$|^[0-9]{4}-[0-9]{2}$": MONTH,
    "^[+]?[0-9][0-9-]{3,18}[0-9]$": _PHONE,
    "^$|^[+]?[0-9][0-9-]{3,18}[0-9]$": _PHONE,
    "^$|^[0-9+-]{5,20}$": _PHONE,  # of an event, as earlier releases told it
    "^[0-9]{17}[0-9Xx]$": _ID_NUMBER_OF_18,
    "^[0-9]{17}[0-9Xx]$|^[0-9]{15}$": _ID_NUMBER,
    "^[0-9A-HJ-NPQRTUWXY]{18}$": Phrase(
        "is a credit code: 18 digits and capital letters, without I, O, S, V and Z",
        "应为统一社会信用代码：18 位数字或大写字母，不含 I、O、S、V、Z",
        key="CREDIT_CODE",
    ),
    "^[0-9A-Za-z-]{0,40}$": Phrase(
        "is the number of a receipt: at most 40 letters, digits and hyphens",
        "应为票据编号：至多 40 个字母、数字或连字符",
        key="RECEIPT_NUMBER",
    ),
    "^[a-z][a-z0-9-]{2,40}$": Phrase(
        "is a short name: 3 to 41 small letters, digits and hyphens, a letter first",
        "应为短名称：以小写字母开头，3 至 41 个小写字母、数字或连字符",
        key="SHORT_NAME",
    ),
    "^[A-Z]{2,3}[0-9]{2}(_[A-Z]+)?$": Phrase(
        "is the code of an indicator, AS01", "应为指标代码，如 AS01", key="INDICATOR_CODE"
    ),
    "^[A-Z][0-9]{2}(\\.[0-9x][0-9]{0,2}(x[0-9]{3})?)?[+*]?"
    "([A-Z][0-9]{2}(\\.[0-9x][0-9]{0,2}(x[0-9]{3})?)?[+*]?)?$": Phrase(
        "is the code of a diagnosis, I63 or I10.x00x002",
        "应为诊断编码，如 I63 或 I10.x00x002",
        key="DIAGNOSIS_CODE",
    ),
}


def of_contract(rule_id: str, field: FieldDescriptor) -> Phrase:
    """The rule of a field's contract that a value breaks, in words.

    rule_id: as protovalidate names it, `string.min_len`. One that has no words here is told in
    general; a test finds it.
    """
    name = rule_id.rpartition(".")[2]
    whole = field.GetOptions().Extensions[validate_pb2.field]
    if name in _OF_LISTS:
        return _OF_LISTS[name].of(value=getattr(whole.repeated, name))
    rules = whole.repeated.items if field.is_repeated else whole
    bounds = getattr(rules, rules.WhichOneof("type") or "string")
    if name in ("defined_only", "not_in") and field.enum_type:
        members = field.enum_type.values
        names = [one.name for one in members if one.number not in {0, *rules.enum.not_in}]
        return ONE_OF.of(names=", ".join(names))
    if name == "gte_lte":
        return RANGE.of(least=_short(bounds.gte), most=_short(bounds.lte))
    if name == "pattern":
        return FORMS.get(bounds.pattern, _FORM)
    if name in _OF_VALUES:
        return _OF_VALUES[name].of(value=_short(getattr(bounds, name)))
    return _OTHERS.get(name, _RULE)


def _short(bound: float | int) -> str:
    return f"{bound:g}" if isinstance(bound, float) else str(bound)
