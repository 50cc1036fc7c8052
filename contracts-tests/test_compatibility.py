"""What was released stays readable: by name, by number, by JSON; every service decodes every byte that was ever frozen."""

import base64

import contracts
import corpus
import protovalidate
import pytest
from google.protobuf import descriptor_pb2, json_format

REPEATED = descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED


def released() -> descriptor_pb2.FileDescriptorSet:
    return descriptor_pb2.FileDescriptorSet.FromString(corpus.RELEASED.read_bytes())


def shapes(bundle: descriptor_pb2.FileDescriptorSet) -> dict[str, dict[int, tuple[object, ...]]]:
    """Fields by message and number: name, JSON name, type, shape, repeated, presence."""
    found: dict[str, dict[int, tuple[object, ...]]] = {}

    def walk(prefix: str, message: descriptor_pb2.DescriptorProto) -> None:
        name = f"{prefix}.{message.name}"
        found[name] = {
            field.number: (field.name, field.json_name, field.type, field.type_name, field.label == REPEATED, field.proto3_optional)
            for field in message.field
        }
        for inner in message.nested_type:
            walk(name, inner)

    for file in bundle.file:
        if file.name.startswith("eldercare/"):
            for message in file.message_type:
                walk(file.package, message)
    return found


def values(bundle: descriptor_pb2.FileDescriptorSet) -> dict[str, dict[int, str]]:
    """Names of enum values by enum and number."""
    found: dict[str, dict[int, str]] = {}

    def walk(prefix: str, message: descriptor_pb2.DescriptorProto) -> None:
        name = f"{prefix}.{message.name}"
        found.update({f"{name}.{enum.name}": {value.number: value.name for value in enum.value} for enum in message.enum_type})
        for inner in message.nested_type:
            walk(name, inner)

    for file in bundle.file:
        if file.name.startswith("eldercare/"):
            found.update({f"{file.package}.{enum.name}": {value.number: value.name for value in enum.value} for enum in file.enum_type})
            for message in file.message_type:
                walk(file.package, message)
    return found


def test_no_released_field_is_gone_or_means_something_else() -> None:
    now = shapes(contracts.bundle())
    broken = [
        f"{message} {number}: {shape} became {now.get(message, {}).get(number)}"
        for message, fields in shapes(released()).items() for number, shape in fields.items() if now.get(message, {}).get(number) != shape
    ]

    assert broken == []


def test_no_released_enum_value_is_gone_or_renamed() -> None:
    now = values(contracts.bundle())
    broken = [
        f"{enum} {number}: {name} became {now.get(enum, {}).get(number)}"
        for enum, members in values(released()).items() for number, name in members.items() if now.get(enum, {}).get(number) != name
    ]

    assert broken == []


def test_the_check_sees_a_renamed_field() -> None:
    """A gate that cannot fail is none: the same comparison on a contract with one field renamed."""
    bent = released()
    bent.file[-1].message_type[0].field[0].name = "renamed"

    assert shapes(bent) != shapes(released())


def test_every_event_is_frozen() -> None:
    assert set(corpus.frozen()) == set(contracts.events()), "python contracts-tests/corpus.py"


@pytest.mark.parametrize("name", corpus.frozen())
def test_frozen_bytes_are_read_and_still_satisfy_the_rules(name: str) -> None:
    kept = corpus.frozen()[name]
    kind = contracts.events()[name]

    message = kind.FromString(base64.b64decode(str(kept["bytes"])))

    assert json_format.MessageToDict(message, preserving_proto_field_name=True) == kept["json"]
    assert json_format.ParseDict(kept["json"], kind()) == message
    assert (f"eldercare.{contracts.event(kind).topic}.v1", contracts.event(kind).key) == (kept["topic"], kept["key"])
    protovalidate.validate(message)
