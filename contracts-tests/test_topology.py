"""The tables say what the code does."""

from collections import defaultdict

import contracts
import pytest
import topology

from kit.contracts.modules import import_all
from kit.messaging import subscriptions


def test_every_event_is_published_by_the_service_whose_table_lists_it() -> None:
    published = defaultdict(set)
    for kind in contracts.events().values():
        published[contracts.service_of(kind.DESCRIPTOR)].add(contracts.event(kind).topic)

    assert {
        service: set(topics) for service, topics in topology.PUBLISHES.items() if topics
    } == dict(published)


def test_a_topic_has_one_publisher() -> None:
    assert len(topology.EVERYTHING) == len(set(topology.EVERYTHING))


@pytest.mark.parametrize("service", topology.CONSUMES)
def test_a_service_consumes_what_its_table_lists(service: str) -> None:
    import_all(service, "consumers")

    consumed = {
        subscription.topic.split(".")[1]
        for subscription in subscriptions.subscriptions_of(service).values()
    }

    assert consumed == set(topology.CONSUMES[service])


def test_every_event_has_a_consumer() -> None:
    consumed = {topic for topics in topology.CONSUMES.values() for topic in topics}

    assert {contracts.event(kind).topic for kind in contracts.events().values()} <= consumed


def test_a_service_answers_what_its_table_lists() -> None:
    answered = {
        file.package.split(".")[1]: tuple(file.services_by_name)
        for file in contracts.files()
        if file.name.endswith("api.proto")
    }

    assert answered == {service: names for service, names in topology.ANSWERS.items() if names}


def test_readme_shows_the_topology() -> None:
    text = topology.README.read_text()

    assert topology.written(text) == text, "python contracts-tests/topology.py"
