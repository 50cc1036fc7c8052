"""Kafka behind passwords and certificates: what gets in, and which reason the others get."""

import asyncio
import dataclasses
import gc
import inspect
import warnings
from collections.abc import Iterator

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from faststream.kafka import KafkaBroker
from pydantic import ValidationError

from kit.contracts import ids
from kit.messaging import client_options, subscriber
from kit.messaging.bootstrap import Bootstrap
from kit.messaging.bounds import Brokers as Bounds
from kit.messaging.outbox import emit
from kit.messaging.relay import Relay
from kit.runtime.brokers import Brokers
from kit.runtime.parts import Parts
from kit.runtime.settings import KafkaSettings, Settings
from testkit import trial, until

TOPICS = ("eldercare.application.v1", trial.COUNTS, trial.HOUSES)


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """aiokafka leaves the transport of a refused login to the collector: here, and not in the
    middle of somebody else's test.
    """
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def topics_through(kafka: Bootstrap) -> None:
    """Makes the topics that are missing, as `eldercare topics apply` does."""
    admin = AdminClient(kafka.librdkafka())
    for name in set(TOPICS) - admin.list_topics(timeout=20).topics.keys():
        admin.create_topics([NewTopic(name, 1, 1)])[name].result(20)


@pytest.mark.connected
@pytest.mark.parametrize("door", ["SCRAM", "WORD", "SEAL", "BOTH"])
async def test_what_speaks_with_kafka_passes_a_guarded_door(
    door, guarded, pebbles, withdrawn, group
) -> None:
    kafka, counter = guarded[door], ids.new()
    topics_through(kafka)
    await trial.tables(pebbles.store)
    trial.listen(group)
    async with pebbles.store.transaction() as session:
        emit(session, withdrawn(ids.new()), sequence=1)
    await trial.send(guarded["OPEN"].brokers, [trial.counted(counter, amount=7)])

    async def effect() -> bool:
        return [entry.amount for entry in await trial.entries(pebbles.store, counter)] == [7]

    relay = Relay(pebbles.store, kafka)
    running = asyncio.create_task(relay.run())
    async with trial.reading(pebbles.store, kafka, group) as consumers:
        await until(effect, 30, what="the effect of what was consumed")
        await until(lambda: relay.sent == 1, 30, what="the message that was sent")
        assert consumers.ready
    relay.stop()
    await running

    assert await Brokers(kafka).reason() == ""
    bounds = Bounds(kafka)
    assert (await bounds.bounds([TopicPartition(trial.COUNTS, 0)]) or {})[trial.COUNTS, 0][1] >= 1
    await bounds.close()


@pytest.mark.connected
@pytest.mark.parametrize(
    ("door", "wrong", "wanted"),
    [
        ("SCRAM", {"password": "guessed"}, "SaslAuthenticationFailed"),
        ("WORD", {"password": "guessed"}, "SaslAuthenticationFailed"),
        ("BOTH", {"username": "nobody"}, "SaslAuthenticationFailed"),
        ("SCRAM", {"mechanism": "PLAIN"}, "UnsupportedSaslMechanismError"),
        ("SEAL", {"ca": None}, "certificate verify failed"),
        ("SCRAM", {"security": "PLAINTEXT", "mechanism": None}, "hangs up"),
    ],
)
async def test_a_closed_door_is_reported_with_its_reason(door, wrong, wanted, guarded) -> None:
    reason = await Brokers(dataclasses.replace(guarded[door], **wrong)).reason()

    assert wanted in reason
    assert reason.startswith(guarded[door].brokers)
    assert "guessed" not in reason


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (
            {"kafka_security": "SASL_PLAINTEXT"},
            {"kafka_mechanism", "kafka_username", "kafka_password"},
        ),
        (
            {"kafka_security": "SASL_SSL", "kafka_mechanism": "PLAIN", "kafka_username": "city"},
            {"kafka_password"},
        ),
        (
            {
                "kafka_security": "SASL_SSL",
                "kafka_mechanism": "GSSAPI",
                "kafka_username": "a",
                "kafka_password": "b",
            },
            {"kafka_mechanism"},
        ),
        (
            {"kafka_username": "city", "kafka_password": "secret"},
            {"kafka_username", "kafka_password"},
        ),
        ({"kafka_security": "SSL", "kafka_mechanism": "PLAIN"}, {"kafka_mechanism"}),
        ({"kafka_ca": __file__}, {"kafka_ca"}),
        ({"kafka_security": "SSL", "kafka_ca": "nowhere.pem"}, {"kafka_ca"}),
        ({"kafka_security": "SSL", "kafka_ca": __file__}, {"kafka_ca"}),
        ({"kafka_security": "TLS"}, {"kafka_security"}),
        ({"kafka": "no port"}, {"kafka"}),
    ],
)
def test_a_combination_that_cannot_work_is_refused_under_the_name_of_the_setting(
    given, named
) -> None:
    with pytest.raises(ValidationError) as refused:
        KafkaSettings(**{"kafka": "127.0.0.1:9092", **given})

    assert {fault["loc"][0] for fault in refused.value.errors()} == named


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ('{"max.poll.interval": "5"}', "max.poll.interval cannot be set"),
        ('{"enable.idempotence": "false"}', "enable.idempotence cannot be set"),
        ('{"linger.ms": "soon"}', "linger.ms is a whole number, not soon"),
        ('{"compression.type": "zip"}', "compression.type is gzip, not zip"),
        ('{"linger.ms": 5}', "should be a valid string"),
        ("linger.ms=5", "Expecting value"),
    ],
)
def test_a_setting_of_a_client_that_means_nothing_here_is_refused_by_its_name(
    given, words, monkeypatch
) -> None:
    monkeypatch.setenv("KAFKA_CLIENT", given)

    with pytest.raises(ValidationError, match=words):
        KafkaSettings(kafka="a:1")


def test_settings_of_clients_reach_those_that_know_them(monkeypatch) -> None:
    monkeypatch.setenv(
        "KAFKA_CLIENT",
        '{"max.poll.interval.ms": "600000", "linger.ms": "5", "metadata.max.age.ms": "7000"}',
    )
    kafka = KafkaSettings(kafka="a:1").bootstrap

    assert kafka.tuned("read", max_poll_interval_ms=1, fetch_max_wait_ms=100) == {
        "max_poll_interval_ms": 600_000,
        "fetch_max_wait_ms": 100,
        "metadata_max_age_ms": 7000,
    }
    assert kafka.tuned("write", metadata_max_age_ms=60_000) == {
        "metadata_max_age_ms": 7000,
        "linger_ms": 5,
    }
    assert kafka.librdkafka()["metadata.max.age.ms"] == "7000"
    assert "linger.ms" not in kafka.librdkafka()


@pytest.mark.parametrize("name", client_options.OPTIONS)
def test_every_setting_of_a_client_is_one_that_the_libraries_take(name) -> None:
    option = client_options.OPTIONS[name]
    value = option.choices[0] if option.choices else "1000"
    kafka = Bootstrap("127.0.0.1:9", client={name: value})

    for role, made in (("read", AIOKafkaConsumer), ("write", AIOKafkaProducer)):
        assert set(kafka.tuned(role)) == ({option.keyword} if role in option.roles else set())
        assert set(kafka.tuned(role)) <= set(inspect.signature(made.__init__).parameters)
    assert set(kafka.tuned("read")) - subscriber._OF_CONNECTION <= set(
        inspect.signature(KafkaBroker.subscriber).parameters
    )
    AdminClient(kafka.librdkafka())


def test_a_password_is_not_shown() -> None:
    settings = KafkaSettings(
        kafka="a:1,b:2",
        kafka_security="SASL_PLAINTEXT",
        kafka_mechanism="PLAIN",
        kafka_username="city",
        kafka_password="rain",
    )

    assert "rain" not in repr(settings) + repr(settings.bootstrap)
    assert settings.bootstrap.librdkafka()["sasl.password"] == "rain"
    assert settings.bootstrap.servers == ["a:1", "b:2"]


@pytest.mark.parametrize(
    ("given", "transactions", "readers"), [("", 8, 4), ("3", 3, 2), ("20", 20, 10)]
)
async def test_a_pod_opens_as_many_connections_as_its_pool_has_places(
    given, transactions, readers, monkeypatch
) -> None:
    monkeypatch.setenv("POOL_SIZE", given)
    parts = Parts(
        Settings(
            service="kit",
            database="postgresql://nowhere/kit",
            kafka="a:1",
            issuer="x",
            keys_url="x",
        )
    )

    assert (parts.store._writers._places._value, parts.store._readers._places._value) == (
        transactions,
        readers,
    )
