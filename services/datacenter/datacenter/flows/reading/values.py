"""The values that events are turned into, and the table of what turns them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any, NamedTuple

from google.protobuf.message import Message

from datacenter.rules import months
from datacenter.rules.measures import Limits, Measure


class Kind(IntEnum):
    """The kinds of things that counts are made of."""

    ELDER = 1
    ASSESSMENT = 2
    ORDER = 3
    SETTLEMENT = 4
    COMPLAINT = 5
    FACILITY = 6
    WORKER = 7
    STAY = 8
    APPLICATION = 9


Note = tuple[int, str, Callable[..., None], tuple[Any, ...]]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class When(NamedTuple):
    """The place of an event in time. month: Asia/Shanghai, by business time; at: microseconds;
    sequence: its thing's version.
    """

    month: int
    sequence: int
    at: int

    @classmethod
    def of(cls, time: datetime, sequence: int) -> "When":
        """From an event's business time and version."""
        at = (time - _EPOCH) // _MICROSECOND
        return cls(months.of_seconds(at // 1_000_000), sequence, at)


Said = tuple[list[Note], list[tuple[Measure, str, int, int]]]
Reader = Callable[[Any, When, Limits], Said]


class Readers:
    """The readers of one file by the full name of what they read. `@reads(Event, …)` puts one in."""

    def __init__(self) -> None:
        self.by_name: dict[str, Reader] = {}

    def __call__(self, *kinds: type[Message]) -> Callable[[Reader], Reader]:
        def register(reader: Reader) -> Reader:
            self.by_name.update({kind.DESCRIPTOR.full_name: reader for kind in kinds})
            return reader

        return register
