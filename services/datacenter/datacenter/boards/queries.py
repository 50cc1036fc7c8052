"""One page of the board in one answer."""

import csv
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources

from eldercare.datacenter.v1 import api_pb2 as pb
from sqlalchemy import func
from sqlmodel import col, select

from datacenter import months
from datacenter.counts import queries as counts
from datacenter.counts.flows.renewing import outdated
from datacenter.counts.queries import Totals
from datacenter.counts.tables import Watermark
from datacenter.figures import queries as figures
from datacenter.indicators.catalogue import catalogue
from datacenter.indicators.rules import TOP
from datacenter.proofs import queries as proofs
from datacenter.subjects.registry import named
from kit.contracts import areas
from kit.contracts.clock import local_day
from kit.contracts.wire import timestamp
from kit.db.store import Session
from kit.db.tables import Position
from kit.messaging.consumers import Consumers
from kit.security.access import Caller

_ELDERS = named("ALIVE")
TREND = 12
Ends = Callable[
    [], Mapping[tuple[str, int], int]
]  # end offsets by topic and partition, as far as they are known


async def board(session: Session, caller: Caller, request: pb.GetBoard, ends: Ends) -> pb.Board:
    """The board of an area and month. Raises: NotFound for an area that is not in the tree or not
    the caller's.
    """
    found = figures.visible_area(caller, request.area_code)
    today = local_day(session.now)
    present_month = months.of_day(today)
    month = months.of_text(request.month) if request.month else present_month
    first = month - (request.trend or TREND) + 1
    children = [
        child.code
        for child in areas.load().children(found.code)
        if child.official or areas.load().children(child.code)
    ]
    own = await counts.totals(session, caller, [found.code], first, month, today)
    below = await counts.totals(session, caller, children, month, month, today) if children else {}
    present = await counts.presence(session, caller, found.code, first, month)
    known = await figures.sources(session, month)
    span = range(first, month + 1)
    late = await counts.late(session, caller, [found.code, *children], first, month)
    trend = figures.figures([found.code], span, own, present, known, late)
    parts = figures.figures(children, range(month, month + 1), below, present, known, late)
    await figures.withhold_small(session, caller, found.code, span, [*trend, *parts])
    no_elders = not figures.has_data("elder", month, known)
    size = len(catalogue())
    return pb.Board(
        area=_area(found.code, own, month, no_elders),
        path=[
            _area(step.code, own, month, no_elders)
            for step in areas.load().path(found.code)
            if step.level >= TOP
        ],
        month=months.text(month),
        figures=trend[-size:],
        trend=trend,
        parts=[
            pb.Part(
                area=_area(code, below, month, no_elders),
                figures=parts[place * size : (place + 1) * size],
            )
            for place, code in enumerate(children)
        ],
        freshness=await freshness(session, ends),
        indicators=[figures.described(indicator) for indicator in catalogue().values()],
        proof=await proofs.newest(session, caller, found.code, month),
        made_at=timestamp(session.now),
        area_code=found.code,
        counts_outdated=await outdated(session),
    )


def _area(code: str, counted: Totals, month: int, no_elders: bool) -> pb.Area:
    lon, lat = centroids().get(code, (0.0, 0.0))
    known = areas.load()[code]
    return pb.Area(
        area_code=code,
        name=known.name,
        level=known.level,
        lon=lon,
        lat=lat,
        elders=counted.get((_ELDERS, code, month), 0),
        no_data=no_elders,
    )


@cache
def centroids() -> dict[str, tuple[float, float]]:
    """Inner points of the areas that have one: longitude, latitude."""
    text = resources.files("datacenter").joinpath("data/centroids.csv").read_text("utf-8")
    return {
        row["code"]: (float(row["lon"]), float(row["lat"]))
        for row in csv.DictReader(text.splitlines())
    }


async def freshness(session: Session, ends: Ends) -> list[pb.Freshness]:
    """How far each topic is read, how many of its records are still to be read, and how many are
    read and in no count.
    """
    topic_of, partition_of = col(Watermark.topic), col(Position.partition)
    newest = (
        select(Watermark.topic, func.max(Watermark.newest), func.max(Watermark.applied_at))
        .group_by(topic_of)
        .order_by(topic_of)
    )
    applied = select(Position.topic, Position.partition, func.max(Position.next)).group_by(
        col(Position.topic), partition_of
    )
    read = {(topic, partition): next for topic, partition, next in await session.exec(applied)}
    known = ends()
    lags: dict[str, int] = {}
    for (topic, partition), end in known.items():
        name = counts.aggregate(topic)
        lags[name] = lags.get(name, 0) + max(0, end - read.get((topic, partition), 0))
    unknown = {counts.aggregate(place[0]) for place in read.keys() - known.keys()}
    applied_of = {topic: times for topic, *times in await session.exec(newest)}
    unapplied = await counts.unapplied(session)
    found = []
    for topic in sorted(applied_of.keys() | unapplied.keys()):
        read_to, at = applied_of.get(topic, (None, None))
        parked, waiting = unapplied.get(topic, counts.Unapplied())
        found.append(
            pb.Freshness(
                topic=topic,
                watermark=timestamp(read_to) if read_to else None,
                lag=lags.get(topic, 0),
                applied_at=timestamp(at) if at else None,
                lag_unknown=topic in unknown or topic not in lags,
                parked=parked,
                waiting=waiting,
            )
        )
    return found


def ends_of(consumers: Consumers) -> dict[tuple[str, int], int]:
    """The end offsets that Kafka gave this reader with the records it fetched last, and of the
    partitions of other replicas what it was told last; none while it has no partitions.
    """
    if not consumers.ready:
        return {}
    ends = {
        (tp.topic, tp.partition): consumers.consumer.highwater(tp)
        for tp in consumers.consumer.assignment()
    }
    bounds = {place: end for place, (_, end) in consumers.bounds.items()}
    return bounds | {place: end for place, end in ends.items() if end is not None}
