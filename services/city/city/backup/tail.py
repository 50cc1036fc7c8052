"""The tail of Kafka: what not every group has read yet, copied raw into one file, and put into new
topics where it belongs to the past.

The file is a run of entries: 4 bytes of length, 4 bytes of CRC-32, then the record: topic,
partition, offset, timestamp, key, value, headers. Numbers are big-endian; a text is UTF-8 behind
its length of 4 bytes, where 2^32 − 1 stands for none.
"""

import os
import struct
import time
import zlib
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from kit.messaging.bootstrap import Bootstrap

Partition = tuple[str, int]
Offsets = dict[Partition, "array[int]"]
Say = Callable[[str], None]

ANSWER_S = 30.0
REPORT_EVERY = 100_000  # records between two lines of progress
_ENTRY = struct.Struct(">II")
_NUMBER = struct.Struct(">I")
_HEAD = struct.Struct(">iqq")
_NONE = 0xFFFFFFFF
_YOUNG = (
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
)


class Damaged(Exception):
    """The file of the tail is not as it was written."""


class Lost(Exception):
    """Kafka no longer holds what a group has not read, or holds less than was read."""


class Record(NamedTuple):
    """A record as it lay in Kafka. at: its timestamp in milliseconds since 1970."""

    topic: str
    partition: int
    offset: int
    at: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


def bounds(kafka: Bootstrap, topics: list[str]) -> dict[Partition, tuple[int, int]]:
    """First offset and the one behind the last of every partition of these topics. Raises:
    KafkaException.
    """
    consumer = _consumer(kafka)
    try:
        known = consumer.list_topics(timeout=ANSWER_S).topics
        places = [
            (topic, partition)
            for topic in topics
            if topic in known
            for partition in sorted(known[topic].partitions)
        ]
        return {place: _bounds(consumer, place) for place in places}
    finally:
        consumer.close()


def _bounds(consumer: Consumer, place: Partition) -> tuple[int, int]:
    until = time.monotonic() + ANSWER_S
    while True:
        try:
            return consumer.get_watermark_offsets(TopicPartition(*place), timeout=ANSWER_S)
        except KafkaException as error:  # a partition that was just made has no leader yet
            if error.args[0].code() not in _YOUNG or time.monotonic() > until:
                raise
            time.sleep(0.2)


def copy(
    kafka: Bootstrap, file: Path, starts: Mapping[Partition, int], say: Say
) -> dict[Partition, int]:
    """Writes every record from these offsets up to the present end, and returns the ends. Raises:
    Lost, KafkaException.
    """
    now = bounds(kafka, sorted({topic for topic, _ in starts}))
    for place, start in starts.items():
        begin, end = now[place]
        if not begin <= start <= end:
            raise Lost(
                f"{place[0]}/{place[1]} holds offsets {begin} to {end}, and {start} is wanted"
            )
    open_ = {place for place, start in starts.items() if start < now[place][1]}
    count = 0
    consumer = _consumer(kafka)
    try:
        consumer.assign([TopicPartition(*place, starts[place]) for place in sorted(open_)])
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
            while open_:
                message = _next(consumer)
                place, offset = _place(message)
                if message.error() is None and offset < now[place][1]:
                    _write(opened, _record(message))
                    count += 1
                    if count % REPORT_EVERY == 0:
                        say(f"{count} records copied, {len(open_)} partitions to go")
                # a gap before the end is no record that is missing: the log was compacted
                if message.error() is not None or offset + 1 >= now[place][1]:
                    open_.discard(place)
            opened.flush()
            os.fsync(opened.fileno())
    finally:
        consumer.close()
    return {place: now[place][1] for place in starts}


def read(file: Path) -> Iterator[Record]:
    """The records in their order. Raises: Damaged."""
    with file.open("rb") as opened:
        at = 0
        while head := opened.read(_ENTRY.size):
            length, checksum = _ENTRY.unpack(head) if len(head) == _ENTRY.size else (0, 0)
            body = opened.read(length)
            if len(body) != length or not length or zlib.crc32(body) != checksum:
                raise Damaged(f"{file}: the entry at byte {at} is not as it was written")
            at += _ENTRY.size + length
            yield _decoded(body)


def refill(
    kafka: Bootstrap, file: Path, spans: Mapping[Partition, tuple[int, int]], say: Say
) -> Offsets:
    """Puts the records of these spans of offsets into empty topics, each into its partition, in
    order, as it was.

    Returns the old offsets of what each partition holds now; its first record lies at offset 0.
    Raises: Damaged, Lost, KafkaException.
    """
    producer = Producer(
        {
            **kafka.librdkafka(),
            "enable.idempotence": True,
            "compression.type": "none",
            "linger.ms": 20,
        }
    )
    kept: Offsets = {place: array("q") for place in spans}
    failed: Counter[str] = Counter()

    def done(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            failed[error.str()] += 1

    count = 0
    for record in read(file):
        first, end = spans.get((record.topic, record.partition), (0, 0))
        if not first <= record.offset < end:
            continue
        while True:
            try:
                producer.produce(
                    record.topic,
                    record.value,
                    record.key,
                    record.partition,
                    done,
                    timestamp=record.at,
                    headers=[*record.headers],
                )
                break
            except BufferError:
                producer.poll(1)
        kept[record.topic, record.partition].append(record.offset)
        count += 1
        if count % REPORT_EVERY == 0:
            say(f"{count} records put back")
        producer.poll(0)
    if producer.flush(ANSWER_S) or failed:
        raise Lost(
            f"the new topics did not take everything: {', '.join(failed) or 'no acknowledgement'}"
        )
    for place, (begin, end) in bounds(kafka, sorted({topic for topic, _ in spans})).items():
        if place in kept and (begin, end) != (0, len(kept[place])):
            raise Lost(
                f"{place[0]}/{place[1]} was not empty: it holds offsets {begin} to {end}, "
                f"not 0 to {len(kept[place])}"
            )
    return kept


def _consumer(kafka: Bootstrap) -> Consumer:
    return Consumer(
        {
            **kafka.librdkafka(),
            "group.id": "eldercare-tail",
            "enable.auto.commit": False,
            "auto.offset.reset": "error",
            "enable.partition.eof": True,
            "check.crcs": True,
        }
    )


def _next(consumer: Consumer) -> Message:
    message = consumer.poll(ANSWER_S)
    if message is None:
        raise Lost(f"Kafka said nothing for {ANSWER_S:.0f} s")
    error = message.error()
    if error is not None and error.code() != KafkaError._PARTITION_EOF:
        raise KafkaException(error)
    return message


def _place(message: Message) -> tuple[Partition, int]:
    topic = message.topic()
    partition = message.partition()
    offset = message.offset()
    assert topic is not None
    assert partition is not None
    assert offset is not None
    return (topic, partition), offset


def _record(message: Message) -> Record:
    headers: list[tuple[str, bytes | None]] = []
    for name, text in cast("list[tuple[str, str | bytes | None]]", message.headers() or []):
        headers.append((name, text.encode() if isinstance(text, str) else text))
    key = message.key()
    value = message.value()
    assert key is None or isinstance(key, bytes)
    assert value is None or isinstance(value, bytes)
    (topic, partition), offset = _place(message)
    return Record(topic, partition, offset, message.timestamp()[1], key, value, headers)


def _write(opened: BinaryIO, record: Record) -> None:
    parts = [_sized(record.topic.encode()), _HEAD.pack(record.partition, record.offset, record.at)]
    parts += [_sized(record.key), _sized(record.value), _NUMBER.pack(len(record.headers))]
    parts += [_sized(each) for name, value in record.headers for each in (name.encode(), value)]
    body = b"".join(parts)
    opened.write(_ENTRY.pack(len(body), zlib.crc32(body)) + body)


def _sized(text: bytes | None) -> bytes:
    return _NUMBER.pack(_NONE) if text is None else _NUMBER.pack(len(text)) + text


def _decoded(body: bytes) -> Record:
    at = 0

    def number() -> int:
        nonlocal at
        (found,) = _NUMBER.unpack_from(body, at)
        at += _NUMBER.size
        return int(found)

    def sized() -> bytes | None:
        nonlocal at
        length = number()
        if length == _NONE:
            return None
        at += length
        return body[at - length : at]

    topic = (sized() or b"").decode()
    partition, offset, instant = _HEAD.unpack_from(body, at)
    at += _HEAD.size
    key = sized()
    value = sized()
    return Record(
        topic,
        partition,
        offset,
        instant,
        key,
        value,
        [((sized() or b"").decode(), sized()) for _ in range(number())],
    )
