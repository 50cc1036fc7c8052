"""Nothing vanishes between services, and no fen does."""

from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition
from running_city import CITY, RunningCity
from topology import CONSUMES

pytest_plugins = ["city_fixtures"]
pytestmark = [pytest.mark.city, pytest.mark.connected, pytest.mark.timeout(900)]

FATES = ("applied", "repeated", "foreign", "waiting", "parked", "held", "gaps")
GROUPS = [name for name, topics in CONSUMES.items() if topics]


@pytest.fixture(scope="module")
def services(town: RunningCity) -> dict[str, Any]:
    """What each service says of itself when nothing is under way."""
    return town.quiet()


@pytest.fixture(scope="module")
def marks(town: RunningCity) -> dict[tuple[str, int], tuple[int, int]]:
    """First and next offset of each partition, asked of the broker and of nobody else."""
    consumer = Consumer(
        {
            "bootstrap.servers": town.facts()["kafka"],
            "group.id": "tests-of-delivery",
            "log_level": 0,
        }
    )
    try:
        topics = {
            name: metadata
            for name, metadata in consumer.list_topics(timeout=20).topics.items()
            if name.startswith("eldercare.")
        }
        return {
            (name, partition): consumer.get_watermark_offsets(
                TopicPartition(name, partition), timeout=20
            )
            for name, metadata in topics.items()
            for partition in metadata.partitions
        }
    finally:
        consumer.close()


@pytest.mark.parametrize("group", GROUPS)
def test_every_record_of_every_partition_is_accounted_for(
    services: dict[str, Any],
    marks: dict[tuple[str, int], tuple[int, int]],
    group: str,
) -> None:
    positions = {(one["topic"], one["partition"]): one for one in services[group]["positions"]}
    wanted = {
        (topic, partition) for topic, partition in marks if topic.split(".")[1] in CONSUMES[group]
    }

    assert positions.keys() == wanted
    assert {place: (one["begin"], one["next"]) for place, one in positions.items()} == {
        place: marks[place] for place in wanted
    }
    assert {
        place: one
        for place, one in positions.items()
        if one["end"] - one["begin"] != sum(one.get(fate) or 0 for fate in FATES)
    } == {}


@pytest.mark.parametrize("group", GROUPS)
def test_nothing_is_left_behind(services: dict[str, Any], group: str) -> None:
    left = ("outbox", "waiting", "parked", "held", "lag", "due")

    assert {name: services[group][name] for name in left if services[group].get(name)} == {}
    assert sum(one["applied"] for one in services[group]["positions"]) > 0


def test_what_was_published_is_what_kafka_holds(
    services: dict[str, Any], marks: dict[tuple[str, int], tuple[int, int]]
) -> None:
    """A crash may say an event twice, and none happened here."""
    assert sum(service["emitted"] for service in services.values()) == sum(
        end for _, end in marks.values()
    )


def test_the_archive_holds_every_event_once(
    town: RunningCity,
    services: dict[str, Any],
    marks: dict[tuple[str, int], tuple[int, int]],
) -> None:
    rows, distinct = town.query("datacenter", "select count(*), count(distinct id) from archive")[
        0
    ][0]

    assert rows == distinct == sum(end - begin for begin, end in marks.values())


def test_debit_equals_credit_to_the_fen(town: RunningCity) -> None:
    balance = town.get("/v1/ledger/balance", town.token("official", area=CITY))
    sums = town.query(
        "subsidy", "select sum(debit_fen)::bigint, sum(credit_fen)::bigint from ledger_entry"
    )[0][0]

    assert int(balance["debit_fen"]) == int(balance["credit_fen"]) > 0
    assert (int(balance["debit_fen"]), int(balance["credit_fen"])) == tuple(sums)
    for side in ("debit_fen", "credit_fen"):
        assert sum(int(account[side]) for account in balance["accounts"]) == int(balance[side])


def test_each_document_balances_in_each_area(town: RunningCity) -> None:
    booked, uneven = town.query(
        "subsidy",
        "select count(distinct document) from ledger_entry",
        "select document, document_id, area_code from ledger_entry group by 1, 2, 3 having "
        "sum(debit_fen) <> sum(credit_fen)",
    )

    assert booked[0][0] >= 3
    assert uneven == []
