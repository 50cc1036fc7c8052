"""Counts of areas and months, as figures need them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from datacenter import months
from datacenter.counts.measures import FLOWS, STOCKS
from datacenter.counts.rollup import holders
from datacenter.counts.tables import COUNT, Pending, Projection, Restated, Watermark
from datacenter.indicators.catalogue import catalogue
from datacenter.indicators.rules import Places
from datacenter.subjects.measures import Measure
from kit.contracts import areas
from kit.db.store import Session
from kit.db.tables import Parked, Waiting
from kit.security import access
from kit.security.access import Caller, scoped

Count = COUNT.c

# measure and places of each figure of presence
_PRESENT = sorted(
    {
        (indicator.numerator, indicator.places)
        for indicator in catalogue().values()
        if indicator.places is not None
    },
    key=lambda pair: (pair[0].name, pair[1].level, sorted(pair[1].kinds)),
)
_FLOW_OF = {measure.name: measure for measure in FLOWS}
# measure, area, month → its stock at the month's end, or its flow in the month
Totals = dict[tuple[Measure, str, int], int]
# measure, places, area, month → those of the places in which the stock is above zero
Present = dict[tuple[Measure, Places, str, int], int]


class LateFacts(NamedTuple):
    """What was told on one day of a month that had ended. amount: by how much it changed a measure.
    facts: how many things it was told of.
    """

    month: int
    reported_on: date
    amount: int
    facts: int


class LatePlace(NamedTuple):
    """A place of which something was told late. stocks: of the measure at the end of each month."""

    stocks: Mapping[int, int]
    facts: Sequence[LateFacts]


class Late(NamedTuple):
    """What was told late: by name of a measure and area, and of figures of presence by measure,
    places and the area that holds them.
    """

    of_measures: Mapping[tuple[str, str], Sequence[LateFacts]]
    of_places: Mapping[tuple[Measure, Places | None, str], Sequence[LatePlace]]


class Unapplied(NamedTuple):
    """Records of a topic that were read and are in no count. parked: those too that stand behind
    one of their key, and those that an operator let be passed over.
    """

    parked: int = 0
    waiting: int = 0


# as many columns as there are measures: area, month, amounts
_Select = Select[str, int, *tuple[int | None, ...]]


async def _rows(
    session: Session, statement: _Select
) -> Sequence[Row[str, int, *tuple[int | None, ...]]]:
    return (await session.exec(statement)).all()  # type: ignore[call-overload, no-any-return]


async def generation(session: Session) -> int:
    """The generation that is shown."""
    return (await session.exec(select(Projection.live))).one()


async def totals(
    session: Session, caller: Caller, codes: Sequence[str], first: int, last: int, today: date
) -> Totals:
    """Every measure of these areas for each month from first to last. today: what can still be done
    in time on that day, and is not done, is left out.
    """
    shown = await generation(session)
    found = await _stocks(session, caller, shown, codes, first, last)
    for area, month, *amounts in await _rows(session, _flows(caller, shown, codes, first, last)):
        found.update(
            ((measure, area, month), amount)
            for measure, amount in zip(FLOWS, amounts, strict=True)
            if amount
        )
    for row in await session.exec(_pending(caller, shown, codes, first, last, today)):
        key = (_FLOW_OF[row.measure], row.area_code, row.month)
        found[key] = found.get(key, 0) - row.amount
    return found


def _pending(
    caller: Caller, shown: int, codes: Sequence[str], first: int, last: int, today: date
) -> SelectOfScalar[Pending]:
    chosen = select(Pending).where(
        Pending.generation == shown,
        col(Pending.area_code).in_(codes),
        col(Pending.month).between(first, last),
        Pending.due_on >= today,
        Pending.amount != 0,
    )
    return scoped(chosen, caller, area=Pending.area_code)


async def _stocks(
    session: Session, caller: Caller, shown: int, codes: Collection[str], first: int, last: int
) -> Totals:
    found = Totals()
    if not codes:
        return found
    for area, month, *amounts in await _rows(session, _sums(caller, shown, codes, first, last)):
        found.update(
            ((measure, area, month), int(amount))
            for measure, amount in zip(STOCKS, amounts, strict=True)
            if amount
        )
    for measure, area in {(measure, area) for measure, area, _ in found}:
        _accumulate(found, measure, area, first, last)
    return found


def _accumulate(found: Totals, measure: Measure, area: str, first: int, last: int) -> None:
    stock = 0
    for month in range(first, last + 1):
        stock += found.get((measure, area, month), 0)
        found[measure, area, month] = stock


def _sums(caller: Caller, shown: int, codes: Collection[str], first: int, last: int) -> _Select:
    month = func.greatest(Count.month, first).label("at")
    amounts = [func.sum(Count[measure.column]) for measure in STOCKS]
    chosen = select(Count.area_code, month, *amounts).where(
        Count.generation == shown, Count.area_code.in_(codes), Count.month <= last
    )
    return scoped(chosen, caller, area=Count.area_code).group_by(Count.area_code, month)


def _flows(caller: Caller, shown: int, codes: Sequence[str], first: int, last: int) -> _Select:
    amounts = [Count[measure.column] for measure in FLOWS]
    chosen = select(Count.area_code, Count.month, *amounts).where(
        Count.generation == shown,
        Count.area_code.in_(codes),
        Count.month.between(first, last),
    )
    return scoped(chosen, caller, area=Count.area_code)


async def late(
    session: Session, caller: Caller, codes: Sequence[str], first: int, last: int
) -> Late:
    """What was told late and changed these areas in the months from first to last. codes: all of
    them lie in the one of the highest level.
    """
    shown = await generation(session)
    of_measures = await _late(
        session, caller, shown, col(Restated.area_code).in_(codes), first, last
    )
    inside = access.area_range(min(codes, key=areas.level))
    is_inside = and_(
        col(Restated.area_code).between(*inside),
        col(Restated.measure).in_([measure.name for measure, _ in _PRESENT]),
    )
    below = await _late(session, caller, shown, is_inside, first, last)
    stocks = await _stocks(session, caller, shown, {area for _, area in below}, first, last)
    tree, of_places = areas.load(), dict[tuple[Measure, Places | None, str], list[LatePlace]]()
    for measure, places in _PRESENT:
        for (name, area), facts in below.items():
            if (
                name == measure.name
                and area in tree
                and places.hold(tree[area].level, tree[area].kinds)
            ):
                span = range(first, last + 1)
                of_months = {month: stocks.get((measure, area, month), 0) for month in span}
                for holder in holders(area):
                    known = of_places.setdefault((measure, places, holder), [])
                    known.append(LatePlace(of_months, facts))
    return Late(of_measures, of_places)


async def _late(
    session: Session,
    caller: Caller,
    shown: int,
    condition: ColumnElement[bool],
    first: int,
    last: int,
) -> dict[tuple[str, str], list[LateFacts]]:
    chosen = select(Restated).where(
        Restated.generation == shown,
        condition,
        Restated.month <= last,
        Restated.reported_on > months.last_day(first),
        Restated.amount != 0,
    )
    visible = scoped(chosen, caller, area=Restated.area_code).order_by(col(Restated.reported_on))
    found: dict[tuple[str, str], list[LateFacts]] = {}
    for row in await session.exec(visible):
        facts = LateFacts(row.month, row.reported_on, row.amount, row.facts)
        found.setdefault((row.measure, row.area_code), []).append(facts)
    return found


async def presence(
    session: Session, caller: Caller, area_code: str, first: int, last: int
) -> Present:
    """For each figure of presence and area at or below this one: in how many of its places its
    measure is above zero.
    """
    shown, month = await generation(session), func.greatest(Count.month, first).label("at")
    columns = [Count[measure.column] for measure, _ in _PRESENT]
    chosen = select(Count.area_code, month, *map(func.sum, columns)).where(
        Count.generation == shown,
        or_(*(column.is_not(None) for column in columns)),
        Count.month <= last,
        Count.area_code.between(*access.area_range(area_code)),
    )
    visible = (
        scoped(chosen, caller, area=Count.area_code)
        .group_by(Count.area_code, month)
        .order_by(Count.area_code, month)
    )
    rows = await _rows(session, visible)
    found: Present = {}
    tree = areas.load()
    for area, changes in groupby(rows, key=lambda row: row[0]):
        listed = list(changes)
        for place, (measure, places) in enumerate(_PRESENT, start=2):
            if area in tree and places.hold(tree[area].level, tree[area].kinds):
                changes_of = {row[1]: int(row[place] or 0) for row in listed}
                for at in _months_above_zero(changes_of, range(first, last + 1)):
                    for holder in holders(area):
                        key = (measure, places, holder, at)
                        found[key] = found.get(key, 0) + 1
    return found


def _months_above_zero(changes: Mapping[int, int], span: range) -> Iterator[int]:
    stock = 0
    for month in span:
        stock += changes.get(month, 0)
        if stock > 0:
            yield month


async def watermarks(session: Session, last: int) -> dict[tuple[str, int], datetime]:
    """Newest business instant by topic and month, up to a month."""
    chosen = select(Watermark.topic, Watermark.month, Watermark.newest).where(
        col(Watermark.month) <= last
    )
    return {(topic, month): newest for topic, month, newest in await session.exec(chosen)}


async def unapplied(session: Session) -> dict[str, Unapplied]:
    """By topic (aggregate, `order`), where there are any."""
    found: dict[str, Unapplied] = {}
    parked = select(Parked.topic, func.count()).group_by(col(Parked.topic))
    for topic, count in await session.exec(parked):
        found[aggregate(topic)] = Unapplied(parked=count)
    waiting = select(Waiting.topic, func.count()).group_by(col(Waiting.topic))
    for topic, count in await session.exec(waiting):
        known = found.get(aggregate(topic), Unapplied())
        found[aggregate(topic)] = known._replace(waiting=count)
    return found


def aggregate(topic: str) -> str:
    """Of which aggregate a topic tells.

    >>> aggregate("eldercare.order.v1")
    'order'
    """
    return topic.split(".")[1] if "." in topic else topic
