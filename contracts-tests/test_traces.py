"""What a living city tells of itself: every edge of the topology stands in its traces, and nothing
in it names a person.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import pytest
from collector import Collector, Seen
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from running_city import CITY, ELDERS, SEED, RunningCity
from topology import CALLS, EDGES, EVERYTHING

from kit.contracts import areas
from simulator.world.days import START
from simulator.world.facilities import facilities
from simulator.world.firms import firms, workers
from simulator.world.geography import COUNTIES, Geography
from simulator.world.people import population

pytest_plugins = ["city_fixtures"]
pytestmark = [pytest.mark.city, pytest.mark.timeout(900)]

TOPICS = [f"eldercare.{aggregate}.v1" for aggregate in EVERYTHING]
ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
CHINESE = re.compile(r"[\u4e00-\u9fff]+")
DIGITS = re.compile(r"\d{11,}[Xx]?")
APPEALED = "POST /v1/assessments/{assessment_id}:appeal"
ROOM = re.compile(r"\d+号\d+室")


# What is published when a service starts follows from nothing, so it stands in no trace.
UNTRACED = {"eldercare.subsidy.v1.PolicyPublished": ("subsidy", "policy", "datacenter")}


class Story(NamedTuple):
    """What a record's headers say of where it was published."""

    topic: str
    trace_id: str
    span_id: str


@pytest.fixture(scope="module")
def records(town: RunningCity) -> list[Any]:
    """Every record of every topic."""
    return town.records(TOPICS)


@pytest.fixture(scope="module")
def spans(town: RunningCity, collector: Collector, records: list[Any]) -> list[Seen]:
    """Every span; the last ones leave a service a few seconds after they ended."""
    published = {story.span_id for story in stories(records)}
    town.until(
        lambda: published <= {span.span_id for span in list(collector.spans)},
        60,
        "every transaction that published something is traced",
    )
    town.until(
        lambda: (
            published
            <= {
                link
                for span in list(collector.spans)
                if span.service == "datacenter"
                for _, link in span.links
            }
        ),
        60,
        "the data center's handling of every record is traced",
    )
    return list(collector.spans)


def stories(records: Iterable[Any]) -> Iterator[Story]:
    for record in records:
        if (parent := dict(record.headers()).get("traceparent")) is not None:
            _, trace_id, span_id, _ = parent.decode().split("-")
            yield Story(record.topic(), trace_id, span_id)


def edges(spans: list[Seen], records: list[Any]) -> set[tuple[str, str, str]]:
    """(publisher, aggregate, consumer) as links lead from a handled record to the transaction
    that published it.
    """
    by_id = {span.span_id: span for span in spans}
    topics: dict[str, set[str]] = defaultdict(set)
    for story in stories(records):
        topics[story.span_id].add(story.topic.split(".")[1])
    return {
        (by_id[link].service, topic, span.service)
        for span in spans
        if span.name.startswith("process")
        for _, link in span.links
        if link in by_id
        for topic in topics[link]
        if "messaging.destination.name" not in span.attributes
        or span.attributes["messaging.destination.name"].split(".")[1] == topic
    }


def test_every_event_names_where_it_comes_from(records: list[Any]) -> None:
    headers = [{name: value.decode() for name, value in record.headers()} for record in records]

    assert {
        fields["ce_type"] for fields in headers if "traceparent" not in fields
    } == UNTRACED.keys()
    assert {fields["ce_type"] for fields in headers if not fields.get("ce_correlationid")} == set()


@pytest.mark.parametrize(
    ("publisher", "topic", "consumer"), [edge for edge in EDGES if edge not in UNTRACED.values()]
)
def test_every_edge_of_the_topology_is_seen(
    spans: list[Seen], records: list[Any], publisher: str, topic: str, consumer: str
) -> None:
    assert (publisher, topic, consumer) in edges(spans, records)


@pytest.mark.parametrize(("caller", "answerer", "method"), CALLS)
def test_every_call_between_services_is_seen(
    spans: list[Seen], caller: str, answerer: str, method: str
) -> None:
    by_id = {span.span_id: span for span in spans}
    wanted = (
        answerer,
        Span.SPAN_KIND_SERVER,
        f"eldercare.{answerer}.v1.{method.partition('/')[0]}",
        method.partition("/")[2],
    )
    answered = [
        span
        for span in spans
        if (
            span.service,
            span.kind,
            span.attributes.get("rpc.service"),
            span.attributes.get("rpc.method"),
        )
        == wanted
    ]

    assert answered
    assert {by_id[span.parent_id].service for span in answered if span.parent_id in by_id} == {
        caller
    }


def test_no_call_is_more_than_one_deep(spans: list[Seen]) -> None:
    by_id = {span.span_id: span for span in spans}
    business = {
        (by_id[span.parent_id].service, span.service)
        for span in spans
        if span.kind == Span.SPAN_KIND_SERVER
        and span.parent_id in by_id
        and by_id[span.parent_id].service != "gateway"
    }

    assert business == {(caller, answerer) for caller, answerer, _ in CALLS}


def test_one_trace_leads_from_the_front_door_to_the_board(
    spans: list[Seen], records: list[Any]
) -> None:
    """HTTP → gateway → dispatch → (subsidy, assessment) → outbox → Kafka → data center, under one
    trace id.
    """
    traces: dict[str, list[Seen]] = defaultdict(list)
    for span in spans:
        traces[span.trace_id].append(span)
    published = {
        story.trace_id for story in stories(records) if story.topic == "eldercare.order.v1"
    }
    placed = [
        traces[trace_id]
        for trace_id in published
        if any(span.name == "POST /v1/orders" for span in traces[trace_id])
    ]
    whole = [
        trace
        for trace in placed
        if {
            ("gateway", Span.SPAN_KIND_SERVER),
            ("gateway", Span.SPAN_KIND_CLIENT),
            ("dispatch", Span.SPAN_KIND_SERVER),
            ("dispatch", Span.SPAN_KIND_CLIENT),
            ("subsidy", Span.SPAN_KIND_SERVER),
            ("assessment", Span.SPAN_KIND_SERVER),
        }
        <= {(span.service, span.kind) for span in trace}
    ]
    consumed = {
        (trace_id, span.service)
        for span in spans
        if span.kind == Span.SPAN_KIND_CONSUMER
        for trace_id, _ in span.links
    }

    assert placed
    assert [
        trace[0].trace_id for trace in placed if (trace[0].trace_id, "datacenter") not in consumed
    ] == []
    assert whole


def test_a_figure_of_the_board_leads_to_the_requests_that_made_it(
    town: RunningCity, spans: list[Seen]
) -> None:
    """Board → figure → its events → trace id → the request at the front door, as it was exported
    over OTLP.
    """
    official = town.token("official", area=CITY)
    trend = town.get(f"/v1/boards/{CITY}", official)["trend"]
    figure = next(
        one for one in reversed(trend) if one["code"] == "DC02" and int(one["denominator"])
    )

    page = town.get(f"/v1/figures/{CITY}/{figure['month']}/DC02/events", official, limit=500)
    served = {
        span.trace_id: span
        for span in spans
        if span.service == "gateway" and span.kind == Span.SPAN_KIND_SERVER
    }
    led = {
        event["trace_id"]: served.get(event["trace_id"])
        for event in page["events"]
        if event["type"].endswith("ApplicationSubmitted")
    }

    assert page["figure"] == figure
    assert len(led) == int(figure["denominator"])
    # an appeal is an application for a second assessment
    assert {span.name if span else None for span in led.values()} - {APPEALED} == {
        "POST /v1/applications"
    }
    assert {span.attributes["http.response.status_code"] for span in led.values() if span} == {200}


def test_the_outbox_is_part_of_the_trace(spans: list[Seen], records: list[Any]) -> None:
    """A message's way from the transaction to the broker is a span of its own that leads back to
    the transaction.
    """
    sent = {
        link for span in spans if span.kind == Span.SPAN_KIND_PRODUCER for _, link in span.links
    }
    sent |= {span.parent_id for span in spans if span.kind == Span.SPAN_KIND_PRODUCER}

    assert {story.span_id for story in stories(records)} - sent == set()


class Named:
    """Everything that names a person of the simulated city, and where it stands in a text.

    A name that is also part of the name of a place or an organisation says nothing about a person
    and is left out.
    """

    def __init__(self) -> None:
        geography = Geography(SEED)
        people = population(ELDERS, SEED, START, geography)
        by_county = {
            county: sum(one.area_code[:6] == county for one in people) for county in COUNTIES
        }
        serving = firms(ELDERS, SEED, geography, by_county)
        operators, houses = facilities(ELDERS, SEED, geography, by_county, len(serving))
        staff = workers(ELDERS, SEED, serving, START, by_county)
        public = " ".join(
            [
                *(area.name for area in areas.load()),
                *(one.name for one in (*serving, *operators, *houses)),
            ]
        )
        names = {one.name for one in people} | {
            one.contact_name for one in people if one.contact_name
        }
        self.names = {name for name in names if name not in public}
        self.left_out = names - self.names
        self.workers = {one.name for one in staff}
        self.numbers = {
            text for one in people for text in (one.id_number, one.phone, one.contact_phone) if text
        }
        self.numbers |= {text for one in staff for text in (one.id_number, one.phone)}

    def within(self, text: str) -> set[str]:
        """What of it stands in a text."""
        plain = ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
        found = set(ROOM.findall(plain)) | {name for name in self.workers if name in plain}
        for run in CHINESE.findall(plain):
            found |= {
                run[at : at + size] for size in (2, 3) for at in range(len(run) - size + 1)
            } & self.names
        for run in DIGITS.findall(plain):
            found |= {
                run[at : at + size] for size in (11, 18) for at in range(len(run) - size + 1)
            } & self.numbers
        return found


@pytest.fixture(scope="module")
def named() -> Named:
    return Named()


def test_a_person_is_found_wherever_a_person_stands(named: Named) -> None:
    name, number = min(named.names), max(named.numbers)
    texts = (
        f"elder {name} called",
        json.dumps({"a": f"和{name}在"}),
        f"id={number},",
        f"9{number}",
        f"\x0a\x06{name}\x12",
        "3号17室",
    )

    assert [text for text in texts if not named.within(text)] == []
    assert (
        named.within(
            "滁州市琅琊区 341102001003 order 019a0000-0000-7000-8000-0000000000aa "
            "at 1769990400000000"
        )
        == set()
    )
    assert len(named.left_out) < len(named.names) / 10


def test_no_span_names_a_person(spans: list[Seen], named: Named) -> None:
    assert len(spans) > 1000
    assert {span.name: found for span in spans if (found := named.within(span.text))} == {}


def test_no_metric_names_a_person(town: RunningCity, collector: Collector, named: Named) -> None:
    town.until(lambda: collector.metrics, 90, "metrics are pushed, once a minute")
    assert [found for text in collector.metrics if (found := named.within(text))] == []


def test_no_log_names_a_person(town: RunningCity, named: Named) -> None:
    logs = {path.name: path.read_text(errors="replace") for path in town.logs()}
    found = {name: here for name, text in logs.items() if (here := named.within(text))}

    assert {
        "gateway.log",
        "assessment.log",
        "subsidy.log",
        "dispatch.log",
        "postgres.log",
    } <= logs.keys()
    assert found == {}


def test_no_record_of_kafka_names_a_person(records: list[Any], named: Named) -> None:
    assert len(records) > ELDERS
    found = {}
    for record in records:
        headers = [
            part for name, value in record.headers() or () for part in (name.encode(), value)
        ]
        parts = [record.key() or b"", record.value() or b"", *headers]
        if here := named.within("\n".join(part.decode(errors="replace") for part in parts)):
            found[f"{record.topic()}/{record.partition()}/{record.offset()}"] = here
    assert found == {}


def test_no_feed_names_a_person(town: RunningCity, named: Named) -> None:
    bodies = [row[0] for row in town.query("gateway", "select body from feed_event")[0]]

    assert bodies
    assert [found for body in bodies if (found := named.within(body))] == []


def test_no_figure_and_no_archived_event_names_a_person(town: RunningCity, named: Named) -> None:
    """The data center holds no direct identifier in any row of any table."""
    tables = [
        row[0]
        for row in town.query(
            "datacenter", "select tablename from pg_tables where schemaname = 'public'"
        )[0]
    ]
    queries = [
        f'select "{table}"::text from "{table}"'  # noqa: S608 - names of the catalogue
        for table in tables
    ]
    contents = town.query("datacenter", *queries)

    assert sum(map(len, contents)) > ELDERS
    assert {
        table: found
        for table, rows in zip(tables, contents, strict=True)
        for row in rows
        if (found := named.within(row[0]))
    } == {}
