"""What one cell means: the words, signs and habits of those who fill in spreadsheets."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from enum import IntEnum

from eldercare.assessment.v1 import events_pb2 as events

from assessment.elders.rules import Hardship, Living
from assessment.imports.errors import (
    CHARACTER_LOST,
    DIGITS_LOST,
    NEITHER_TRUE_NOR_FALSE,
    NO_DEGREES,
    NONE_OF,
    Unreadable,
)
from kit.contracts import numbers
from kit.contracts.phrases import Phrase

HEADINGS = {
    "姓名": "name",
    "老人姓名": "name",
    "身份证": "id_number",
    "身份证号": "id_number",
    "身份证号码": "id_number",
    "公民身份号码": "id_number",
    "证件号码": "id_number",
    "电话": "phone",
    "手机": "phone",
    "手机号": "phone",
    "手机号码": "phone",
    "电话号码": "phone",
    "联系电话": "phone",
    "联系方式": "phone",
    "地址": "address",
    "住址": "address",
    "家庭住址": "address",
    "现住址": "address",
    "居住地址": "address",
    "详细地址": "address",
    "区划代码": "area_code",
    "行政区划代码": "area_code",
    "社区代码": "area_code",
    "村代码": "area_code",
    "村社区代码": "area_code",
    "经度": "lon",
    "纬度": "lat",
    "坐标系": "datum",
    "居住情况": "living",
    "居住状况": "living",
    "困难类别": "hardships",
    "困难类型": "hardships",
    "困难情况": "hardships",
    "本地户籍": "local_register",
    "是否本地户籍": "local_register",
    "联系人": "contact_name",
    "联系人姓名": "contact_name",
    "紧急联系人": "contact_name",
    "紧急联系人姓名": "contact_name",
    "联系人电话": "contact_phone",
    "紧急联系人电话": "contact_phone",
    "困难认定日期": "hardships_on",
    "认定日期": "hardships_on",
    "困难认定文号": "hardships_document",
    "认定文号": "hardships_document",
    "另一人": "another_person",
}
UNUSED = frozenset({"序号", "备注", "性别", "年龄", "民族", "出生日期", "出生年月"})  # or in the ID
LIVING = {
    "独居": Living.ALONE,
    "独居老人": Living.ALONE,
    "与配偶同住": Living.SPOUSE_ONLY,
    "仅与配偶居住": Living.SPOUSE_ONLY,
    "与老伴同住": Living.SPOUSE_ONLY,
    "夫妻同住": Living.SPOUSE_ONLY,
    "空巢": Living.SPOUSE_ONLY,
    "空巢老人": Living.SPOUSE_ONLY,
    "与子女同住": Living.WITH_FAMILY,
    "与家人同住": Living.WITH_FAMILY,
    "与亲属同住": Living.WITH_FAMILY,
    "留守": Living.LEFT_BEHIND,
    "留守老人": Living.LEFT_BEHIND,
    "机构": Living.INSTITUTION,
    "养老机构": Living.INSTITUTION,
    "机构养老": Living.INSTITUTION,
}
HARDSHIPS = {
    "低保": Hardship.DIBAO,
    "低保户": Hardship.DIBAO,
    "低保对象": Hardship.DIBAO,
    "最低生活保障": Hardship.DIBAO,
    "特困": Hardship.TEKUN,
    "特困人员": Hardship.TEKUN,
    "特困供养": Hardship.TEKUN,
    "低保边缘": Hardship.DIBAO_EDGE,
    "低保边缘家庭": Hardship.DIBAO_EDGE,
    "低收入": Hardship.LOW_INCOME,
    "低收入家庭": Hardship.LOW_INCOME,
    "重度残疾": Hardship.SEVERELY_HANDICAPPED,
    "重残": Hardship.SEVERELY_HANDICAPPED,
    "计划生育特殊家庭": Hardship.PLANNED_FAMILY_SPECIAL,
    "计生特殊家庭": Hardship.PLANNED_FAMILY_SPECIAL,
}
DATUMS = {
    "WGS84": events.DATUM_WGS84,
    "GPS": events.DATUM_WGS84,
    "GCJ02": events.DATUM_GCJ02,
    "高德": events.DATUM_GCJ02,
    "腾讯": events.DATUM_GCJ02,
    "火星坐标": events.DATUM_GCJ02,
}
FLAGS = {
    **dict.fromkeys(("true", "1", "yes", "y", "是", "√", "✓", "✔", "本地", "本市"), True),
    **dict.fromkeys(("false", "0", "no", "n", "否", "×", "✗", "✘", "外地", "外市", ""), False),
}
NOTHING = frozenset({"无", "暂无", "-", "--", "—", "——", "/", "n/a", "na", "#n/a", "null", "none"})
NAMES = ("name", "contact_name")
TEXTS = (*NAMES, "address", "hardships_document")  # everything else is numbers and words

_FORMULA = re.compile(r'="?(.*?)"?$')
_DOTS = re.compile(r"\s*[·•‧∙⋅・･]\s*")
_DOTS_OF_OTHERS = re.compile(r"(?<=[\u3400-\u9fff])\s*[.．。˙●▪]\s*(?=[\u3400-\u9fff])")
_BETWEEN = re.compile(r"(?<=[\u2e80-\U0003ffff])\s+(?=[\u2e80-\U0003ffff])")
_LOST = re.compile(r"-?[0-9](\.[0-9]+)?[Ee]\+?[0-9]+")
_DAY = re.compile(
    r"([0-9]{4}) ?[-/.年—] ?([0-9]{1,2}) ?[-/.月—] ?([0-9]{1,2}) ?[日号]?([ T][0-9:.]{4,})?"
)
_SERIAL = re.compile(r"[1-9][0-9]{4}(\.[0-9]+)?")  # days as spreadsheets number them: 1927 to 2173
_SERIAL_ZERO = date(1899, 12, 30)


def heading(text: str) -> str:
    """The column that a heading names, hints and stars left out.

    >>> heading("身份证号码（必填）"), heading(" Living*"), heading("联系 电话:")
    ('id_number', 'living', 'phone')
    """
    folded = unicodedata.normalize("NFKC", text)
    plain = re.sub(r"\(.*?\)|[\s*:/、\u200b\ufeff]", "", folded).lower()
    return HEADINGS.get(plain, plain)


def named(column: str) -> Phrase:
    """A column as a program and as a clerk know it.

    >>> named("living"), named("living").zh
    ('living', '居住情况')
    """
    chinese = next((word for word, known in HEADINGS.items() if known == column), column)
    return Phrase(column, chinese)


def tidy(column: str, text: str) -> str:
    """A cell without what nobody sees, what a spreadsheet marks text with, and words for nothing;
    a name with the dot of names and without blanks between its characters.

    >>> tidy("name", "’买买提 • 艾力"), tidy("name", "李　明"), tidy("phone", "无")
    ('买买提·艾力', '李明', '')
    >>> tidy("id_number", '="34110219500101001Ｘ"')
    '34110219500101001X'
    """
    if not text.isascii():
        text = "".join(one for one in text if unicodedata.category(one) != "Cf")
    text = " ".join(text.split())
    if text.startswith("="):
        text = _FORMULA.sub(r"\1", text)
    text = text.lstrip("'`‘’").strip()
    if column in NAMES:
        text = _BETWEEN.sub("", _DOTS_OF_OTHERS.sub("·", _DOTS.sub("·", text)))
    elif column not in TEXTS:
        text = unicodedata.normalize("NFKC", text)
    return "" if column != "name" and text.lower() in NOTHING else text


def value(column: str, text: str) -> object:
    """What a tidy cell says. Raises: Unreadable."""
    read = _VALUES.get(column)
    return read(text) if read else text


def members(text: str) -> list[int]:
    """The groups of a cell, divided as people divide words.

    >>> members("低保、重残; LOW_INCOME")
    [1, 5, 4]
    """
    parts = re.split(r"[;,、/+\s]+", text)
    return [_member(Hardship, HARDSHIPS, part) for part in parts if part]


def defused(text: str) -> str:
    """A cell that no spreadsheet takes for a formula; reading it drops the mark again.

    Source: OWASP, CSV Injection.

    >>> defused("=1+1"), defused("-5"), defused("花园路2号")
    ("'=1+1", "'-5", '花园路2号')
    """
    return (
        f"'{text}" if text[:1] in ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r") else text
    )


def _name(text: str) -> str:
    if "锟斤拷" in text or set(text) & set("?？□�"):
        raise Unreadable(CHARACTER_LOST)
    return text


def _id_number(text: str) -> str:
    """18 characters; one of 15 digits in its present form."""
    number = re.sub(r"[\s-]", "", _whole(text)).upper().replace("Х", "X")
    return numbers.full(number)


def _whole(text: str) -> str:
    if _LOST.fullmatch(text):
        raise Unreadable(DIGITS_LOST)
    return text.removesuffix(".0")


def _area(text: str) -> str:
    return re.sub(r"\s", "", _whole(text))


def _phone(text: str) -> str:
    """Digits and hyphens, as people group them; an extension behind a hyphen.

    >>> [_phone(one) for one in ("138 0000 0001", "(0550)3012345", "+86-13800000001")]
    ['13800000001', '0550-3012345', '+86-13800000001']
    >>> _phone("0550—3012345转8"), _phone("0550-3012345 ext. 8")
    ('0550-3012345-8', '0550-3012345-8')
    """
    text = re.sub(r"[‐-―−—~]|转|分机|ext\.?|x|#", "-", _whole(text).lower())
    text = re.sub(r"\(([0-9]+)\)", r"\1-", text)
    return re.sub(r"-+", "-", re.sub(r"\s", "", text)).strip("-")


def _day(text: str) -> str:
    """`YYYY-MM-DD` of a day as people and spreadsheets write it.

    >>> [_day(one) for one in ("2025/11/3", "2025年11月03日", "20251103", "45964")]
    ['2025-11-03', '2025-11-03', '2025-11-03', '2025-11-03']
    >>> [_day(one) for one in ("2025 年 11 月 3 号", "2025-11-03T08:30:00", "45964.5")]
    ['2025-11-03', '2025-11-03', '2025-11-03']
    """
    if _SERIAL.fullmatch(text):
        return (_SERIAL_ZERO + timedelta(days=int(float(text)))).isoformat()
    if re.fullmatch(r"[0-9]{8}", text):
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    if parts := _DAY.fullmatch(text):
        return f"{parts[1]}-{parts[2]:0>2}-{parts[3]:0>2}"
    return text


def _member(kind: type[IntEnum], words: Mapping[str, IntEnum], text: str) -> int:
    """A member of a nominal set by its word, number or name, with or without the prefix the
    contract gives it.
    """
    if word := words.get(text):
        return int(word)
    name = text.upper().removesuffix(".0").removeprefix(f"{kind.__name__.upper()}_")
    for member in kind:
        if name in (member.name, str(member.value)):
            return int(member)
    spoken = {member: word for word, member in reversed(list(words.items()))}
    raise Unreadable(
        NONE_OF.of(
            names=Phrase(
                ", ".join(member.name for member in kind),
                "、".join(spoken[member] for member in kind),
            )
        )
    )


def _living(text: str) -> int:
    return _member(Living, LIVING, text)


def _flag(text: str) -> bool:
    try:
        return FLAGS[text.lower()]
    except KeyError:
        raise Unreadable(NEITHER_TRUE_NOR_FALSE) from None


def _datum(text: str) -> int:
    try:
        return DATUMS[text.upper().removeprefix("DATUM_").replace("-", "")]
    except KeyError:
        raise Unreadable(NONE_OF.of(names="WGS84, GCJ02")) from None


def _degrees(text: str) -> float:
    try:
        return float(text.rstrip("°"))
    except ValueError:
        raise Unreadable(NO_DEGREES) from None


_VALUES: Mapping[str, Callable[[str], object]] = {
    "name": _name,
    "contact_name": _name,
    "id_number": _id_number,
    "phone": _phone,
    "contact_phone": _phone,
    "area_code": _area,
    "living": _living,
    "local_register": _flag,
    "another_person": _flag,
    "hardships_on": _day,
    "lon": _degrees,
    "lat": _degrees,
    "datum": _datum,
}
