"""Figures of areas and months, out of the counts."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import NamedTuple

from eldercare.datacenter.v1 import api_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

from datacenter import months
from datacenter.counts.queries import Present, Totals
from datacenter.counts.rollup import holders
from datacenter.indicators.catalogue import catalogue
from datacenter.indicators.rules import TOP, Indicator
from kit.contracts import areas
from kit.contracts.refusals import Malformed, NotFound
from kit.contracts.wire import timestamp
from kit.security.access import Caller, check


class Parts(NamedTuple):
    """Numerator and denominator of a figure."""

    numerator: int
    denominator: int


def visible_area(caller: Caller, code: str) -> areas.Area:
    """An area that the caller may see. Raises: NotFound."""
    check(caller, area=code, kind="area", key=code)
    if code not in areas.load() or areas.load()[code].level < TOP:
        raise NotFound("area", code, field="area_code")
    return areas.load()[code]


def asked_month(text: str, field: str) -> int:
    """The month of a request. Raises: Malformed."""
    month = months.of_text(text)
    if months.text(month) != text:
        raise Malformed(field, "is no month of a year")
    return month


def parts_of(
    indicator: Indicator, area_code: str, month: int, counted: Totals, present: Present
) -> Parts:
    """Numerator and denominator of one figure."""
    if indicator.level is not None and areas.level(area_code) > indicator.level:
        return Parts(0, 0)  # a village has no share of townships
    return Parts(
        *indicator.parts(
            lambda measure: counted.get((measure, area_code, month), 0),
            lambda measure, level: present.get((measure, level, area_code, month), 0),
            lambda level: _inside().get((area_code, level), 0),
        )
    )


@cache
def _inside() -> dict[tuple[str, int], int]:
    """How many areas of a level lie in each area of the tree."""
    found: dict[tuple[str, int], int] = {}
    for area in areas.load():
        for holder in holders(area.code):
            found[holder, area.level] = found.get((holder, area.level), 0) + 1
    return found


def figures(
    codes: Iterable[str],
    span: range,
    counted: Totals,
    present: Present,
    newest: Mapping[tuple[str, int], datetime],
) -> list[pb.Figure]:
    """All figures of these areas and months: by area, then month, then in the catalogue's order."""
    marks = _marks(span, newest)
    texts = {month: months.text(month) for month in span}
    made = []
    for area_code in codes:
        for month in span:
            for indicator in catalogue().values():
                numerator, denominator = parts_of(indicator, area_code, month, counted, present)
                made.append(
                    pb.Figure(
                        code=indicator.code,
                        area_code=area_code,
                        month=texts[month],
                        value=indicator.value(numerator, denominator),
                        numerator=numerator,
                        denominator=denominator,
                        definition=indicator.definition,
                        watermark=marks[indicator.code, month],
                    )
                )
    return made


def _marks(
    span: range, newest: Mapping[tuple[str, int], datetime]
) -> dict[tuple[str, int], Timestamp | None]:
    """For each figure and month the newest business instant of its topics up to then."""
    found: dict[tuple[str, int], Timestamp | None] = {}
    for month in span:
        topics: dict[str, datetime] = {}
        for (topic, of), at in newest.items():
            if of <= month and (topic not in topics or topics[topic] < at):
                topics[topic] = at
        for indicator in catalogue().values():
            known = [topics[topic] for topic in indicator.topics if topic in topics]
            found[indicator.code, month] = timestamp(max(known)) if known else None
    return found


def described(indicator: Indicator) -> pb.Indicator:
    """The entry of the catalogue as it is shown."""
    return pb.Indicator(
        code=indicator.code,
        name_zh=indicator.name_zh,
        name_en=indicator.name_en,
        unit=indicator.unit,
        dimension=indicator.dimension,
        formula_zh=indicator.formula_zh,
        formula_en=indicator.formula_en,
        target=indicator.target,
        target_sense=indicator.target_sense,
        source=indicator.source,
        definition=indicator.definition,
        key=indicator.key,
        form=indicator.form,
        numerator_measure=indicator.numerator.name,
        denominator_measure=indicator.denominator.name if indicator.denominator else "",
        level=indicator.level,
        factor=indicator.factor,
    )
