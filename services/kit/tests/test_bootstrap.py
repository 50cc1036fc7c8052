"""Kafka behind passwords and certificates: what gets in, and what is told where nobody is let in."""

import asyncio
import dataclasses
import gc
import warnings
from collections.abc import Iterator

import pytest
from aiokafka import TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from pydantic import ValidationError

from kit import ids
from kit.bootstrap import Bootstrap
from kit.events.bounds import Brokers as Bounds
from kit.outbox import emit
from kit.relay import Relay
from kit.service.brokers import Brokers
from kit.settings import KafkaSettings
from kit.testing import trial, until

TOPICS = ("eldercare.application.v1", trial.COUNTS, trial.HOUSES)


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """aiokafka leaves the transport of a refused login to the collector: here, and not in the middle of somebody else's test."""
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
async def test_what_speaks_with_kafka_passes_a_guarded_door(door, guarded, pebbles, said, group) -> None:
    kafka, counter = guarded[door], ids.new()
    topics_through(kafka)
    await trial.tables(pebbles.store)
    trial.listen(group)
    async with pebbles.store.transaction() as session:
        emit(session, said(ids.new()), sequence=1)
    await trial.send(guarded["OPEN"].brokers, [trial.counted(counter, amount=7)])

    async def effect() -> bool:
        return [entry.amount for entry in await trial.entries(pebbles.store, counter)] == [7]

    relay = Relay(pebbles.store, kafka)
    running = asyncio.create_task(relay.run())
    async with trial.reading(pebbles.store, kafka, group) as consumers:
        await until(effect, 30, what="the effect of what was heard")
        await until(lambda: relay.sent == 1, 30, what="the letter that was sent")
        assert consumers.ready
    relay.stop()
    await running

    assert await Brokers(kafka).reason() == ""
    bounds = Bounds(kafka)
    assert (await bounds.bounds([TopicPartition(trial.COUNTS, 0)]) or {})[trial.COUNTS, 0][1] >= 1
    await bounds.close()


@pytest.mark.connected
@pytest.mark.parametrize(("door", "wrong", "told"), [
    ("SCRAM", {"password": "guessed"}, "SaslAuthenticationFailed"),
    ("WORD", {"password": "guessed"}, "SaslAuthenticationFailed"),
    ("BOTH", {"username": "nobody"}, "SaslAuthenticationFailed"),
    ("SCRAM", {"mechanism": "PLAIN"}, "UnsupportedSaslMechanismError"),
    ("SEAL", {"ca": None}, "certificate verify failed"),
    ("SCRAM", {"security": "PLAINTEXT", "mechanism": None}, "hangs up"),
])
async def test_a_closed_door_is_told_with_its_reason(door, wrong, told, guarded) -> None:
    reason = await Brokers(dataclasses.replace(guarded[door], **wrong)).reason()

    assert told in reason
    assert reason.startswith(guarded[door].brokers)
    assert "guessed" not in reason


@pytest.mark.parametrize(("given", "named"), [
    ({"kafka_security": "SASL_PLAINTEXT"}, {"kafka_mechanism", "kafka_username", "kafka_password"}),
    ({"kafka_security": "SASL_SSL", "kafka_mechanism": "PLAIN", "kafka_username": "city"}, {"kafka_password"}),
    ({"kafka_security": "SASL_SSL", "kafka_mechanism": "GSSAPI", "kafka_username": "a", "kafka_password": "b"}, {"kafka_mechanism"}),
    ({"kafka_username": "city", "kafka_password": "secret"}, {"kafka_username", "kafka_password"}),
    ({"kafka_security": "SSL", "kafka_mechanism": "PLAIN"}, {"kafka_mechanism"}),
    ({"kafka_ca": __file__}, {"kafka_ca"}),
    ({"kafka_security": "SSL", "kafka_ca": "nowhere.pem"}, {"kafka_ca"}),
    ({"kafka_security": "SSL", "kafka_ca": __file__}, {"kafka_ca"}),
    ({"kafka_security": "TLS"}, {"kafka_security"}),
    ({"kafka": "no port"}, {"kafka"}),
])
def test_a_combination_that_cannot_work_is_refused_under_the_name_of_the_setting(given, named) -> None:
    with pytest.raises(ValidationError) as refused:
        KafkaSettings(**{"kafka": "127.0.0.1:9092", **given})

    assert {fault["loc"][0] for fault in refused.value.errors()} == named


def test_a_password_is_not_shown() -> None:
    settings = KafkaSettings(
        kafka="a:1,b:2", kafka_security="SASL_PLAINTEXT", kafka_mechanism="PLAIN", kafka_username="city", kafka_password="rain",
    )

    assert "rain" not in repr(settings) + repr(settings.bootstrap)
    assert settings.bootstrap.librdkafka()["sasl.password"] == "rain"
    assert settings.bootstrap.servers == ["a:1", "b:2"]
