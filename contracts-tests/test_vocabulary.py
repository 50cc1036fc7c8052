"""One name is one type and one unit, wherever it stands; what the rules of a service count is what
its contract counts.
"""

from collections import defaultdict
from collections.abc import Iterator
from enum import IntEnum
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

import contracts
import pytest
from eldercare import options_pb2
from google.protobuf.descriptor import FieldDescriptor

from kit.contracts.modules import import_all

# A name that means the whole row in one message and one of its parts in another, or a state that
# each aggregate has of its own.
OWN = {
    "state",
    "status",
    "kind",
    "tier",
    "operation",
    "rows",
    "cause",
    "reason",
    "area",
    "month",
    "level",
    "name",
    "beds",
    "figures",
    "events",
    "source",
    "proof",
    "hardships",
    "skills",
    "trend",
}


def meaning(field: FieldDescriptor) -> tuple[object, ...]:
    shape = field.message_type or field.enum_type
    return (
        field.type,
        shape.full_name if shape else "",
        field.is_repeated,
        field.GetOptions().Extensions[options_pb2.unit],
    )


def test_one_name_is_one_type_and_one_unit() -> None:
    found = defaultdict(lambda: defaultdict(list))
    for message in contracts.messages():
        for field in message.fields:
            if field.name not in OWN:
                found[field.name][meaning(field)].append(field.full_name)

    assert {name: list(kinds.values()) for name, kinds in found.items() if len(kinds) > 1} == {}


def test_every_number_with_a_unit_in_its_name_declares_it() -> None:
    units = {"fen": ("fen", "fen/month"), "min": ("min",), "m": ("m",), "s": ("s",)}
    wrong = [
        field.full_name
        for message in contracts.messages()
        for field in message.fields
        if field.cpp_type in (FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64)
        and (allowed := units.get(field.name.rpartition("_")[2]))
        and field.GetOptions().Extensions[options_pb2.unit] not in allowed
    ]

    assert wrong == []


def test_personal_fields_are_never_in_events() -> None:
    allowed = {options_pb2.PERSONAL_UNSPECIFIED, options_pb2.PERSONAL_QUASI}
    for kind in contracts.events().values():
        waiting = [kind.DESCRIPTOR]
        while waiting:
            message = waiting.pop()
            for field in message.fields:
                assert field.GetOptions().Extensions[options_pb2.personal] in allowed, (
                    field.full_name
                )
                if field.message_type is not None and field.message_type.full_name.startswith(
                    "eldercare."
                ):
                    waiting.append(field.message_type)


def test_names_that_are_personal_are_marked() -> None:
    personal = {"phone", "id_number", "address", "contact_name", "contact_phone"}
    unmarked = [
        field.full_name
        for message in contracts.messages()
        for field in message.fields
        if field.name in personal and not field.GetOptions().Extensions[options_pb2.personal]
    ]

    assert unmarked == []


def rules(service: str) -> Iterator[ModuleType]:
    """The rules of every module of a service, files and packages alike."""
    for module in import_all(service, "rules"):
        yield module
        for file in iter_modules(getattr(module, "__path__", ()), f"{module.__name__}."):
            yield import_module(file.name)


@pytest.mark.parametrize(
    "service", ["assessment", "subsidy", "facility", "dispatch", "supervision"]
)
def test_enums_of_rules_are_those_of_the_contract(service: str) -> None:
    """Compares each IntEnum of a service's rules with the contract's enum of the same members; an
    enum of its own has no twin.
    """
    declared = {}
    for file in contracts.files():
        waiting = list(file.enum_types_by_name.values()) + [
            enum
            for message in contracts.messages()
            if message.file is file
            for enum in message.enum_types
        ]
        for enum in waiting:
            prefix = _prefix(enum.name)
            declared[
                frozenset(
                    (value.name.removeprefix(prefix), value.number)
                    for value in enum.values
                    if value.number
                )
            ] = enum.full_name
    names = {
        frozenset(name for name, _ in members): full_name for members, full_name in declared.items()
    }
    kinds = [kind for module in rules(service) for kind in vars(module).values()]
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, IntEnum) and kind is not IntEnum:
            members = frozenset((member.name, member.value) for member in kind)
            twin = names.get(frozenset(member.name for member in kind))
            assert twin is None or members in declared, (
                f"{kind.__name__} differs in its numbers from {twin}"
            )


def _prefix(name: str) -> str:
    return (
        "".join(
            f"_{letter}" if letter.isupper() and at else letter for at, letter in enumerate(name)
        ).upper()
        + "_"
    )
