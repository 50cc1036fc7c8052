"""Rows and messages fill each other by field name; a target field without a source raises."""

from collections.abc import Callable, Mapping
from enum import IntEnum
from functools import cache
from typing import Any, TypeVar

import asyncpg
from eldercare import options_pb2
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from pydantic import ValidationError
from pydantic_core import PydanticUndefined
from sqlmodel import SQLModel

from kit.contracts import rules
from kit.contracts.refusals import Malformed
from kit.contracts.wire_values import ENUM, STRING, Convert, reads, writes
from kit.contracts.wire_values import instant as instant
from kit.contracts.wire_values import timestamp as timestamp

Row = TypeVar("Row", bound=SQLModel)
Kind = TypeVar("Kind", bound=Message)

UNSPECIFIED = 0  # number of the zero value of each enum


class NoSource(TypeError):
    """A field of the target is neither given nor in the source: the two vocabularies differ, a
    defect of ours.
    """


def row(table: type[Row], message: Message, **given: Any) -> Row:
    """A new validated row: each column from `given`, else from the message's field of that name,
    else from its own default.

    An enum value that this release does not know becomes 0, unspecified, where the message is an
    event.
    Raises: NoSource where a column has none of the three; Malformed where the message's value does
    not fit the column.
    """
    return _filled(
        table, message, given, event=message.DESCRIPTOR.GetOptions().HasExtension(options_pb2.event)
    )


def row_from_event(table: type[Row], state: Message, **given: Any) -> Row:
    """As `row`, from a message that lies inside an event."""
    return _filled(table, state, given, event=True)


def _filled(table: type[Row], message: Message, given: Mapping[str, Any], *, event: bool) -> Row:
    plan, names = _into_row(table, message.DESCRIPTOR)
    if not given.keys() <= names:
        raise NoSource(f"{table.__name__} has no column {', '.join(sorted(given.keys() - names))}")
    values = dict(given)
    for name, read, required, present, blank in plan:
        if name in given:
            continue
        if read is None:
            if required:
                raise NoSource(
                    f"{table.__name__}.{name} has no source in {message.DESCRIPTOR.full_name}"
                )
        elif not present or message.HasField(name):
            value = read(getattr(message, name))
            values[name] = None if blank and value == "" else value
        elif required:
            raise Malformed(name, rules.REQUIRED)
    unknown = {
        name: any_member
        for name, (any_member, numbers) in _enums(table).items()
        if event and name not in given and name in values and values[name] not in numbers
    }
    try:
        made = table.model_validate(
            values | unknown
        )  # a number that no member stands for would not be valid
    except ValidationError as error:
        raise _fault_of(error, given) from error
    for name in unknown:
        setattr(made, name, UNSPECIFIED)
    return made


def message(kind: type[Kind], source: object, **given: Any) -> Kind:
    """A new message: each field from `given`, else from the attribute, key or field of that name in
    `source`.

    None leaves a field with presence, a string or an enum unset; into any other number it raises
    ValueError, since missing is not zero. Raises: NoSource where a field has neither.
    """
    plan, names = _into_message(kind)  # type: ignore[arg-type]
    if not given.keys() <= names:
        raise NoSource(
            f"{kind.DESCRIPTOR.full_name} has no field {', '.join(sorted(given.keys() - names))}"
        )
    read = _reader(source)
    values: dict[str, Any] = {}
    for name, write, nested, lenient in plan:
        if name in given:
            value = given[name]
        elif nested:
            raise NoSource(f"{kind.DESCRIPTOR.full_name}.{name} holds messages and must be given")
        else:
            value = read(name)
            if value is _ABSENT:
                raise NoSource(
                    f"{kind.DESCRIPTOR.full_name}.{name} has no source in {_name(source)}"
                )
        if value is not None:
            values[name] = write(value) if write else value
        elif not lenient:
            raise ValueError(
                f"{kind.DESCRIPTOR.full_name}.{name} may not be absent: missing is not zero"
            )
    try:
        return kind(**values)
    except (TypeError, ValueError) as error:
        raise _culprit(kind, values, error) from error


def fields(message: Message) -> dict[str, Any]:
    """The message's values by name, without absent optionals and without nested messages; instants
    aware, lists and maps plain.
    """
    return {
        name: read(getattr(message, name))
        for name, read, present in _out(message.DESCRIPTOR)
        if not present or message.HasField(name)
    }


def version_read(command: Message) -> int | None:
    """The version of the thing that a command's caller has read, where the caller says it."""
    return int(command.version) if command.HasField("version") else None  # type: ignore[attr-defined]  # each command that has one


@cache
def _out(kind: Descriptor) -> list[tuple[str, Convert, bool]]:
    return [
        (field.name, read, field.has_presence)
        for field in kind.fields
        if (read := reads(field)) is not None
    ]


@cache
def _into_row(
    table: type[SQLModel], kind: Descriptor
) -> tuple[list[tuple[str, Convert | None, bool, bool, bool]], frozenset[str]]:
    """For each column: name, how to read it, whether it must have a source, whether the field has
    presence, whether "" means none.
    """
    plan = []
    for name, column in table.model_fields.items():
        field = kind.fields_by_name.get(name)
        read = reads(field) if field is not None else None
        required = column.default is PydanticUndefined and column.default_factory is None
        text = field is not None and field.cpp_type == STRING and not field.is_repeated
        blank = text and not required and _takes_none(column.annotation)
        plan.append((name, read, required, field is not None and field.has_presence, blank))
    return plan, frozenset(table.model_fields)


@cache
def _into_message(
    kind: type[Message],
) -> tuple[list[tuple[str, Convert | None, bool, bool]], frozenset[str]]:
    """For each field: name, how to write it, whether it holds messages of ours, whether None may
    leave it unset.
    """
    plan = []
    declared: list[Any] = list(kind.DESCRIPTOR.fields)
    for field in declared:
        lenient = field.has_presence or field.is_repeated or field.cpp_type in (STRING, ENUM)
        plan.append((field.name, writes(field), reads(field) is None, lenient))
    return plan, frozenset(field.name for field in kind.DESCRIPTOR.fields)


@cache
def _enums(table: type[SQLModel]) -> dict[str, tuple[IntEnum, frozenset[int]]]:
    """The columns that hold a member of an enum: one of its members, and the numbers of all."""
    found = {}
    for name, column in table.model_fields.items():
        for kind in getattr(column.annotation, "__args__", (column.annotation,)):
            if isinstance(kind, type) and issubclass(kind, IntEnum):
                found[name] = next(iter(kind)), frozenset(map(int, kind))
    return found


def _takes_none(annotation: Any) -> bool:
    return type(None) in getattr(annotation, "__args__", ())


_ABSENT: Any = object()


def _reader(source: object) -> Callable[[str], Any]:
    if isinstance(source, Message):
        plan = {name: (read, present) for name, read, present in _out(source.DESCRIPTOR)}

        def from_message(name: str) -> Any:
            if name not in plan:
                return _ABSENT
            read, present = plan[name]
            return None if present and not source.HasField(name) else read(getattr(source, name))

        return from_message
    if isinstance(source, Mapping | asyncpg.Record):
        return lambda name: source.get(name, _ABSENT)
    return lambda name: getattr(source, name, _ABSENT)


def _name(source: object) -> str:
    return source.DESCRIPTOR.full_name if isinstance(source, Message) else type(source).__name__


def _fault_of(error: ValidationError, given: Mapping[str, Any]) -> Exception:
    """A value the caller sent is the caller's fault, one that was given is ours; neither the value
    nor the library's sentence is repeated to the caller.
    """
    faults = error.errors(include_url=False, include_input=False)
    places = [".".join(str(part) for part in fault["loc"]) for fault in faults]
    ours = [
        f"{place}: {fault['msg']}"
        for place, fault in zip(places, faults, strict=True)
        if place.split(".")[0] in given
    ]
    if ours:
        return ValueError("; ".join(ours))
    broken = [(place, rules.STORABLE) for place in places]
    return Malformed(*broken[0], also=broken[1:])


def _culprit(kind: type[Message], values: Mapping[str, Any], error: Exception) -> Exception:
    """Names the field that the message did not take; the value itself is not repeated."""
    for name, value in values.items():
        try:
            kind(**{name: value})
        except (TypeError, ValueError):
            return ValueError(
                f"{kind.DESCRIPTOR.full_name}.{name} does not take a {type(value).__name__}"
            )
    return error
