"""How one value leaves a message, and how it enters one: instants, spans, ids, decimals."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

Convert = Callable[[Any], Any]

STRING = FieldDescriptor.CPPTYPE_STRING
ENUM = FieldDescriptor.CPPTYPE_ENUM
_BYTES = FieldDescriptor.TYPE_BYTES
_MESSAGE = FieldDescriptor.CPPTYPE_MESSAGE
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(stamp: Timestamp) -> datetime:
    """The aware UTC instant of a timestamp, to the microsecond."""
    return _EPOCH + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1000)


def timestamp(moment: datetime) -> Timestamp:
    """The timestamp of an aware instant. Raises: ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError(f"instant {moment} bears no time zone")
    whole = (moment - _EPOCH) // timedelta(microseconds=1)
    return Timestamp(seconds=whole // 1_000_000, nanos=whole % 1_000_000 * 1000)


def _map_value(field: FieldDescriptor) -> FieldDescriptor | None:
    entry = field.message_type
    if entry is None or not entry.GetOptions().map_entry:
        return None
    return entry.fields_by_name["value"]


def reads(field: FieldDescriptor) -> Convert | None:
    """How one value leaves a message; None for nested messages of ours."""
    if (inner := _map_value(field)) is not None:
        return None if inner.cpp_type == _MESSAGE else dict
    one = _read_one(field)
    if one is None or not field.is_repeated:
        return one
    return list if one is _same else lambda values: [one(value) for value in values]


def _read_one(field: FieldDescriptor) -> Convert | None:
    return _same if field.message_type is None else _READS.get(field.message_type.full_name)


def _same(value: Any) -> Any:
    return value


def writes(field: FieldDescriptor) -> Convert | None:
    """How one value enters a message; None where it may enter as it is."""
    one: Convert | None = None
    if field.message_type is not None:
        one = _WRITES.get(field.message_type.full_name)
    elif field.cpp_type == STRING and field.type != _BYTES:
        one = _text
    elif field.cpp_type not in (STRING, ENUM, FieldDescriptor.CPPTYPE_BOOL):
        one = _number
    if one is None or _map_value(field) is not None:
        return None
    return (lambda values: [one(value) for value in values]) if field.is_repeated else one


def _stamp(value: Any) -> Any:
    return timestamp(value) if isinstance(value, datetime) else value


def _lapse(value: Any) -> Any:
    if not isinstance(value, timedelta):
        return value
    lapse = Duration()
    lapse.FromTimedelta(value)
    return lapse


def _text(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        raise ValueError("an instant travels as a Timestamp, not as text")
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _number(value: Any) -> Any:
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else float(value)


_READS: dict[str, Convert] = {
    "google.protobuf.Timestamp": instant,
    "google.protobuf.Duration": Duration.ToTimedelta,
}
_WRITES: dict[str, Convert] = {
    "google.protobuf.Timestamp": _stamp,
    "google.protobuf.Duration": _lapse,
}
