"""The days and instants that the platform takes: one rule for every request, so that whatever is
accepted can be kept and folded.

Far from both ends of the calendar, each consumer can still add a month, look for the day before,
and say an instant in any time zone.
"""

from collections.abc import Iterator
from datetime import date
from functools import cache

from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from kit.contracts.phrases import Phrase

FIRST_DAY = date(1900, 1, 1)
LAST_DAY = date(2199, 12, 31)
NO_END = date.max  # 9999-12-31, as certificates say that they hold for good (长期)

_EPOCH = date(1970, 1, 1)
_FIRST_S, _END_S = (
    (ordinal - _EPOCH.toordinal()) * 86_400
    for ordinal in (FIRST_DAY.toordinal(), LAST_DAY.toordinal() + 1)
)
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MONTH = "[0-9]{4}-[0-9]{2}"
SPAN = Phrase("lies from {first} to {last}", "应在 {first} 至 {last} 之间", key="SPAN_OF_DAYS")
SPAN_OR_NO_END = Phrase(
    "lies from {first} to {last}, or is {no_end} for no end",
    "应在 {first} 至 {last} 之间，无期限填 {no_end}",
    key="SPAN_OF_DAYS_OR_NO_END",
)
_SPAN = SPAN.of(first=FIRST_DAY, last=LAST_DAY)
_DAY_SPAN = SPAN_OR_NO_END.of(first=FIRST_DAY, last=LAST_DAY, no_end=NO_END)
_RULES = {"day": _DAY_SPAN, "month": _SPAN, "instant": _SPAN}


def out_of_bounds(request: Message) -> Iterator[tuple[str, Phrase]]:
    """Field and rule of each day, month and instant of a request that lies where nothing can
    happen; an absent one breaks no rule.

    A field is a day or a month where its contract's pattern says so. Whether the calendar has the
    day is not asked here.
    """
    for name, kind in _asked(request.DESCRIPTOR):
        value = getattr(request, name)
        if kind == "inner":
            if request.HasField(name):
                yield from ((f"{name}.{inner}", rule) for inner, rule in out_of_bounds(value))
        elif kind == "instant":
            if request.HasField(name) and not _FIRST_S <= value.seconds < _END_S:
                yield name, _RULES[kind]
        elif value and not _may_be(value, kind):
            yield name, _RULES[kind]


def _may_be(text: str, kind: str) -> bool:
    return str(FIRST_DAY)[: len(text)] <= text <= str(LAST_DAY)[: len(text)] or (
        kind == "day" and text == str(NO_END)
    )


@cache
def _asked(kind: Descriptor) -> list[tuple[str, str]]:
    """Of a message: its fields that hold a day, a month, an instant or a message, and which of
    these.
    """
    found = []
    for field in kind.fields:
        if field.is_repeated:
            continue
        if field.message_type is not None:
            is_instant = field.message_type.full_name == Timestamp.DESCRIPTOR.full_name
            found.append((field.name, "instant" if is_instant else "inner"))
        elif field.type == FieldDescriptor.TYPE_STRING:
            pattern = field.GetOptions().Extensions[validate_pb2.field].string.pattern
            if _DAY in pattern:
                found.append((field.name, "day"))
            elif _MONTH in pattern:
                found.append((field.name, "month"))
    return found
