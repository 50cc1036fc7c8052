"""Figures of areas and months, out of the counts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from typing import NamedTuple

from eldercare.datacenter.v1 import api_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

from datacenter import months
from datacenter.counts import queries as counts
from datacenter.counts.queries import Late, LateFacts, Present, Totals, Unapplied
from datacenter.counts.rollup import holders
from datacenter.figures import rules as rules_of_small
from datacenter.indicators.catalogue import catalogue, closing, disclosure
from datacenter.indicators.rules import TOP, Indicator, Places
from datacenter.subjects.measures import Measure
from kit.contracts import areas, rules
from kit.contracts.clock import local_day
from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Malformed, NotFound
from kit.contracts.wire import timestamp
from kit.db.store import Session
from kit.security.access import Caller, check, within

FUTURE_MONTH = Phrase(
    "lies in the future: the present month is {present}",
    "在未来：当前月份是 {present}",
    key="FUTURE_MONTH",
)


class Parts(NamedTuple):
    """Numerator and denominator of a figure."""

    numerator: int
    denominator: int


class Sources(NamedTuple):
    """How far the facts of the figures are known.

    newest: business instant by topic and month. unapplied: records by topic that are in no count.
    today: the business day, of which the month is still running.
    """

    newest: Mapping[tuple[str, int], datetime]
    unapplied: Mapping[str, Unapplied]
    today: date


class Restating(NamedTuple):
    """What was told of a month after its end: by how much it changed numerator and denominator, and
    by at least how many facts, since when.
    """

    numerator: int
    denominator: int
    facts: int
    first_on: date
    last_on: date


class Mark(NamedTuple):
    """Of a figure and month: the newest instant of its facts, and whether each of its topics has
    told anything up to then.
    """

    watermark: Timestamp | None
    is_known: bool


def visible_area(caller: Caller, code: str) -> areas.Area:
    """An area that the caller may see. Raises: NotFound."""
    check(caller, area=code, kind="area", key=code)
    if code not in areas.load() or areas.load()[code].level < TOP:
        raise NotFound("area", code, field="area_code")
    return areas.load()[code]


def asked_month(text: str, field: str, today: date) -> int:
    """The month of a request; one after the present month has no figures. Raises: Malformed."""
    month = months.of_text(text)
    if months.text(month) != text:
        raise Malformed(field, rules.MONTH)
    if month > months.of_day(today):
        raise Malformed(field, FUTURE_MONTH.of(present=f"{today:%Y-%m}"))
    return month


async def sources(session: Session, last: int) -> Sources:
    """What is known up to a month."""
    newest = await counts.watermarks(session, last)
    return Sources(newest, await counts.unapplied(session), local_day(session.now))


async def withhold_small(
    session: Session, caller: Caller, code: str, span: range, made: Sequence[pb.Figure]
) -> None:
    """Takes out of the figures of an area, and of those in it, what would single an elder out for a
    caller who may not see elders.
    """
    if caller.roles & rules_of_small.SEE_ELDERS:
        return
    above = areas.parent(code)
    others = areas.load().children(above) if above and within(caller, area=above) else ()
    beside = [area.code for area in others if area.code != code]
    today = local_day(session.now)
    counted = await counts.totals(session, caller, beside, span[0], span[-1], today)
    known = await sources(session, span[-1])
    every = figures(beside, span, counted, {}, known)
    rules_of_small.withhold(made, every, _sensitive(), disclosure(today).least_people)


@cache
def _sensitive() -> frozenset[str]:
    """Figures of what elders are and get; not how many there are, and how complete their files."""
    plain = {"ALIVE", "COMPLETE", "BEDS"}
    return frozenset(
        one.code
        for one in catalogue().values()
        if "elder" in one.topics and one.numerator.name not in plain
    )


def parts_of(
    indicator: Indicator, area_code: str, month: int, counted: Totals, present: Present
) -> Parts:
    """Numerator and denominator of one figure."""
    if indicator.places is not None and areas.level(area_code) > indicator.places.level:
        return Parts(0, 0)  # a village has no share of townships
    return Parts(
        *indicator.parts(
            lambda measure: counted.get((measure, area_code, month), 0),
            lambda measure, places: present.get((measure, places, area_code, month), 0),
            lambda places: _inside(places).get(area_code, 0),
        )
    )


@cache
def _inside(places: Places) -> Counter[str]:
    """How many of the places lie in each area of the tree."""
    return Counter(
        holder
        for area in areas.load()
        if places.hold(area.level, area.kinds)
        for holder in holders(area.code)
    )


@cache
def _kinds() -> frozenset[str]:
    """What the areas of the tree are."""
    return frozenset(kind for area in areas.load() for kind in area.kinds)


def figures(
    codes: Iterable[str],
    span: range,
    counted: Totals,
    present: Present,
    known: Sources,
    late: Late | None = None,
) -> list[pb.Figure]:
    """All figures of these areas and months: by area, then month, then in the catalogue's order.

    late: what was told of them after their end; nothing where it is not asked for.
    """
    marks = _marks(span, known.newest)
    texts = {month: months.text(month) for month in span}
    running = {months.of_day(known.today): known.today.isoformat()}
    unapplied = {code: _unapplied(one, known) for code, one in catalogue().items()}
    made = []
    for area_code in codes:
        for month in span:
            for indicator in catalogue().values():
                numerator, denominator = parts_of(indicator, area_code, month, counted, present)
                watermark, is_known = marks[indicator.code, month]
                restating = _restating(indicator, area_code, month, late)
                made.append(
                    pb.Figure(
                        code=indicator.code,
                        area_code=area_code,
                        month=texts[month],
                        value=indicator.value(numerator, denominator) if is_known else None,
                        numerator=numerator,
                        denominator=denominator,
                        definition=indicator.definition,
                        watermark=watermark,
                        no_data=not is_known,
                        running_to=running.get(month, ""),
                        unapplied=unapplied[indicator.code],
                        open_to=_open_to(indicator, month, known.today),
                        unassessed=_unassessed(indicator, area_code, month, counted),
                        restated=_restated(indicator, numerator, denominator, restating),
                    )
                )
    return made


def _unassessed(indicator: Indicator, area_code: str, month: int, counted: Totals) -> int:
    of = indicator.unassessed
    return counted.get((of, area_code, month), 0) if of is not None else 0


def _restating(
    indicator: Indicator, area_code: str, month: int, late: Late | None
) -> Restating | None:
    """What was told of a figure after its month was closed; None where that left it as it was."""
    if late is None:
        return None
    if indicator.places is not None:
        of_parts = [_late_places(indicator, area_code, month, late)]
    else:
        of_parts = [
            _late_facts(indicator, measure, area_code, month, late)
            for measure in (indicator.numerator, indicator.denominator)
        ]
    numerator, *rest = (sum(one.amount for one in facts) for facts in of_parts)
    denominator = sum(rest)
    if not numerator and not denominator:
        return None
    days = [one.reported_on for facts in of_parts for one in facts]
    count = max(sum(one.facts for one in facts) for facts in of_parts)
    return Restating(numerator, denominator, count, min(days), max(days))


def _closed_on(indicator: Indicator, month: int) -> date:
    """The last day on which what is told of a month is no restatement: of the ordinary tail, and of
    the terms of the month's things.
    """
    last = months.last_day(month)
    return last + timedelta(days=max(closing(last).closing_days, indicator.open_days or 0))


def _late_places(indicator: Indicator, area_code: str, month: int, late: Late) -> list[LateFacts]:
    """What made a place one of those in which the numerator is above zero, or none of them; a place
    is one, whatever was told of it.
    """
    found: list[LateFacts] = []
    for place in late.of_places.get((indicator.numerator, indicator.places, area_code), ()):
        closed_on = _closed_on(indicator, month)
        facts = [one for one in place.facts if one.reported_on > closed_on and one.month <= month]
        stock = place.stocks.get(month, 0)
        before = stock - sum(one.amount for one in facts)
        if change := int(stock > 0) - int(before > 0):
            found += [facts[0]._replace(amount=change)]
            found += [one._replace(amount=0) for one in facts[1:]]
    return found


def _late_facts(
    indicator: Indicator, measure: Measure | None, area_code: str, month: int, late: Late
) -> list[LateFacts]:
    if measure is None or (measure.name, area_code) not in late.of_measures:
        return []
    closed_on = _closed_on(indicator, month)
    return [
        one
        for one in late.of_measures[measure.name, area_code]
        if one.reported_on > closed_on
        and (one.month <= month if measure.is_stock else one.month == month)
    ]


def _restated(
    indicator: Indicator, numerator: int, denominator: int, by: Restating | None
) -> pb.Restatement | None:
    if by is None:
        return None
    before = Parts(numerator - by.numerator, denominator - by.denominator)
    return pb.Restatement(
        since=by.first_on.isoformat(),
        last_on=by.last_on.isoformat(),
        facts=by.facts,
        value=indicator.value(*before),
        numerator=before.numerator,
        denominator=before.denominator,
    )


def _open_to(indicator: Indicator, month: int, today: date) -> str:
    """Until when things of the month may come due, while that lies ahead."""
    if indicator.open_days is None:
        return ""
    last = months.last_day(month) + timedelta(days=indicator.open_days)
    return last.isoformat() if today <= last else ""


def _denominator_unit(indicator: Indicator) -> str:
    if indicator.form == "count":
        return ""
    return indicator.denominator.unit if indicator.denominator is not None else "count"


def _unapplied(indicator: Indicator, known: Sources) -> int:
    return sum(sum(known.unapplied.get(topic, ())) for topic in indicator.topics)


def has_data(topic: str, month: int, known: Sources) -> bool:
    """Whether a topic has told anything up to a month."""
    return any(name == topic and of <= month for name, of in known.newest)


def _marks(span: range, newest: Mapping[tuple[str, int], datetime]) -> dict[tuple[str, int], Mark]:
    """For each figure and month what its topics have told up to then."""
    found: dict[tuple[str, int], Mark] = {}
    for month in span:
        topics: dict[str, datetime] = {}
        for (topic, of), at in newest.items():
            if of <= month and (topic not in topics or topics[topic] < at):
                topics[topic] = at
        for indicator in catalogue().values():
            known = [topics[topic] for topic in indicator.topics if topic in topics]
            newest_of = timestamp(max(known)) if known else None
            is_known = len(known) == len(indicator.topics)
            found[indicator.code, month] = Mark(newest_of, is_known)
    return found


def described(indicator: Indicator) -> pb.Indicator:
    """The entry of the catalogue as it is shown."""
    kinds = sorted(indicator.places.kinds) if indicator.places else []
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
        source_zh=indicator.source_zh,
        definition=indicator.definition,
        key=indicator.key,
        form=indicator.form,
        numerator_measure=indicator.numerator.name,
        denominator_measure=indicator.denominator.name if indicator.denominator else "",
        level=indicator.places.level if indicator.places else None,
        area_type="".join(kinds) if len(kinds) == 1 else "",
        area_types=kinds,
        unlisted_area_types=[kind for kind in kinds if kind not in _kinds()],
        factor=indicator.factor,
        authority_zh=indicator.authority_zh,
        authority_en=indicator.authority_en,
        numerator_unit=indicator.numerator.unit,
        denominator_unit=_denominator_unit(indicator),
        open_days=indicator.open_days,
        plausible_to=indicator.plausible_to,
    )
