"""What a relay does with its producer: hands over messages in their order, and lets go of it
without another word.
"""

import asyncio
import json
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.structs import RecordMetadata

from kit.db.driver import Row
from kit.observability import names, traces

Sent = list[asyncio.Future[RecordMetadata]]


async def send(producer: AIOKafkaProducer, rows: Sequence[Row], sent: Sent) -> None:
    """Hands over the messages; `sent` grows by what each of them will have come to."""
    for row in rows:
        headers: dict[str, str] = json.loads(row["headers"])
        if traces.provider is None:  # a span costs more than the sending
            sent.append(await _handed_over(producer, row, headers))
            continue
        # the message keeps the context of the transaction that wrote it; this span stands beside it
        # in the same trace
        origin, topic = headers.get("traceparent"), row["topic"]
        with traces.span(
            names.SENT,
            parent=origin,
            links=[origin],
            attributes={"messaging.destination.name": topic},
            topic=topic,
        ):
            sent.append(await _handed_over(producer, row, headers))


async def _handed_over(
    producer: AIOKafkaProducer, row: Row, headers: dict[str, str]
) -> asyncio.Future[RecordMetadata]:
    encoded = [(name, value.encode()) for name, value in headers.items()]
    return await producer.send(  # type: ignore[no-any-return]
        row["topic"], row["payload"], row["key"].encode(), headers=encoded
    )


async def close_unflushed(producer: AIOKafkaProducer) -> None:
    """Cuts the producer's connections with what is queued unsent; `stop()` would first send it all,
    for a part we may not own.
    """
    producer._closed = True
    sender = producer._sender.sender_task if producer._sender is not None else None
    if sender is not None:
        sender.cancel()
    await producer.client.close()
    while sender is not None and not sender.done():
        await asyncio.wait((sender,), timeout=0.1)
        # on the first cancel it waits for requests in flight, and they for a broker that is no
        # longer asked
        sender.cancel()
    await producer.client.close()  # the sender may have connected meanwhile
    if sender is not None and not sender.cancelled():
        sender.exception()  # looked at, so that nobody warns of it
