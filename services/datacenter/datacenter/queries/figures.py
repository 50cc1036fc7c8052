"""Figures of areas and months out of the counts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any, NamedTuple

from eldercare.datacenter.v1 import api_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import func, or_, select

from datacenter import tables
from datacenter.flows.folding import holders
from datacenter.flows.limits import catalogue
from datacenter.rules import months
from datacenter.rules.indicators import Indicator
from datacenter.rules.measures import STOCKS, Measure
from kit.contracts import areas
from kit.contracts.wire import timestamp
from kit.db.store import Session
from kit.security import access
from kit.security.access import Caller, scoped

# SQLAlchemy's statements are typed by columns; a table's attributes are typed by values
Count: Any = tables.Count
Heard: Any = tables.Heard
Projection: Any = tables.Projection

_PRESENT = {
    indicator.numerator: indicator.level
    for indicator in catalogue().values()
    if indicator.level is not None
}
_FLOWS = [measure for measure in Measure if measure not in STOCKS]
_SUMS = [measure for measure in Measure if measure in STOCKS and measure not in _PRESENT]
Totals = dict[
    tuple[int, str, int], int
]  # measure, area, month → its stock at the month's end, or its flow in the month


class Parts(NamedTuple):
    """Numerator and denominator of a figure."""

    numerator: int
    denominator: int


async def generation(session: Session) -> int:
    """The generation that is shown."""
    chosen: Any = select(Projection.live)
    return int((await session.exec(chosen)).scalar_one())


async def totals(
    session: Session, caller: Caller, codes: Sequence[str], first: int, last: int
) -> Totals:
    """Every measure of these areas for each month from first to last."""
    shown, found = await generation(session), Totals()
    for area, month, *amounts in await session.exec(_sums(caller, shown, codes, first, last)):
        found.update(
            ((measure, area, month), int(amount))
            for measure, amount in zip(_SUMS, amounts, strict=True)
            if amount
        )
    for measure, area in {(measure, area) for measure, area, _ in found}:
        _accumulate(found, measure, area, first, last)
    for area, month, *amounts in await session.exec(_flows(caller, shown, codes, first, last)):
        found.update(
            ((measure, area, month), amount)
            for measure, amount in zip(_FLOWS, amounts, strict=True)
            if amount
        )
    return found


def _accumulate(found: Totals, measure: int, area: str, first: int, last: int) -> None:
    stock = 0
    for month in range(first, last + 1):
        stock += found.get((measure, area, month), 0)
        found[measure, area, month] = stock


def _sums(caller: Caller, shown: int, codes: Sequence[str], first: int, last: int) -> Any:
    month = func.greatest(Count.month, first).label("at")
    amounts = [func.sum(getattr(Count, measure.column)) for measure in _SUMS]
    chosen = select(Count.area_code, month, *amounts).where(
        Count.generation == shown, Count.area_code.in_(codes), Count.month <= last
    )
    return scoped(chosen, caller, area=Count.area_code).group_by(Count.area_code, month)


def _flows(caller: Caller, shown: int, codes: Sequence[str], first: int, last: int) -> Any:
    amounts = [getattr(Count, measure.column) for measure in _FLOWS]
    chosen = select(Count.area_code, Count.month, *amounts).where(
        Count.generation == shown,
        Count.area_code.in_(codes),
        Count.month.between(first, last),
    )
    return scoped(chosen, caller, area=Count.area_code)


async def presence(
    session: Session, caller: Caller, area_code: str, first: int, last: int
) -> Totals:
    """For each measure of presence and area at or below this one: in how many areas of its level it
    is above zero.
    """
    shown, month = await generation(session), func.greatest(Count.month, first).label("at")
    columns = [getattr(Count, measure.column) for measure in _PRESENT]
    chosen = select(Count.area_code, month, *map(func.sum, columns)).where(
        Count.generation == shown,
        or_(*(column.is_not(None) for column in columns)),
        Count.month <= last,
        Count.area_code.between(*access.area_range(area_code)),
    )
    visible: Any = (
        scoped(chosen, caller, area=Count.area_code)
        .group_by(Count.area_code, month)
        .order_by(Count.area_code, month)
    )
    rows = (await session.exec(visible)).all()
    found: Totals = {}
    for area, changes in groupby(rows, key=lambda row: row[0]):
        listed = list(changes)
        for place, (measure, level) in enumerate(_PRESENT.items(), start=2):
            if area in areas.load() and areas.level(area) == level:
                _present(
                    found,
                    measure,
                    area,
                    {row[1]: int(row[place] or 0) for row in listed},
                    range(first, last + 1),
                )
    return found


def _present(
    found: Totals, measure: int, area: str, changes: Mapping[int, int], span: range
) -> None:
    stock = 0
    for month in span:
        stock += changes.get(month, 0)
        if stock > 0:
            for holder in holders(area):
                found[measure, holder, month] = found.get((measure, holder, month), 0) + 1


def parts_of(
    indicator: Indicator, area_code: str, month: int, counted: Totals, present: Totals
) -> Parts:
    """Numerator and denominator of one figure."""
    if indicator.level is not None and areas.level(area_code) > indicator.level:
        return Parts(0, 0)  # a village has no share of townships
    return Parts(
        *indicator.parts(
            lambda measure: counted.get((measure, area_code, month), 0),
            lambda measure, _: present.get((measure, area_code, month), 0),
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


async def watermarks(session: Session, last: int) -> dict[tuple[str, int], datetime]:
    """Newest business instant by topic and month, up to a month."""
    chosen: Any = select(Heard.topic, Heard.month, Heard.newest).where(Heard.month <= last)
    return {(topic, month): newest for topic, month, newest in await session.exec(chosen)}


def figures(
    codes: Iterable[str],
    span: range,
    counted: Totals,
    present: Totals,
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
            heard = [topics[topic] for topic in indicator.topics if topic in topics]
            found[indicator.code, month] = timestamp(max(heard)) if heard else None
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
    )
