"""Requests that satisfy the contract, and every way to spoil one; made from the descriptors and
judged by the constraints themselves.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import protovalidate
from buf.validate import validate_pb2
from eldercare import options_pb2
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from gateway.contracts.methods import Method, methods
from kit.contracts.numbers import resident_check

Document = dict[str, Any]
NOBODY = ("019a0000-0000-7000-8000-0000000000aa", "019a0000-0000-7000-8000-0000000000ab")
FITTING: dict[str, Any] = {
    "business_phone": "0550-3012345",
    "phone": "13900000001",
    "contact_phone": "13900000002",
    "id_number": f"34119919500101001{resident_check('34119919500101001')}",
    "credit_code": "12341100MA00002855",
    "area_code": "341102001003",
    "month": "2026-01",
    "month_from": "2026-01",
    "month_to": "2026-02",
    "code": "POP01",
    "item_code": "meal-delivery",
    "lon": 118.3,
    "lat": 32.3,
    "beds": 2,
    "nursing_beds": 1,
    "shift_from_min": 480,
    "shift_to_min": 1080,
    "wanted_from": "2026-02-12T02:00:00Z",
    "wanted_to": "2026-02-12T04:00:00Z",
    "at": "2026-02-11T02:00:00Z",
    "after": "",
    "diagnoses": ["I10"],
    "moved_out": False,
    "level": 3,
}
PLACES = re.compile(r"{(\w+)}")


@dataclass(frozen=True)
class Spoiled:
    """A request that must be refused. field: what the refusal names. body: whole, without what
    stands in the path.
    """

    why: str
    field: str
    body: Document


def writes() -> list[Method]:
    """Every method that changes something and takes JSON."""
    return [method for method in methods() if method.access.writes and not method.takes_file]


def reads() -> list[Method]:
    """Every other method."""
    return [method for method in methods() if not method.access.writes]


def named(method: Method) -> str:
    """How a test calls a method."""
    return f"{method.verb} {method.path}"


def filled(path: str, values: Mapping[str, Any]) -> str:
    """The path with its braces filled."""
    return PLACES.sub(lambda found: str(values[found[1]]), path)


def example(method: Method) -> Document:
    """A request with every field given, that satisfies its constraints."""
    document = _object(method.request.DESCRIPTOR)
    assert not broken(method, document), f"{method.full_name}: {broken(method, document)}"
    return document


def least(method: Method) -> Document:
    """The same with nothing in it that may be left out."""
    document = example(method)
    return {
        name: value
        for name, value in document.items()
        if name in PLACES.findall(method.path) or _left_out(method, document, (name,))
    }


def telling(method: Method) -> Document:
    """The least request that says something: where all may be left out of the body, one field is
    given.
    """
    document, whole = least(method), example(method)
    more = [name for name in whole if name not in document and whole[name] is not True]
    return (
        document
        if len(document) > len(PLACES.findall(method.path)) or not more
        else document | {more[0]: whole[more[0]]}
    )


def broken(method: Method, document: Document) -> list[str]:
    """Paths of the fields whose constraints a document breaks."""
    message: Message = json_format.ParseDict(document, method.request())
    return [
        ".".join(element.field_name for element in violation.proto.field.elements)
        for violation in protovalidate.collect_violations(message)
    ]


def spoiled(method: Method) -> Iterator[Spoiled]:
    """One request for each thing that can be wrong with the body."""
    whole, in_path = example(method), PLACES.findall(method.path)
    body = {name: value for name, value in whole.items() if name not in in_path}
    yield Spoiled("an unknown field", "nobody_knows", body | {"nobody_knows": 1})
    for path, field in _fields(method.request.DESCRIPTOR, whole):
        if path[0] in in_path:
            continue
        dotted = ".".join(path)
        if _left_out(method, whole, path):
            yield Spoiled(f"{dotted} is missing", dotted, _changed(body, path))
        for wrong in _wrong_types(field):
            yield Spoiled(f"{dotted} is {wrong!r}", dotted, _changed(body, path, wrong))
        for bad in _bad_values(field):
            if dotted in _of_document(method, _changed(whole, path, bad)):
                yield Spoiled(f"{dotted} is {str(bad)[:30]!r}", dotted, _changed(body, path, bad))


def nonsense(method: Method) -> Iterator[Spoiled]:
    """Requests that satisfy every constraint of the contract and yet mean nothing: days and months
    that no calendar has.
    """
    for path, field in _fields(method.request.DESCRIPTOR, example(method)):
        text = field.GetOptions().Extensions[validate_pb2.field].string.pattern
        for value in {
            "^[0-9]{4}-[0-9]{2}-[0-9]{2}$": ("2026-02-31", "0000-00-00"),
            "^[0-9]{4}-[0-9]{2}$": ("2026-13", "0000-00"),
            "^$|^[0-9a-f-]{36}$": ("-" * 36,),
            "^[0-9]{12}$": ("999999999999",),
        }.get(text, ()):
            yield Spoiled(
                f"{'.'.join(path)} is {value}",
                ".".join(path),
                _changed(example(method), path, value),
            )


def _of_document(method: Method, document: Document) -> list[str]:
    try:
        return broken(method, document)
    except json_format.ParseError:
        return []


def _left_out(method: Method, whole: Document, path: tuple[str, ...]) -> bool:
    """True where the constraints do not let a field be left out."""
    return ".".join(path) in broken(method, _changed(whole, path))


def _changed(document: Document, path: tuple[str, ...], value: Any = None) -> Document:
    """A copy with another value at a path; without the field where the value is None."""
    first, *rest = path
    copy = dict(document)
    if rest:
        copy[first] = _changed(copy[first], tuple(rest), value)
    elif value is None:
        copy.pop(first, None)
    else:
        copy[first] = value
    return copy


def _fields(
    kind: Descriptor, document: Document, above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], FieldDescriptor]]:
    for field in kind.fields:
        path = (*above, field.name)
        yield path, field
        if isinstance(document.get(field.name), dict):
            # of many alike, a few will do
            yield from list(_fields(field.message_type, document[field.name], path))[:3]


def _wrong_types(field: FieldDescriptor) -> tuple[Any, ...]:
    if field.is_repeated:
        return ("one", {"a": 1})
    if field.message_type is not None:
        return (
            ("yesterday", 5)
            if field.message_type.full_name == "google.protobuf.Timestamp"
            else ("none", 5)
        )
    if field.enum_type is not None:
        return ("NOT_A_MEMBER", {})
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return (5, ["text"])
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return ("perhaps", 3)
    return (
        ("many", {}, 1.5)
        if field.cpp_type in (FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64)
        else ("many", {})
    )


def _bad_values(field: FieldDescriptor) -> tuple[Any, ...]:
    """Values of the right type, of which the constraints refuse some."""
    if field.is_repeated:
        one = _value(field)
        return ([], one[:1], one[:1] * 2, [_zero(field)], one * 50)
    if field.enum_type is not None:
        return (*(value.name for value in field.enum_type.values), 99)
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return ("", "!", "x" * 5000, "1234", "2026-1-1", "ab\u0000cd")
    if field.cpp_type in (
        FieldDescriptor.CPPTYPE_INT32,
        FieldDescriptor.CPPTYPE_INT64,
        FieldDescriptor.CPPTYPE_DOUBLE,
    ):
        return (-1, 10_000, 2_000_000_000)
    return ()


def _zero(field: FieldDescriptor) -> Any:
    return field.enum_type.values[0].name if field.enum_type is not None else "!"


def _object(kind: Descriptor) -> Document:
    return {field.name: _value(field) for field in kind.fields}


def _value(field: FieldDescriptor) -> Any:
    rules = field.GetOptions().Extensions[validate_pb2.field]
    if field.name in FITTING:
        return FITTING[field.name]
    if field.is_repeated:
        return _several(field, rules)
    if field.message_type is not None:
        return (
            FITTING["at"]
            if field.message_type.full_name == "google.protobuf.Timestamp"
            else _object(field.message_type)
        )
    if field.enum_type is not None:
        return _members(field, rules.enum)[0]
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return True
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return _text(field, rules)
    return 1


def _several(field: FieldDescriptor, rules: Any) -> list[Any]:
    if field.enum_type is not None:
        return _members(field, rules.repeated.items.enum)[:2]
    return list(NOBODY) if rules.repeated.items.string.uuid else ["example"]


def _members(field: FieldDescriptor, rules: Any) -> list[str]:
    return [
        value.name
        for value in field.enum_type.values
        if value.number and value.number not in rules.not_in
    ]


def _text(field: FieldDescriptor, rules: Any) -> str:
    if rules.string.uuid:
        return NOBODY[0]
    if rules.string.pattern.count("-") < 5:
        return "example"
    reach = field.GetOptions().Extensions[options_pb2.reach]
    looks_ahead = reach.days_ahead > reach.days_back
    return "2026-06-01" if looks_ahead else "2026-01-20"
