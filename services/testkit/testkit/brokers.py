"""Kafka for tests: Apache Kafka once per run, or the one in memory; topics and groups that belong
to one test.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest
import pytest_asyncio
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from devservers.kafka import Kafka, MemoryKafka
from kit.db.store import Store


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A real broker, `kafka.address`, for all tests of the run; who uses it is `connected`."""
    broker = Kafka(tmp_path_factory.mktemp("kafka") / "data", heap_mb=384, short_lived=True)
    broker.start(timeout=120)
    yield broker
    broker.stop()


@pytest.fixture
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A real broker that this test may kill and restart."""
    broker = Kafka(tmp_path_factory.mktemp("own-kafka") / "data", heap_mb=384, short_lived=True)
    broker.start(timeout=120)
    yield broker
    broker.stop()


@pytest.fixture
def memory_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MemoryKafka]:
    """The broker in memory, fresh for this test."""
    broker = MemoryKafka(tmp_path_factory.mktemp("memory-kafka") / "data")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def topics(kafka: Kafka) -> Iterator[Callable[..., None]]:
    """`topics("eldercare.elder.v1", …, partitions=4, cleanup_policy="compact")` makes topics, which
    leave with the test.
    """
    admin = AdminClient({"bootstrap.servers": kafka.address, "log_level": 0})
    made: list[str] = []

    def make(*names: str, partitions: int = 4, **config: str) -> None:
        made.extend(names)
        _create(admin, names, partitions, config)

    yield make
    _delete(admin, made)


@contextmanager
def emptied(kafka: Kafka) -> Iterator[None]:
    """Inside, the broker of the run is as one of its own: without a topic at the beginning, and
    whatever topics are made leave at the end.
    """
    admin = AdminClient({"bootstrap.servers": kafka.address, "log_level": 0})
    _delete(admin, _named(admin))
    try:
        yield
    finally:
        _delete(admin, _named(admin))


@pytest.fixture
def group() -> str:
    """A consumer group that nobody else has."""
    return f"group-{uuid.uuid4().hex[:12]}"


@pytest_asyncio.fixture
async def world(store: Store, kafka: Kafka, topics: Callable[..., None], group: str) -> str:
    """The small world of `testkit.trial`: a group that listens, which is its value, its tables
    and its empty topics.
    """
    from testkit import trial

    topics(trial.COUNTS, trial.HOUSES, partitions=2)
    await trial.tables(store)
    trial.listen(group)
    return group


def _named(admin: AdminClient) -> list[str]:
    """Every topic but those that the broker keeps for itself."""
    return [name for name in admin.list_topics(timeout=10).topics if not name.startswith("__")]


def _create(
    admin: AdminClient, names: Sequence[str], partitions: int, config: dict[str, str]
) -> None:
    settings = {name.replace("_", "."): value for name, value in config.items()}
    for done in admin.create_topics(
        [NewTopic(name, partitions, 1, config=settings) for name in names]
    ).values():
        done.result(timeout=30)
    _settle(lambda: all(name in admin.list_topics(timeout=10).topics for name in names))


def _delete(admin: AdminClient, names: Sequence[str]) -> None:
    if not names:
        return
    for done in admin.delete_topics(list(names)).values():
        try:
            done.result(timeout=30)
        except KafkaException as refused:  # the test deleted it itself
            if refused.args[0].name() != "UNKNOWN_TOPIC_OR_PART":
                raise
    _settle(lambda: not set(names) & set(admin.list_topics(timeout=10).topics))


def _settle(check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not check():
        if time.monotonic() > deadline:
            raise AssertionError("the broker's metadata did not settle within 30 s")
        time.sleep(0.02)
