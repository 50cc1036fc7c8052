import json
import uuid
from datetime import timedelta

import pytest
from eldercare.assessment.v1.events_pb2 import Elder, ElderChanged

from kit.contracts import ids
from kit.messaging import outbox
from kit.messaging.outbox import Cause, InvalidEvent, emit, route
from kit.observability import names, traces


async def headers_of(pebbles, event, **options) -> dict[str, str]:
    async with pebbles.store.rehearsal() as session:
        emit(session, event, **options)
        return json.loads(session.messages[0].headers)


async def test_a_message_bears_what_cloud_events_ask_for(pebbles, withdrawn, clock) -> None:
    key = uuid.uuid4()

    async with pebbles.store.rehearsal() as session:
        event = emit(session, withdrawn(key), sequence=7)
        [message] = session.messages

    headers = json.loads(message.headers)
    recorded = headers.pop("ce_recordedtime")
    assert message.event is event
    assert (message.topic, message.key, message.payload) == (
        "eldercare.application.v1",
        str(key),
        event.SerializeToString(),
    )
    assert headers == {
        "content-type": "application/protobuf",
        "ce_specversion": "1.0",
        "ce_id": str(message.id),
        "ce_source": f"/eldercare/kit/application/{key}",
        "ce_type": "eldercare.assessment.v1.ApplicationWithdrawn",
        "ce_subject": str(key),
        "ce_time": "2026-03-02T01:00:00.000000Z",
        "ce_partitionkey": str(key),
        "ce_sequence": "00000000000000000007",
        "ce_correlationid": str(message.id),
    }
    assert recorded == message.recorded_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert abs(ids.instant(message.id) - message.recorded_at) < timedelta(seconds=1)


async def test_the_cause_and_the_trace_travel_with_the_message(pebbles, withdrawn) -> None:
    origin = f"00-{'1' * 32}-{'2' * 16}-01"
    token = outbox.cause.set(Cause("flow", "parent", origin))
    try:
        with traces.span(names.FIRED, root=True, kind="trial"):
            headers = await headers_of(pebbles, withdrawn(uuid.uuid4()))
            here = traces.traceparent()
    finally:
        outbox.cause.reset(token)

    assert (headers["ce_correlationid"], headers["ce_causationid"]) == ("flow", "parent")
    assert (headers["traceparent"], headers["ce_traceparent"]) == (here, origin)


async def test_every_header_is_text_that_kafka_clients_can_read(pebbles, withdrawn) -> None:
    headers = await headers_of(pebbles, withdrawn(uuid.uuid4()))

    assert all(
        isinstance(value, str) and value and value.encode().decode() == value
        for value in headers.values()
    )


async def test_an_event_that_breaks_its_contract_is_not_collected(pebbles, withdrawn) -> None:
    event = withdrawn(uuid.uuid4())
    event.area_code = "3411"

    async with pebbles.store.rehearsal() as session:
        with pytest.raises(
            InvalidEvent, match=r"ApplicationWithdrawn breaks its contract: area_code: .*pattern"
        ):
            emit(session, event)
        assert session.messages == []


async def test_a_nested_key_is_followed_and_state_needs_a_version(pebbles) -> None:
    assert route(ElderChanged).topic == "eldercare.elder.v1"
    assert route(ElderChanged).key(ElderChanged(elder=Elder(elder_id="abc"))) == "abc"

    async with pebbles.store.rehearsal() as session:
        with pytest.raises(InvalidEvent, match="listeners need the row's version"):
            emit(session, ElderChanged(elder=Elder(elder_id="abc")))


def test_a_message_that_is_no_event_has_no_route() -> None:
    with pytest.raises(InvalidEvent, match="Elder is no event"):
        route(Elder)


async def test_messages_of_one_key_share_a_part_and_keys_spread_over_all_parts(
    pebbles, withdrawn
) -> None:
    pebbles.store.parts = 4

    async with pebbles.store.rehearsal() as session:
        keys = [uuid.uuid4() for _ in range(100)]
        for key in keys * 2:
            emit(session, withdrawn(key))

        parts = {(message.key, message.part) for message in session.messages}
    assert len(parts) == 100
    assert {part for _, part in parts} == {0, 1, 2, 3}


async def test_an_event_that_no_broker_would_take_is_not_collected(pebbles, withdrawn) -> None:
    token = outbox.cause.set(Cause("f" * outbox.MOST_BYTES))
    try:
        async with pebbles.store.rehearsal() as session:
            with pytest.raises(InvalidEvent, match="900000 with headers and key are the most"):
                emit(session, withdrawn(uuid.uuid4()), sequence=1)
            assert session.messages == []
    finally:
        outbox.cause.reset(token)
