"""Message → JSON object by a plan made once per type.

`json_format.MessageToDict` asks each field of each message again what it is: it took a tenth of the
gateway's time for a small record and most of it for a board. A test holds the two equal for every
reply of the contracts.
"""

import base64
import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

Write = Callable[..., object]  # of the values of one field

# a double of JavaScript holds 53 bits
_TEXT = frozenset({FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64})
_AS_THEY_ARE = frozenset(
    {FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_UINT32, FieldDescriptor.CPPTYPE_BOOL}
)


class _Step(NamedTuple):
    """presence: printed only where it is set. write: None where the value may stay as it is."""

    name: str
    presence: bool
    write: Write | None


def document(message: Message) -> dict[str, object]:
    """The message as a JSON object: fields without presence are printed also where they are
    empty.
    """
    written = {}
    for name, presence, write in _plan(message.DESCRIPTOR):
        if presence and not message.HasField(name):
            continue
        value = getattr(message, name)
        written[name] = value if write is None else write(value)
    return written


@cache
def _plan(kind: Descriptor) -> tuple[_Step, ...]:
    return tuple(_Step(field.name, field.has_presence, _write(field)) for field in kind.fields)


def _write(field: FieldDescriptor) -> Write | None:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return _mapped(_one(field.message_type.fields_by_name["value"]))
    one = _one(field)
    if not field.is_repeated:
        return one
    return list if one is None else lambda values: [one(value) for value in values]


def _mapped(one: Write | None) -> Write:
    def write(values: Mapping[object, object]) -> dict[str, object]:
        return {_key(key): value if one is None else one(value) for key, value in values.items()}

    return write


def _key(key: object) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def _one(field: FieldDescriptor) -> Write | None:
    if field.message_type is not None:
        return _known if field.message_type.full_name.startswith("google.protobuf.") else document
    if field.enum_type is not None:
        names = {value.number: value.name for value in field.enum_type.values}
        return lambda number: names.get(number, number)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _base64
    if field.cpp_type in _TEXT:
        return str
    if field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE:
        return _double
    if field.cpp_type in _AS_THEY_ARE or field.type == FieldDescriptor.TYPE_STRING:
        return None
    return _never


def _known(message: Message) -> object:
    to_json = getattr(message, "ToJsonString", None)
    if to_json is not None:
        return to_json()
    return json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _double(value: float) -> float | str:
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _never(_: object) -> object:
    raise TypeError(
        "the contracts have no float of 32 bits: its decimal form depends on the reader"
    )
