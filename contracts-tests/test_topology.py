"""The tables say what the code does."""

from collections import defaultdict

import contracts
import pytest
import topology

from kit.contracts.modules import import_all
from kit.messaging import subscriptions


def test_every_event_is_said_by_the_service_whose_table_says_so() -> None:
    said = defaultdict(set)
    for kind in contracts.events().values():
        said[contracts.service_of(kind.DESCRIPTOR)].add(contracts.event(kind).topic)

    assert {service: set(topics) for service, topics in topology.SAYS.items() if topics} == dict(
        said
    )


def test_a_topic_has_one_speaker() -> None:
    assert len(topology.EVERYTHING) == len(set(topology.EVERYTHING))


@pytest.mark.parametrize("service", topology.HEARS)
def test_a_service_hears_what_its_table_says(service: str) -> None:
    import_all(service, "consumers")

    heard = {
        hearing.topic.split(".")[1] for hearing in subscriptions.subscriptions_of(service).values()
    }

    assert heard == set(topology.HEARS[service])


def test_every_event_has_a_listener() -> None:
    heard = {topic for topics in topology.HEARS.values() for topic in topics}

    assert {contracts.event(kind).topic for kind in contracts.events().values()} <= heard


def test_a_service_answers_what_its_table_says() -> None:
    answered = {
        file.package.split(".")[1]: tuple(file.services_by_name)
        for file in contracts.files()
        if file.name.endswith("api.proto")
    }

    assert answered == {service: names for service, names in topology.ANSWERS.items() if names}


def test_readme_shows_the_topology() -> None:
    text = topology.README.read_text()

    assert topology.written(text) == text, "python contracts-tests/topology.py"
