"""From a figure to the events that made it. An event counts in a figure if it belongs to the
evidence of its thing and the figure would be less without it.
"""

import asyncio
from collections.abc import Iterable, Sequence, Set
from datetime import datetime
from time import monotonic
from typing import NamedTuple
from uuid import UUID

from eldercare.datacenter.v1 import api_pb2 as pb
from sqlmodel import col, select

from datacenter import months
from datacenter.archive.events import KINDS
from datacenter.archive.flows import exported
from datacenter.archive.tables import Archived
from datacenter.counts import queries as counts
from datacenter.counts.measures import COMPILED
from datacenter.counts.tables import Thing
from datacenter.figures import queries as figures
from datacenter.indicators.catalogue import catalogue, limits
from datacenter.lineage.candidates import Cursor, chunk, spans, types
from datacenter.lineage.evidence import Asked, Counted, Event, evidence, message_of, read
from datacenter.lineage.shown import Shown, shown
from datacenter.subjects.compiled import SubjectFold
from datacenter.subjects.declaration import State
from datacenter.subjects.measures import Counts, counts_of
from kit.contracts import wire
from kit.contracts.clock import local_day
from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Malformed, NotFound
from kit.db.store import Session
from kit.security.access import Caller, scoped

LIMIT = 50
SEARCHED_S = 0.5  # so long an answer goes on looking; what is under way is finished

NO_NEXT = Phrase("is the `next` of a page before", "应为前一页给出的 `next`", key="NEXT_OF_A_PAGE")
ID, AREA = col(Archived.id), col(Archived.area_code)


class Traced(NamedTuple):
    """A page of events. elder_ids: of whom they tell the caller."""

    page: pb.LineagePage
    elder_ids: set[str]


async def trace(session: Session, caller: Caller, request: pb.TraceFigure) -> Traced:
    """The events that count in a figure, newest first. `next` is empty at the end; a page may have
    fewer events than asked for, or none, where the search took its time.

    Raises: NotFound, Malformed; DayExported where the next events may be older than what the
    database still has.
    """
    begun = monotonic()
    place, month = figures.visible_area(caller, request.area_code), months.of_text(request.month)
    indicator = catalogue().get(request.code)
    if indicator is None:
        raise NotFound("figure", request.code, field="code")
    asked = Asked(indicator, place.code, month)
    page, elder_ids = await _page(session, caller, asked), set[str]()
    if page.figure.withheld:
        return Traced(page, elder_ids)
    limit, after = request.limit or LIMIT, _read_cursor(request.after)
    gone = await exported.newest(await session.driver())
    for span in await spans(session, asked):
        while after is None or after.time >= span.begin:
            part = await chunk(session, asked, span, after)
            rows = await _rows(session, caller, part.ids)
            whole = rows if gone is None else [row for row in rows if row.time > gone.newest]
            for event, persons in await _judged(session, whole, caller, asked):
                page.events.append(event)
                elder_ids |= persons
                after = Cursor(wire.instant(event.time), UUID(event.event_id))
                if len(page.events) == limit:
                    return Traced(_ended(page, after), elder_ids)
            reached = span.begin if part.after is None else part.after.time
            if gone is not None and reached <= gone.newest:
                return Traced(_at_the_files(page, gone, after), elder_ids)
            if part.after is None:
                break
            after = part.after
            if monotonic() - begun > SEARCHED_S:
                return Traced(_ended(page, after), elder_ids)
    return Traced(page, elder_ids)


def _ended(page: pb.LineagePage, after: Cursor) -> pb.LineagePage:
    page.next = _cursor(after)
    page.searched_to.CopyFrom(wire.timestamp(after.time))
    return page


def _at_the_files(page: pb.LineagePage, gone: exported.Day, after: Cursor | None) -> pb.LineagePage:
    """What was found, and with the next page the refusal. Raises: DayExported."""
    if not page.events or after is None:
        raise gone.refusal()
    return _ended(page, after)


async def _rows(session: Session, caller: Caller, ids: Sequence[UUID]) -> Sequence[Archived]:
    chosen = scoped(select(Archived).where(ID.in_(ids)), caller, area=AREA)
    return (await session.exec(chosen.order_by(col(Archived.time).desc(), ID.desc()))).all()


async def _page(session: Session, caller: Caller, asked: Asked) -> pb.LineagePage:
    code, month = asked.area_code, asked.month
    today = local_day(session.now)
    counted = await counts.totals(session, caller, [code], month, month, today)
    present = await counts.presence(session, caller, code, month, month)
    known = await figures.sources(session, month)
    late = await counts.late(session, caller, [code], month, month)
    span = range(month, month + 1)
    made = figures.figures([code], span, counted, present, known, late)
    await figures.withhold_small(session, caller, code, span, made)
    return pb.LineagePage(
        indicator=figures.described(asked.indicator),
        figure=next(one for one in made if one.code == asked.indicator.code),
        area_code=code,
    )


async def event(session: Session, caller: Caller, request: pb.GetArchivedEvent) -> Shown:
    """One event as it came. Raises: NotFound, DayExported."""
    id = UUID(request.event_id)
    row = (
        await session.exec(
            scoped(select(Archived).where(col(Archived.id) == id), caller, area=AREA)
        )
    ).one_or_none()
    if row is None:
        await exported.refuse_event(await session.driver(), id)
        raise NotFound("event", request.event_id, field="event_id")
    kind = KINDS.get(row.type)
    return shown(row, kind.FromString(row.payload) if kind else None, caller)


def _cursor(after: Cursor) -> str:
    return f"{after.time.isoformat()}_{after.id}"


def _read_cursor(text: str) -> Cursor | None:
    if not text:
        return None
    try:
        time, _, id = text.partition("_")
        found = Cursor(datetime.fromisoformat(time), UUID(id))
    except ValueError:
        raise Malformed("after", NO_NEXT) from None
    if found.time.tzinfo is None:
        raise Malformed("after", NO_NEXT)
    return found


async def _judged(
    session: Session, rows: Sequence[Archived], caller: Caller, asked: Asked
) -> list[Shown]:
    """Those of the rows that count, with where they count."""
    if (fold := COMPILED.of(asked.indicator.numerator)) is not None and fold.subject.parts:
        judged = await _judged_as_parts(session, rows, asked, fold)
    else:
        judged = await _judged_as_things(session, rows, asked)
    return [
        shown(row, message_of(row), caller, judged[row.id])
        for row in rows
        if any(judged.get(row.id, ()))
    ]


async def _judged_as_things(
    session: Session, rows: Sequence[Archived], asked: Asked
) -> dict[UUID, Counted]:
    """An event counts in what the thing does that it is about."""
    things = {row.thing for row in rows if row.thing is not None}
    # a moved elder's facts lie in several areas: what they say is weighed here, only the rows above
    # are shown
    found = (await session.exec(select(Archived).where(col(Archived.thing).in_(things)))).all()
    await exported.refuse_things(await session.driver(), things)
    by_thing: dict[UUID | None, list[Event]] = {}
    for row in found:
        by_thing.setdefault(row.thing, []).append(read(row))
    shown_ids = {row.id for row in rows}
    pending = await _pending(session, things, asked)
    of_things = [
        *((events, pending.get(thing, {})) for thing, events in by_thing.items()),
        *(([read(row)], Counts()) for row in rows if row.thing is None),
    ]
    return await asyncio.to_thread(_weighed, of_things, asked, shown_ids)


def _weighed(
    of_things: Iterable[tuple[Sequence[Event], Counts]], asked: Asked, shown_ids: Set[UUID]
) -> dict[UUID, Counted]:
    judged: dict[UUID, Counted] = {}
    for events, pending in of_things:
        judged.update(evidence(events, asked, shown_ids, pending))
    return judged


async def _pending(
    session: Session, things: Iterable[UUID], asked: Asked
) -> dict[UUID | None, Counts]:
    """What of these things is neither done nor due today. Events about other things may have told
    that it is done, so it is asked of what is known.
    """
    today, found = local_day(session.now).toordinal(), dict[UUID | None, Counts]()
    of_figure = {*asked.indicator.numerator_evidence, *asked.indicator.denominator_evidence}
    for fold in COMPILED.folds.values():
        if fold.with_terms & of_figure:
            for id, state in (await _known(session, fold, map(str, things))).items():
                pending = fold.pending(state, limits())
                found[id] = counts_of(count for day, count in pending if day >= today)
    return found


async def _judged_as_parts(
    session: Session, rows: Sequence[Archived], asked: Asked, fold: SubjectFold
) -> dict[UUID, Counted]:
    """An event counts in what the thing does that its own is a part of."""
    wholes = {id for row in rows for of, id, _ in read(row).reading[0] if of is fold}
    judged: dict[UUID, Counted] = {}
    for id, known in (await _known(session, fold, wholes)).items():
        things = {UUID(part) for part in fold.parts(known)} | {id}
        await exported.refuse_things(await session.driver(), things)
        chosen = select(Archived).where(
            col(Archived.thing).in_(things), col(Archived.type).in_(types(asked.indicator))
        )
        events = [read(row) for row in (await session.exec(chosen)).all()]
        judged |= await asyncio.to_thread(evidence, events, asked, {row.id for row in rows})
    return judged


async def _known(session: Session, fold: SubjectFold, ids: Iterable[str]) -> dict[UUID, State]:
    """What is known of things of one subject."""
    shown_one = await counts.generation(session)
    chosen = select(Thing.id, Thing.known).where(
        Thing.generation == shown_one,
        Thing.kind == fold.kind,
        col(Thing.id).in_([UUID(id) for id in ids]),
    )
    return {id: fold.whole(fold.load(text)) for id, text in await session.exec(chosen)}
