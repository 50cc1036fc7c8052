"""Events at the ends of what the platform accepts: each consumer must be able to fold them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TypeVar

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from kit.contracts.days import FIRST_DAY, LAST_DAY, NO_END
from kit.contracts.wire import timestamp

FIRST = datetime(1900, 1, 1, tzinfo=UTC)
LAST = datetime(
    2199, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC
)  # and the last that a business clock shows
M = TypeVar("M", bound=Message)
ENDS = [(str(FIRST_DAY), FIRST), (str(LAST_DAY), LAST)]


def moved(message: M, day: str, at: datetime, certified_until: str = str(NO_END)) -> M:
    """The same message, with every day, month and instant of it put there; a certificate ends on a
    day of its own.
    """
    assert list(_moved(message, day, at, certified_until)), (
        f"{message.DESCRIPTOR.full_name} bears no time"
    )
    return message


def _moved(message: Message, day: str, at: datetime, certified_until: str) -> Iterator[str]:
    for field in message.DESCRIPTOR.fields:
        kind = field.message_type.full_name if field.message_type is not None else ""
        if kind == Timestamp.DESCRIPTOR.full_name:
            getattr(message, field.name).CopyFrom(timestamp(at))
        elif kind and not field.is_repeated and message.HasField(field.name):
            yield from _moved(getattr(message, field.name), day, at, certified_until)
            continue
        elif field.name == "certified_until":
            setattr(message, field.name, certified_until)
        elif field.name.endswith("_on") or field.name in ("valid_from", "valid_to", "month"):
            # who lives has no day of death
            if not field.has_presence or message.HasField(field.name):
                setattr(message, field.name, day[:7] if field.name == "month" else day)
        else:
            continue
        yield field.name
