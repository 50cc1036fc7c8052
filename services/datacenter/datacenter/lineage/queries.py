"""From a figure to the events that made it.

The evidence of a thing is the smallest set of its newest events from which it counts as it does,
found with the same pure functions that make the counts. An event counts in a figure if it belongs
to the evidence and the figure would be less without it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from eldercare import options_pb2
from eldercare.datacenter.v1 import api_pb2 as pb
from google.protobuf import json_format
from google.protobuf.message import Message
from sqlalchemy import Text, cast, func, select, true, tuple_
from sqlalchemy.dialects.postgresql import ARRAY

from datacenter import months
from datacenter.archive import tables
from datacenter.archive.events import KINDS
from datacenter.archive.flows import exported
from datacenter.counts import queries as counts
from datacenter.counts.measures import COMPILED
from datacenter.figures import queries as figures
from datacenter.indicators.catalogue import catalogue, limits
from datacenter.indicators.rules import Indicator
from datacenter.subjects.compiled import Counts, Reading, SubjectFold
from datacenter.subjects.declaration import State, When
from datacenter.subjects.measures import Measure
from kit.contracts import areas, wire
from kit.contracts.refusals import Malformed, NotFound
from kit.db.store import Session
from kit.observability.traces import trace_id_of
from kit.security.access import Caller, area_prefix, scoped

Archived: Any = tables.Archived

LIMIT, CHUNK, ROUNDS = 50, 100, 20


class Event(NamedTuple):
    """An archived event, decoded, with what it says."""

    row: Any
    event: Message
    reading: Reading


async def trace(session: Session, caller: Caller, request: pb.TraceFigure) -> pb.LineagePage:
    """The events that count in a figure, newest first. `next` is empty at the end.

    Raises: NotFound, Malformed; DayExported where the next events may be older than what the
    database still has.
    """
    place, month = figures.visible_area(caller, request.area_code), months.of_text(request.month)
    indicator = catalogue().get(request.code)
    if indicator is None:
        raise NotFound("figure", request.code, field="code")
    counted = await counts.totals(session, caller, [place.code], month, month)
    present = await counts.presence(session, caller, place.code, month, month)
    newest = await counts.watermarks(session, month)
    made = figures.figures([place.code], range(month, month + 1), counted, present, newest)
    page = pb.LineagePage(
        indicator=figures.described(indicator),
        figure=next(one for one in made if one.code == indicator.code),
        area_code=place.code,
    )
    limit, after = request.limit or LIMIT, _read_cursor(request.after)
    for _ in range(ROUNDS):
        rows = await _candidates(session, caller, place.code, indicator, month, after)
        gone = await exported.newest(await session.driver())
        whole = rows if gone is None else [row for row in rows if row.time > gone.newest]
        for shown in await _judged(session, caller, whole, indicator, place.code, month):
            page.events.append(shown)
            after = (wire.instant(shown.time), UUID(shown.event_id))
            if len(page.events) == limit:
                page.next = _cursor(after)
                return page
        if len(whole) < CHUNK:
            if gone is None:
                return page
            if not page.events:
                raise gone.refusal()
            break
        after = (rows[-1].time, rows[-1].id)
    page.next = _cursor(after) if after else ""
    return page


async def event(session: Session, caller: Caller, request: pb.GetArchivedEvent) -> pb.ArchivedEvent:
    """One event as it came. Raises: NotFound, DayExported."""
    chosen: Any = scoped(
        select(Archived).where(Archived.id == UUID(request.event_id)),
        caller,
        area=Archived.area_code,
    )
    row = (await session.exec(chosen)).scalar_one_or_none()
    if row is None:
        await exported.refuse_event(await session.driver(), UUID(request.event_id))
        raise NotFound("event", request.event_id, field="event_id")
    kind = KINDS.get(row.type)
    return _message(row, kind.FromString(row.payload) if kind else None, False, False)


def _cursor(after: tuple[datetime, UUID]) -> str:
    return f"{after[0].isoformat()}_{after[1]}"


def _read_cursor(text: str) -> tuple[datetime, UUID] | None:
    if not text:
        return None
    try:
        time, _, id = text.partition("_")
        found = datetime.fromisoformat(time), UUID(id)
    except ValueError:
        raise Malformed("after", "is no `next` of a page before") from None
    if found[0].tzinfo is None:
        raise Malformed("after", "is no `next` of a page before")
    return found


def _types(indicator: Indicator) -> list[str]:
    return [
        name
        for name in COMPILED.readers
        if KINDS[name].DESCRIPTOR.GetOptions().Extensions[options_pb2.event].topic
        in indicator.topics
    ]


async def _candidates(
    session: Session,
    caller: Caller,
    code: str,
    indicator: Indicator,
    month: int,
    after: tuple[datetime, UUID] | None,
) -> Sequence[Any]:
    """Events of the figure's topics in the area, newest first: a few of each area inside by the
    index, then the newest of all.
    """
    codes = select(
        func.unnest(cast([inner.code for inner in areas.load().within(code)], ARRAY(Text))).label(
            "code"
        )
    ).subquery()
    order = (Archived.time.desc(), Archived.id.desc())
    inner: Any = scoped(select(Archived.id, Archived.time), caller, area=Archived.area_code)
    inner = inner.where(Archived.area_code == codes.c.code, Archived.type.in_(_types(indicator)))
    if indicator.numerator.is_stock:
        inner = inner.where(
            Archived.time
            < datetime.fromtimestamp(months.first_second(month + 1), tz=session.now.tzinfo)
        )
    if after is not None:
        inner = inner.where(tuple_(Archived.time, Archived.id) < tuple_(*after))
    newest = inner.order_by(*order).limit(CHUNK).lateral()
    ids: Any = (
        select(newest.c.id)
        .select_from(codes.join(newest, true()))
        .order_by(newest.c.time.desc(), newest.c.id.desc())
        .limit(CHUNK)
    )
    found = (await session.exec(ids)).scalars().all()
    whole: Any = (
        scoped(select(Archived), caller, area=Archived.area_code)
        .where(Archived.id.in_(found))
        .order_by(*order)
    )
    return list((await session.exec(whole)).scalars())


async def _judged(
    session: Session,
    caller: Caller,
    rows: Sequence[Any],
    indicator: Indicator,
    code: str,
    month: int,
) -> list[pb.ArchivedEvent]:
    """Those of the rows that count, with where they count."""
    things = {row.thing for row in rows if row.thing is not None}
    # a moved elder's facts lie in several areas: what they say is weighed here, only the rows above
    # are shown
    chosen: Any = select(Archived).where(Archived.thing.in_(things))
    found = (await session.exec(chosen)).scalars()
    await exported.refuse_things(await session.driver(), things)
    by_thing: dict[UUID, list[Event]] = {}
    for row in found:
        by_thing.setdefault(row.thing, []).append(_event(row))
    judged: dict[UUID, tuple[bool, bool]] = {}
    for events in (*by_thing.values(), *([_event(row)] for row in rows if row.thing is None)):
        judged.update(_evidence(events, indicator, code, month))
    return [
        _message(row, _decoded(row), *judged[row.id]) for row in rows if any(judged.get(row.id, ()))
    ]


def _evidence(
    events: list[Event], indicator: Indicator, code: str, month: int
) -> dict[UUID, tuple[bool, bool]]:
    """Which events a thing needs to count as it does, and whether it would count less without each:
    in numerator, in denominator.
    """

    def amounts(of: Iterable[Event]) -> tuple[int, int]:
        counted, below = _counts(of), indicator.denominator
        return _amount(counted, indicator.numerator, code, month), (
            0 if below is None else _amount(counted, below, code, month)
        )

    needed = sorted(events, key=lambda event: (event.row.time, event.row.sequence))
    whole = amounts(needed)
    for event in list(needed):
        rest = [other for other in needed if other is not event]
        if amounts(rest) == whole:
            needed = rest
    found = {}
    for event in needed:
        without = amounts(other for other in needed if other is not event)
        found[event.row.id] = (without[0] < whole[0], without[1] < whole[1])
    return found


def _decoded(row: Any) -> Message:
    return KINDS[row.type].FromString(row.payload)


def _event(row: Any) -> Event:
    message = _decoded(row)
    return Event(row, message, COMPILED.read(message, When.of(row.time, row.sequence), limits()))


def _counts(events: Iterable[Event]) -> Counts:
    """What events count together."""
    total: Counts = {}
    known: dict[tuple[SubjectFold, str], State] = {}
    for _, _, (facts, flows) in events:
        for subject, thing_id, state in facts:
            subject.merge(known.setdefault((subject, thing_id), subject.empty()), state)
        for measure, place, month, amount in flows:
            total[measure, place, month] = total.get((measure, place, month), 0) + amount
    for (subject, _), state in known.items():
        for key, amount in subject.contribution(state, limits()).items():
            total[key] = total.get(key, 0) + amount
    return total


def _amount(counts: Counts, measure: Measure, code: str, month: int) -> int:
    prefix, stock = area_prefix(code), measure.is_stock
    return sum(
        amount
        for (of, place, at), amount in counts.items()
        if of == measure and place.startswith(prefix) and (at <= month if stock else at == month)
    )


def _message(
    row: Any, event: Message | None, in_numerator: bool, in_denominator: bool
) -> pb.ArchivedEvent:
    return pb.ArchivedEvent(
        event_id=str(row.id),
        type=row.type,
        source=row.source,
        subject=row.subject,
        area_code=row.area_code or "",
        time=wire.timestamp(row.time),
        traceparent=row.traceparent or "",
        body=_body(event) if event is not None else "",
        in_numerator=in_numerator,
        in_denominator=in_denominator,
        trace_id=trace_id_of(row.traceparent) or "",
    )


def _body(event: Message) -> str:
    """The event as JSON; of a day that is personal only the month remains, which is all that a
    figure depends on.
    """
    shown = type(event)()
    shown.CopyFrom(event)
    _mask(shown)
    return json_format.MessageToJson(
        shown, preserving_proto_field_name=True, indent=None, ensure_ascii=False
    )


def _mask(message: Message) -> None:
    for field, value in message.ListFields():
        if field.message_type is not None and not field.is_repeated:
            _mask(value)
        elif field.GetOptions().Extensions[options_pb2.personal] == options_pb2.PERSONAL_QUASI:
            setattr(message, field.name, value[:7])
        elif field.GetOptions().Extensions[options_pb2.personal]:
            message.ClearField(field.name)
