"""Over a real channel: the board, figures, proofs, lineage, and that nobody sees a foreign area."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

import pytest
import pytest_asyncio
from eldercare.datacenter.v1 import api_pb2 as pb
from google.protobuf.message import Message

from datacenter import months
from datacenter.boards.queries import freshness
from datacenter.counts.consumers import GROUP
from datacenter.indicators.catalogue import catalogue
from datacenter.testing.history import History
from datacenter.testing.records import DatedEvent, dispatched, records
from datacenter.testing.villages import CITY, villages
from kit.contracts import areas
from kit.contracts.clock import Clock
from kit.contracts.refusals import Denied, Malformed, NotFound
from kit.db.tables import Parked, Waiting
from kit.messaging.outbox import route
from testkit.running import Served

HOME = villages()[0]
COUNTY = areas.at(HOME, areas.COUNTY)
MONTH = "2025-03"

R = TypeVar("R", bound=Message)

PURPOSE = f"events of POP01 in {CITY}, {MONTH}"


class City:
    """A data center that has read a small city, and the events it has read."""

    def __init__(self, served: Served, events: list[DatedEvent]) -> None:
        self.served, self.events = served, events

    async def ask(
        self,
        method: str,
        request: Message,
        reply: type[R],
        roles: Sequence[str] = ("operator",),
        **claims: str,
    ) -> R:
        found = await self.served.call(
            f"eldercare.datacenter.v1.{method}", request, roles=roles, **claims
        )
        assert isinstance(found, reply)
        return found

    async def board(self, **asked: str) -> pb.Board:
        return await self.ask("Boards/Get", pb.GetBoard(**asked), pb.Board)

    async def figures(self, code: str, area: str = CITY, month: str = MONTH) -> pb.Figure:
        asked = pb.ListFigures(area_code=area, month_from=month, month_to=month)
        page = await self.ask("Indicators/Figures", asked, pb.FigurePage)
        return next(row for row in page.rows if row.code == code)

    async def trace(self, code: str, limit: int, after: str = "") -> pb.LineagePage:
        """So many events, of as many answers as their search takes."""
        asked = pb.TraceFigure(area_code=CITY, month=MONTH, code=code, limit=limit, after=after)
        page = await self.ask("Lineage/Trace", asked, pb.LineagePage)
        while page.next and len(page.events) < limit:
            asked.after, asked.limit = page.next, limit - len(page.events)
            more = await self.ask("Lineage/Trace", asked, pb.LineagePage)
            page.events.extend(more.events)
            page.next = more.next
        return page

    async def proof(self) -> pb.Proof:
        asked = pb.ProveFigures(area_code=CITY, month=MONTH)
        return await self.ask("Indicators/Prove", asked, pb.Proof)


@pytest_asyncio.fixture
async def city(served: Callable[..., Awaitable[Served]], clock: Clock) -> AsyncIterator[City]:
    service, events = await served("datacenter"), History(3).grow(60).ordered()
    clock.set(datetime(2026, 4, 1, tzinfo=UTC))
    async with service.store.transaction() as session:
        await dispatched(session, list(records(events)))
    yield City(service, events)


async def test_one_request_brings_the_whole_board(city: City) -> None:
    board = await city.board(area_code=CITY, month=MONTH)

    assert (board.area.name, board.area.level, board.month) == ("滁州市", 2, MONTH)
    assert [one.code for one in board.figures] == [one.code for one in board.indicators]
    assert [one.code for one in board.figures] == list(catalogue())
    assert len(board.trend) == 12 * len(catalogue())
    assert board.trend[-len(catalogue()) :] == board.figures
    assert [part.area.area_code for part in board.parts] == sorted(
        part.area.area_code for part in board.parts
    )
    assert "琅琊区" in [part.area.name for part in board.parts]
    assert (
        sum(part.area.elders for part in board.parts)
        == board.area.elders
        == board.figures[0].numerator
        > 0
    )
    assert next(fresh for fresh in board.freshness if fresh.topic == "elder").watermark.seconds > 0


async def test_a_board_of_another_releases_rules_is_marked_as_outdated(city: City) -> None:
    async def outdated() -> list[bool]:
        asked = pb.ListFigures(area_code=CITY, month_from=MONTH, month_to=MONTH)
        page = await city.ask("Indicators/Figures", asked, pb.FigurePage)
        return [(await city.board(area_code=CITY)).counts_outdated, page.counts_outdated]

    assert await outdated() == [False, False]
    async with city.served.store.transaction() as session:
        await (await session.driver()).execute(
            "update projection set counted_by = 'rules of before'"
        )
    assert await outdated() == [True, True]


async def test_a_board_shows_the_path_down_to_its_area(city: City) -> None:
    board = await city.board(area_code=HOME)

    assert [step.level for step in board.path] == [2, 3, 4, 5]
    assert board.month == "2026-04"
    assert not board.parts


async def test_an_official_sees_the_own_county_and_no_other(city: City) -> None:
    board = await city.ask(
        "Boards/Get", pb.GetBoard(area_code=COUNTY), pb.Board, ("official",), area=COUNTY
    )

    assert board.area_code == COUNTY
    foreign = areas.at(villages()[-1], areas.COUNTY)
    event_id = str(await _an_event_of(city, areas.prefix(foreign)))
    for method, request in (
        ("Boards/Get", pb.GetBoard(area_code=CITY)),
        ("Boards/Get", pb.GetBoard(area_code=foreign)),
        ("Indicators/Figures", pb.ListFigures(area_code=foreign, month_from=MONTH, month_to=MONTH)),
        ("Indicators/Prove", pb.ProveFigures(area_code=foreign, month=MONTH)),
        ("Lineage/Trace", pb.TraceFigure(area_code=foreign, month=MONTH, code="POP01")),
        ("Lineage/GetEvent", pb.GetArchivedEvent(event_id=event_id)),
    ):
        with pytest.raises(NotFound):
            await city.ask(method, request, Message, ("official",), area=COUNTY)


async def _an_event_of(city: City, prefix: str) -> UUID:
    async with city.served.store.reading() as session:
        driver = await session.driver()
        found = await driver.fetchval(
            "select id from archive where not starts_with(area_code, $1) limit 1",
            areas.prefix(COUNTY),
        )
    assert isinstance(found, UUID)
    return found


async def test_a_provider_has_no_board(city: City) -> None:
    with pytest.raises(Denied):
        await city.ask(
            "Boards/Get",
            pb.GetBoard(area_code=CITY),
            pb.Board,
            ("provider",),
            organisation_id="x",
        )


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (pb.ListFigures(area_code=CITY, month_from="2025-13", month_to="2025-13"), "month_from"),
        (pb.ListFigures(area_code=CITY, month_from="2025-02", month_to="2025-01"), "month_to"),
        (
            pb.ListFigures(area_code=CITY, month_from="2020-01", month_to="2025-01", level=5),
            "month_to",
        ),
    ],
)
async def test_a_bad_question_is_refused_with_its_field(
    city: City, request_: pb.ListFigures, field: str
) -> None:
    with pytest.raises(Malformed) as refused:
        await city.ask("Indicators/Figures", request_, pb.FigurePage)

    assert refused.value.field == field


@pytest.mark.parametrize("month", ["2026-05", "2199-12"])
async def test_a_month_that_has_not_begun_is_refused_by_every_route(city: City, month: str) -> None:
    asked = {
        "Boards/Get": (pb.GetBoard(area_code=CITY, month=month), "month"),
        "Indicators/Figures": (
            pb.ListFigures(area_code=CITY, month_from=MONTH, month_to=month),
            "month_to",
        ),
        "Indicators/Prove": (pb.ProveFigures(area_code=CITY, month=month), "month"),
        "ProofRuns/Start": (pb.StartProof(area_code=CITY, month=month), "month"),
        "Lineage/Trace": (pb.TraceFigure(area_code=CITY, month=month, code="POP01"), "month"),
    }
    takes_a_month = {
        f"{service.name}/{method.name}"
        for service in pb.DESCRIPTOR.services_by_name.values()
        for method in service.methods
        if any(field.name.startswith("month") for field in method.input_type.fields)
    }

    assert asked.keys() == takes_a_month
    for method, (request, field) in asked.items():
        with pytest.raises(Malformed) as refused:
            await city.ask(method, request, Message, roles=("official",), area=CITY)
        assert refused.value.field == field
        assert refused.value.rule


async def test_before_the_first_fact_of_a_source_there_is_no_data(city: City) -> None:
    months_of = {}
    for dated in city.events:
        month = months.text(months.of_seconds(int(dated.time.timestamp())))
        topic = route(type(dated.event)).aggregate
        months_of.setdefault(topic, month)  # events come in the order of time
    span = pb.ListFigures(area_code=CITY, month_from="2024-11", month_to="2025-05")

    page = await city.ask("Indicators/Figures", span, pb.FigurePage)

    seen = set()
    for row in page.rows:
        begun = [months_of.get(topic, "9999-12") for topic in catalogue()[row.code].topics]
        seen.add((is_early := row.month < max(begun), row.HasField("value")))
        assert row.no_data == is_early, (row.code, row.month, begun)
    assert seen == {(True, False), (False, True), (False, False)}
    before = await city.board(area_code=CITY, month="2024-12")
    assert before.area.no_data
    assert all(part.area.no_data for part in before.parts)
    assert not (await city.board(area_code=CITY, month=MONTH)).area.no_data


async def test_a_running_month_names_the_day_up_to_which_it_counts(city: City) -> None:
    board = await city.board(area_code=CITY)

    assert {(one.month, one.running_to) for one in board.trend if one.code == "DI03"} == {
        (months.text(month), "2026-04-01" if months.text(month) == "2026-04" else "")
        for month in range(months.of_text("2025-05"), months.of_text("2026-04") + 1)
    }
    assert all(one.running_to == "2026-04-01" for part in board.parts for one in part.figures)


async def test_a_month_is_open_until_the_last_of_its_things_is_due(
    city: City, clock: Clock
) -> None:
    async def open_to(code: str) -> dict[str, str]:
        board = await city.board(area_code=CITY)
        return {one.month: one.open_to for one in board.trend if one.code == code and one.open_to}

    assert await open_to("DI03") == {"2026-04": "2026-04-30"}
    assert await open_to("DI06") == {"2026-03": "2026-04-07", "2026-04": "2026-05-07"}
    assert await open_to("AS04") == {"2026-03": "2026-05-01", "2026-04": "2026-05-31"}
    assert await open_to("ST02") == {}
    # offers, calls, checks and claims of a running month are still to come
    for code in ("DI01", "DI04", "DI04_FUNDED", "SU07", "SU08", "SU09"):
        assert await open_to(code) == {"2026-04": "2026-04-30"}, code
    assert min(await open_to("AS06")) == "2026-01"  # a result of that month may be doubted yet
    clock.set(datetime(2026, 4, 8, tzinfo=UTC))
    assert await open_to("DI06") == {"2026-04": "2026-05-07"}


async def test_records_that_are_in_no_count_stand_beside_the_figures_they_may_change(
    city: City,
) -> None:
    assert not any(one.unapplied for one in (await city.board(area_code=CITY)).figures)
    before = await city.proof()
    async with city.served.store.transaction() as session:
        place = {"group": GROUP, "cluster": "tests", "partition": 0, "headers": "[]"}
        worker = "eldercare.worker.v1"
        session.add(Parked(topic=worker, offset=900, reason="DEFECT", **place))
        session.add(Parked(topic=worker, offset=901, held=True, **place))
        session.add(Waiting(topic="eldercare.stay.v1", offset=900, kind="x", id="y", **place))

    board = await city.board(area_code=CITY, month=MONTH)

    assert {one.code: one.unapplied for one in board.figures if one.unapplied} == {
        code: 2 * ("worker" in one.topics) + ("stay" in one.topics)
        for code, one in catalogue().items()
        if {"worker", "stay"} & set(one.topics)
    }
    assert {
        fresh.topic: (fresh.parked, fresh.waiting)
        for fresh in board.freshness
        if fresh.parked or fresh.waiting
    } == {"worker": (2, 0), "stay": (0, 1)}
    assert (await city.figures("ST02")).unapplied == 2
    assert (await city.trace("ST02", limit=1)).figure.unapplied == 2
    assert (before.unapplied, (await city.proof()).unapplied) == (0, 3)


async def test_a_source_of_which_nothing_but_a_parked_record_came_is_shown(
    served: Callable[..., Awaitable[Served]],
) -> None:
    service = await served("datacenter")
    async with service.store.transaction() as session:
        session.add(
            Parked(
                group=GROUP,
                cluster="tests",
                topic="eldercare.worker.v1",
                partition=0,
                offset=0,
                headers="[]",
            )
        )

    board = await City(service, []).board(area_code=CITY)

    assert [(one.topic, one.parked) for one in board.freshness] == [("worker", 1)]
    assert not board.freshness[0].HasField("watermark")


async def test_a_lag_is_unknown_until_the_end_of_every_partition_is_known(city: City) -> None:
    topic = "eldercare.order.v1"
    async with city.served.store.reading() as session:
        none = await freshness(session, dict)
        orders = await freshness(session, lambda: {(topic, 0): 10**6})
        half = await freshness(session, lambda: {(topic, 1): 10**6})

    assert all(one.lag_unknown for one in none)
    assert [(one.topic, one.lag > 0) for one in orders if not one.lag_unknown] == [("order", True)]
    assert all(one.lag_unknown for one in half)


async def test_a_zero_denominator_has_no_value(city: City) -> None:
    figure = await city.figures("DI02", month="2026-03")

    assert figure.denominator == 0
    assert not figure.no_data
    assert not figure.HasField("value")


async def test_a_proof_finds_nothing_and_is_shown_on_the_board(city: City) -> None:
    proof = await city.proof()

    assert proof.events == len(city.events)
    assert proof.figures > 1000
    assert not proof.differences
    board = await city.board(area_code=COUNTY, month=MONTH)
    assert board.proof == proof


async def test_a_proof_finds_a_count_that_was_tampered_with(city: City) -> None:
    shown = await city.figures("POP01")
    async with city.served.store.transaction() as session:
        await (await session.driver()).execute(
            "update count set alive = alive + 1 where area_code = $1 and month = 24300", CITY
        )

    proof = await city.proof()

    found = {one.code: one for one in proof.differences}
    assert found["POP01"].shown_numerator == shown.numerator + 1
    assert found["POP01"].recomputed_numerator == shown.numerator
    assert {one.area_code for one in proof.differences} == {CITY}


async def test_a_figure_leads_to_as_many_events_as_it_counts(city: City) -> None:
    kinds = {
        "DI02": ("OrderFinished", "OrderFinished"),
        "DI04": ("OrderFinished", "OrderFinished"),
        "DI04_FUNDED": ("OrderFinished", "OrderFinished"),
        "AS04": ("AssessmentCompleted", "ApplicationSubmitted"),
        "DC02": ("ApplicationSubmitted", "ApplicationSubmitted"),
    }
    for code, (above, below) in kinds.items():
        figure = await city.figures(code)
        page = await city.trace(code, limit=500)

        assert page.figure == figure
        assert (
            sum(event.in_denominator for event in page.events if event.type.endswith(below))
            == figure.denominator
            > 0
        ), code
        assert (
            sum(event.in_numerator for event in page.events if event.type.endswith(above))
            == figure.numerator
        ), code
        times = [event.time.ToDatetime() for event in page.events]
        assert times == sorted(times, reverse=True)


async def test_staffing_leads_to_facilities_workers_stays_and_levels(city: City) -> None:
    page = await city.trace("ST01", limit=500)

    assert page.figure.denominator > 0
    kinds = {
        event.type.rpartition(".")[2]: (event.in_numerator, event.in_denominator)
        for event in page.events
    }
    assert kinds["WorkerRegistered"] == (True, False)
    assert kinds["StayBegan"][1]
    assert kinds["AssessmentApproved"][1]
    newest = ("FacilityOpened", "FacilityChanged")  # of a facility, what is known of it now
    facilities = [event for event in page.events if event.type.endswith(newest)]
    assert sum(event.in_denominator for event in facilities) == page.figure.denominator


async def test_lineage_comes_in_pages(city: City) -> None:
    whole = await city.trace("POP01", limit=500)
    assert len(whole.events) == whole.figure.numerator

    pages, after = [], ""
    while True:
        page = await city.trace("POP01", limit=4, after=after)
        pages += page.events
        after = page.next
        if not after:
            break

    assert pages == list(whole.events)


async def test_an_event_is_shown_without_the_day_of_birth(city: City) -> None:
    page = await city.trace("POP01", limit=1)

    event = await city.ask(
        "Lineage/GetEvent",
        pb.GetArchivedEvent(event_id=page.events[0].event_id),
        pb.ArchivedEvent,
        ("official",),
        area=CITY,
    )

    elder = json.loads(event.body)["elder"]
    assert len(elder["born_on"]) == len("1950-01")
    assert event.traceparent.startswith("00-")
    assert event.trace_id == page.events[0].trace_id == event.traceparent.split("-")[1]
    assert event.subject == elder["elder_id"]


async def test_what_an_event_tells_of_elders_is_for_officials_and_leaves_a_record(
    city: City,
) -> None:
    asked = pb.TraceFigure(area_code=CITY, month=MONTH, code="POP01", limit=3)

    async def records() -> list[tuple[str, str, set[str]]]:
        async with city.served.store.reading() as session:
            driver = await session.driver()
            rows = await driver.fetch(
                "select method, purpose, elder_ids from audit_record order by audit_id"
            )
        return [(row["method"], row["purpose"], set(row["elder_ids"])) for row in rows]

    seen = {}
    for role in ("operator", "inspector", "official"):
        page = await city.ask("Lineage/Trace", asked, pb.LineagePage, (role,), area=CITY)
        one = pb.GetArchivedEvent(event_id=page.events[0].event_id)
        event = await city.ask("Lineage/GetEvent", one, pb.ArchivedEvent, (role,), area=CITY)
        seen[role] = [*page.events, event]
    withheld = {role: {event.body_withheld for event in events} for role, events in seen.items()}
    bodies = {role: {bool(event.body) for event in events} for role, events in seen.items()}
    ids = [[event.event_id for event in events] for events in seen.values()]
    of_whom = {role: {event.subject for event in events} for role, events in seen.items()}
    where = {role: {event.area_code[6:] for event in events} for role, events in seen.items()}

    assert of_whom["operator"] == of_whom["inspector"] == {""}
    assert where["operator"] == where["inspector"] == {"000000"} != where["official"]
    assert withheld == {"operator": {True}, "inspector": {True}, "official": {False}}
    assert bodies == {"operator": {False}, "inspector": {False}, "official": {True}}
    assert ids[0] == ids[1] == ids[2]
    elders = {json.loads(event.body)["elder"]["elder_id"] for event in seen["official"]}
    first, second = await records()
    assert first == ("eldercare.datacenter.v1.Lineage.Trace", PURPOSE, elders)
    assert second[2] == {json.loads(seen["official"][-1].body)["elder"]["elder_id"]}


async def test_a_figure_of_one_or_two_people_is_for_officials(city: City) -> None:
    asked = pb.ListFigures(area_code=CITY, month_from=MONTH, month_to=MONTH, level=areas.COMMUNITY)
    rows = {}
    for role in ("operator", "inspector", "official"):
        page = await city.ask("Indicators/Figures", asked, pb.FigurePage, (role,), area=CITY)
        rows[role] = {(row.code, row.area_code): row for row in page.rows}

    few = {key for key, row in rows["official"].items() if 0 < row.numerator < 3}
    few = {(code, area) for code, area in few if code in ("POP04", "POP05", "AS03")}
    assert few
    assert not any(row.withheld for row in rows["official"].values())
    for role in ("operator", "inspector"):
        assert {key for key in few if not rows[role][key].withheld} == set()
        assert {rows[role][key].numerator for key in few} == {0}
        code, area = sorted(few)[0]
        lineage = pb.TraceFigure(area_code=area, month=MONTH, code=code)
        page = await city.ask("Lineage/Trace", lineage, pb.LineagePage, (role,), area=CITY)
        assert (page.figure.withheld, len(page.events)) == (True, 0)


async def test_an_event_that_tells_of_no_elder_is_for_everybody(city: City) -> None:
    asked = pb.TraceFigure(area_code=CITY, month=MONTH, code="FA07", limit=500)

    page = await city.ask("Lineage/Trace", asked, pb.LineagePage, ("inspector",), area=CITY)

    of_facilities = [event for event in page.events if event.type.endswith("FacilityOpened")]
    assert of_facilities
    assert {(bool(event.body), event.body_withheld) for event in of_facilities} == {(True, False)}


async def test_the_catalogue_names_what_stands_on_top(city: City) -> None:
    page = await city.ask("Indicators/List", pb.ListIndicators(), pb.IndicatorPage)

    assert len(page.rows) == len(catalogue())
    assert sum(row.key for row in page.rows) == 8
    coverage = next(row for row in page.rows if row.code == "AS01")
    assert (coverage.target, coverage.target_sense, coverage.unit) == (100, "at least", "%")


async def test_every_target_names_its_authority_in_both_languages(city: City) -> None:
    page = await city.ask("Indicators/List", pb.ListIndicators(), pb.IndicatorPage)
    chinese = re.compile(r"[\u4e00-\u9fff]")

    assert sum(row.HasField("target") for row in page.rows) > 10
    for row in page.rows:
        assert bool(chinese.search(row.authority_zh)) == row.HasField("target"), row.code
        assert bool(row.authority_en) == row.HasField("target"), row.code
        assert not chinese.search(row.authority_en), row.code


async def test_every_figure_names_its_source_in_both_languages(city: City) -> None:
    page = await city.ask("Indicators/List", pb.ListIndicators(), pb.IndicatorPage)

    for row in page.rows:
        assert re.search(r"[\u4e00-\u9fff]", row.source_zh), row.code
        assert not re.search(r"[a-z]{2}", row.source_zh), row.code


async def test_the_catalogue_tells_the_unit_of_what_is_divided(city: City) -> None:
    page = await city.ask("Indicators/List", pb.ListIndicators(), pb.IndicatorPage)

    units = {row.code: (row.numerator_unit, row.denominator_unit) for row in page.rows}
    assert (units["POP01"], units["FA02"]) == (("count", ""), ("count", "count"))
    of_money = {code for code, found in units.items() if found == ("fen", "fen")}
    assert of_money == {"SU05", "SU07", "SU08"}


async def test_the_catalogue_tells_of_which_measures_a_figure_is_made(city: City) -> None:
    page = await city.ask("Indicators/List", pb.ListIndicators(), pb.IndicatorPage)

    def made_of(code: str) -> tuple[object, ...]:
        row = next(row for row in page.rows if row.code == code)
        level = row.level if row.HasField("level") else None
        return row.form, row.numerator_measure, row.denominator_measure, level, row.factor

    assert made_of("POP01") == ("count", "ALIVE", "", None, 1)
    assert made_of("AS03_MALE") == ("share", "DEPENDENT_MALE", "ASSESSED_MALE", None, 100)
    assert made_of("FA02") == ("presence", "FACILITIES", "", 5, 100)
    assert made_of("FA06") == ("presence", "TOWN_FACILITIES", "", 4, 100)
    assert {row.code: list(row.area_types) for row in page.rows if row.area_types} == {
        "FA06": ["县城所在镇", "街道", "重点镇"]
    }
    assert {
        row.code: list(row.unlisted_area_types) for row in page.rows if row.unlisted_area_types
    } == {"FA06": ["重点镇"]}  # the demo city lists none


async def test_the_care_subsidy_names_how_many_are_not_assessed(city: City) -> None:
    board = await city.board(area_code=CITY, month=MONTH)
    shown = {one.code: one for one in board.figures}

    assert shown["SU02"].unassessed == shown["SU02_UNASSESSED"].numerator > 0
    assert not any(one.unassessed for one in board.figures if one.code != "SU02")
