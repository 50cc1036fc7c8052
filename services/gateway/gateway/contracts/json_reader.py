"""JSON object → message by a plan made once per type, told in our own words where it does not fit.

Why ours: `json_format.ParseDict` takes an enumeration's numbers, two spellings of each name, and
texts that no message can hold, and its sentences name fields in several ways. A test holds the two
equal for whatever this one takes.
"""

import re
import sys
from collections.abc import Callable, Mapping
from functools import cache

from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from gateway.contracts.json_text import shown
from kit.contracts import rules, texts, values
from kit.contracts.refusals import Malformed

Read = Callable[[object, str], object]  # a value and where it stands → what the message takes

_WHOLE = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_REAL = re.compile(r"-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,4})?", re.ASCII)
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])",
    re.ASCII,
)
_RANGES = {
    FieldDescriptor.CPPTYPE_INT32: (-(1 << 31), (1 << 31) - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(1 << 63), (1 << 63) - 1),
}


def message(kind: Descriptor, document: Mapping[str, object], above: str = "") -> Message:
    """The message of a JSON object. A null is as good as absent; a number may be written as text,
    as JSON of protobuf has it. above: the names that lead here, each with its dot.

    Raises: Malformed, naming the field in dots.
    """
    plan = _plan(kind)
    given: dict[str, object] = {}
    for name, value in document.items():
        read = plan.get(name)
        if read is None:
            rule = rules.ONE_OF.of(names=", ".join(plan)) if plan else rules.NOTHING
            raise Malformed(f"{above}{shown(name)}", rule)
        if value is not None:
            given[name] = read(value, f"{above}{name}")
    return message_factory.GetMessageClass(kind)(**given)


@cache
def _plan(kind: Descriptor) -> dict[str, Read]:
    return {field.name: _field(field) for field in kind.fields}


def _field(field: FieldDescriptor) -> Read:
    one = _one(field)
    if not field.is_repeated:
        return one

    def read(value: object, at: str) -> object:
        if not isinstance(value, list):
            raise Malformed(at, rules.LIST)
        return [one(inner, f"{at}[{position}]") for position, inner in enumerate(value)]

    return read


def _one(field: FieldDescriptor) -> Read:
    if field.message_type is not None:
        is_instant = field.message_type.full_name == Timestamp.DESCRIPTOR.full_name
        return _instant if is_instant else _inner(field.message_type)
    if field.enum_type is not None:
        return _member(values.names(field))
    if field.cpp_type in _RANGES:
        return _whole(*_RANGES[field.cpp_type])
    return {
        FieldDescriptor.TYPE_STRING: _text,
        FieldDescriptor.TYPE_BOOL: _truth,
        FieldDescriptor.TYPE_DOUBLE: _real,
    }.get(field.type, _never)


def _inner(kind: Descriptor) -> Read:
    def read(value: object, at: str) -> Message:
        if not isinstance(value, Mapping):
            raise Malformed(at, rules.OBJECT)
        return message(kind, value, f"{at}.")

    return read


def _text(value: object, at: str) -> str:
    if not isinstance(value, str):
        raise Malformed(at, rules.TEXT)
    if rule := texts.fault(value):
        raise Malformed(at, rule)
    return value


def _truth(value: object, at: str) -> bool:
    if not isinstance(value, bool):
        raise Malformed(at, rules.TRUTH)
    return value


def _member(names: tuple[str, ...]) -> Read:
    rule = rules.ONE_OF.of(names=", ".join(names))

    def read(value: object, at: str) -> str:
        if not isinstance(value, str) or value not in names:
            raise Malformed(at, rule)
        return value

    return read


def _whole(least: int, most: int) -> Read:
    rule = rules.WHOLE.of(least=least, most=most)

    def read(value: object, at: str) -> int:
        if isinstance(value, str):
            value = int(value) if _WHOLE.fullmatch(value) else None
        elif isinstance(value, float):
            value = int(value) if value.is_integer() else None
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise Malformed(at, rule)
        return value

    return read


def _real(value: object, at: str) -> float:
    if isinstance(value, str) and _REAL.fullmatch(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Malformed(at, rules.NUMBER)
    if not abs(value) <= sys.float_info.max:  # neither is NaN
        raise Malformed(at, rules.NUMBER)
    return float(value)


def _instant(value: object, at: str) -> Timestamp:
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        stamp = Timestamp()
        try:
            stamp.FromJsonString(value)
        except ValueError:  # a day or an hour that does not exist
            pass
        else:
            return stamp
    raise Malformed(at, rules.INSTANT)


def _never(_: object, at: str) -> object:
    raise TypeError(f"{at}: no request of JSON holds bytes, maps or unsigned numbers")
