"""The days and instants that the platform takes: one rule for every request, so that whatever is
accepted can be kept and folded.

Far from both ends of the calendar, each consumer can still add a month, look for the day before,
and say an instant in any time zone. A field of a command lies nearer: its contract says how far
from today (`eldercare.reach`), since nobody was born, certified or visited in 2190.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple

from buf.validate import validate_pb2
from eldercare import options_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from kit.contracts import rules
from kit.contracts.phrases import Phrase

FIRST_DAY = date(1900, 1, 1)
LAST_DAY = date(2199, 12, 31)
NO_END = date.max  # 9999-12-31, as certificates say that they hold for good (长期)

_EPOCH = date(1970, 1, 1)
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MONTH = "[0-9]{4}-[0-9]{2}"
SPAN = Phrase("lies from {first} to {last}", "应在 {first} 至 {last} 之间", key="SPAN_OF_DAYS")
SPAN_OR_NO_END = Phrase(
    "lies from {first} to {last}, or is {no_end} for no end",
    "应在 {first} 至 {last} 之间，无期限填 {no_end}",
    key="SPAN_OF_DAYS_OR_NO_END",
)


class Dated(NamedTuple):
    """A field of a message that holds a day, a month, an instant, or a message with such fields.

    reach: how far from today its contract lets it lie; None where the contract does not say.
    """

    name: str
    kind: str
    reach: options_pb2.Reach | None


class _Span(NamedTuple):
    """First and last day; no_end: 9999-12-31 lies in it too."""

    first: date
    last: date
    no_end: bool

    def holds(self, text: str) -> bool:
        """Whether a day or month lies in it, as it is written."""
        return str(self.first)[: len(text)] <= text <= str(self.last)[: len(text)] or (
            self.no_end and text == str(NO_END)
        )

    def holds_instant(self, seconds: int) -> bool:
        """Whether an instant does, by the day of UTC."""
        after = seconds // 86_400 + _EPOCH.toordinal()
        return self.first.toordinal() <= after <= self.last.toordinal()

    def rule(self) -> Phrase:
        """What is told of a value outside."""
        if self.no_end:
            return SPAN_OR_NO_END.of(first=self.first, last=self.last, no_end=NO_END)
        return SPAN.of(first=self.first, last=self.last)


def out_of_bounds(request: Message, today: date) -> Iterator[tuple[str, Phrase]]:
    """Field and rule of each day, month and instant of a request that the calendar does not have,
    or that lies where nothing can happen; an absent one breaks no rule.

    A field is a day or a month where its contract's pattern says so. today: the policy day from
    which a field's reach counts.
    """
    for name, kind, reach in dated(request.DESCRIPTOR):
        value = getattr(request, name)
        span = _span(kind, reach, today)
        if kind == "inner":
            for path, inner in _inner(request, name):
                yield from ((f"{path}.{at}", rule) for at, rule in out_of_bounds(inner, today))
        elif kind == "instant":
            if request.HasField(name) and not span.holds_instant(value.seconds):
                yield name, span.rule()
        elif value and not span.holds(value):
            yield name, span.rule()
        elif value and not _in_calendar(value):
            yield name, rules.NOT_IN_THE_CALENDAR


def _inner(request: Message, name: str) -> Iterator[tuple[str, Message]]:
    """Path and message of each message that a field holds."""
    if request.DESCRIPTOR.fields_by_name[name].is_repeated:
        yield from ((f"{name}[{at}]", one) for at, one in enumerate(getattr(request, name)))
    elif request.HasField(name):
        yield name, getattr(request, name)


def _span(kind: str, reach: options_pb2.Reach | None, today: date) -> _Span:
    if reach is None:
        return _Span(FIRST_DAY, LAST_DAY, no_end=kind == "day")
    first, last = (today + timedelta(days=days) for days in (-reach.days_back, reach.days_ahead))
    return _Span(max(FIRST_DAY, first), min(LAST_DAY, last), reach.no_end)


def _in_calendar(text: str) -> bool:
    try:
        date.fromisoformat(text if len(text) > len("2026-03") else f"{text}-01")
    except ValueError:
        return False
    return True


@cache
def dated(kind: Descriptor) -> list[Dated]:
    """The fields of a message that hold a day, a month, an instant or a message."""
    found = []
    for field in kind.fields:
        options = field.GetOptions()
        has_reach = options.HasExtension(options_pb2.reach)
        reach = options.Extensions[options_pb2.reach] if has_reach else None
        if field.message_type is not None:
            if field.message_type.GetOptions().map_entry:
                continue
            is_instant = field.message_type.full_name == Timestamp.DESCRIPTOR.full_name
            found.append(Dated(field.name, "instant" if is_instant else "inner", reach))
        elif field.type == FieldDescriptor.TYPE_STRING and not field.is_repeated:
            pattern = options.Extensions[validate_pb2.field].string.pattern
            if _DAY in pattern:
                found.append(Dated(field.name, "day", reach))
            elif _MONTH in pattern:
                found.append(Dated(field.name, "month", reach))
    return found
