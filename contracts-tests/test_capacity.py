"""The page of capacities is what its table gives, and a larger city never needs less."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

CHARTS = Path(__file__).parents[1] / "charts"


@pytest.fixture(scope="module")
def capacity() -> ModuleType:
    spec = importlib.util.spec_from_file_location("capacity", CHARTS / "capacity" / "capacity.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_table_gives(capacity: ModuleType) -> None:
    measured = json.loads(capacity.TABLE.read_text())

    assert capacity.PAGE.read_text() == capacity.page(measured), (
        "write it anew: python charts/capacity/capacity.py"
    )


def test_a_larger_city_never_needs_less(capacity: ModuleType) -> None:
    measured = json.loads(capacity.TABLE.read_text())
    small, usual, large = (capacity.size(inhabitants, measured) for inhabitants in capacity.CITIES)

    assert usual.events_a_day == capacity.EVENTS_A_DAY
    for one, more in ((small, usual), (usual, large)):
        assert all(one.replicas[name] <= more.replicas[name] for name in capacity.SERVICES)
        assert one.partitions <= more.partitions
        assert one.brokers <= more.brokers
        assert len(one.servers) <= len(more.servers)


@pytest.mark.parametrize("inhabitants", [1, 1_000_000, 10_000_000, 50_000_000, 200_000_000])
def test_every_size_survives_a_death_and_carries_its_burst(
    capacity: ModuleType, inhabitants: int
) -> None:
    one = capacity.size(inhabitants, json.loads(capacity.TABLE.read_text()))

    assert min(one.replicas.values()) >= 2
    assert one.brokers >= 3
    assert one.partitions >= 2 * max(one.replicas.values())
    assert all(
        one.service_cores[name] <= capacity.BUSY * one.replicas[name] for name in capacity.SERVICES
    )
    assert sorted(name for server in one.servers for name in server) == sorted(capacity.SERVICES)


def city_result(**rest_s: float) -> str:
    """What `eldercare bench city` printed last, of a run in which each process used 2 s."""
    services = (
        "assessment",
        "subsidy",
        "facility",
        "dispatch",
        "supervision",
        "datacenter",
        "gateway",
    )
    used = dict.fromkeys((*services, "postgres", "kafka"), 2.0)
    made = {
        "elders": 1,
        "days": 1,
        "events": 10,
        "seconds": 5,
        "cpu_s": used,
        "rest_s": rest_s,
        "grown": {},
        "shares": {},
    }
    return json.dumps({"name": "city", "machine": "m", "made_of": made})


def test_a_run_in_which_a_service_used_no_more_than_at_rest_is_no_measurement(
    capacity: ModuleType,
) -> None:
    with pytest.raises(
        ValueError, match="no measurement: dispatch, postgres used no more than at rest"
    ):
        capacity.taken({}, city_result(dispatch=2.0, postgres=2.5, gateway=1.0))


def test_what_the_broker_used_below_its_rest_is_reported_as_too_little_to_measure(
    capacity: ModuleType,
) -> None:
    taken = capacity.taken({}, city_result(kafka=2.1))
    measured = json.loads(capacity.TABLE.read_text())
    measured["city"] |= {
        "cpu_s": measured["city"]["cpu_s"] | {"kafka": 2.0},
        "rest_s": taken["city"]["rest_s"],
    }

    assert "| `kafka` | below what can be measured |" in capacity.page(measured)
    assert "their cores not measured" in capacity.page(measured)


def test_connections_are_those_that_the_pool_of_a_service_opens(capacity: ModuleType) -> None:
    store = (CHARTS.parent / "services" / "kit" / "kit" / "db" / "store.py").read_text()
    one = capacity.size(1_000_000, json.loads(capacity.TABLE.read_text()))

    assert store.count("max(2, pool_size // 2)") + store.count("max(2, self._pool_size // 2)") == 2
    assert one.connections == [sum(one.replicas.values()) * 17]


def test_a_result_of_a_benchmark_finds_its_place_in_the_table(capacity: ModuleType) -> None:
    printed = (
        'said before\n{"name": "consumer, whole", "value": 3100, "unit": "events/s", '
        '"machine": "m", "runs": [1]}\n'
    )

    assert capacity.taken({}, printed) == {
        "consumer": {"name": "consumer, whole", "value": 3100, "unit": "events/s", "machine": "m"}
    }
