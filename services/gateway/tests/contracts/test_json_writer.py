"""The plan of a message writes what protobuf's own JSON mapping writes."""

import random

import pytest
from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from gateway.contracts import json_writer
from gateway.contracts.methods import methods

REPLIES = {
    method.reply.DESCRIPTOR.full_name: method.reply for method in methods() if not method.gives_file
}


def filled(message: Message, luck: random.Random, depth: int = 0) -> Message:
    """Some fields set, some not; unknown numbers of enums, infinities and empty texts among
    them.
    """
    for field in message.DESCRIPTOR.fields:
        if luck.random() < 0.3:
            continue
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            of = field.message_type.fields_by_name["value"]
            entries = getattr(message, field.name)
            key = (
                "k"
                if field.message_type.fields_by_name["key"].type == FieldDescriptor.TYPE_STRING
                else 3
            )
            if of.message_type is not None:
                filled(entries[key], luck, depth + 1)
            else:
                entries[key] = scalar(of, luck)
        elif field.message_type is not None:
            if depth < 4:
                child = (
                    getattr(message, field.name).add()
                    if field.is_repeated
                    else getattr(message, field.name)
                )
                child.SetInParent()
                filled(child, luck, depth + 1)
        elif field.is_repeated:
            getattr(message, field.name).extend(
                scalar(field, luck) for _ in range(luck.randrange(3))
            )
        else:
            setattr(message, field.name, scalar(field, luck))
    return message


def scalar(field: FieldDescriptor, luck: random.Random) -> object:
    if field.enum_type is not None:
        return luck.choice([value.number for value in field.enum_type.values] + [77])
    if field.type == FieldDescriptor.TYPE_STRING:
        return luck.choice(["", "李小明", 'a "quoted"\n\u2028 text'])
    if field.type == FieldDescriptor.TYPE_BYTES:
        return luck.randbytes(5)
    if field.type == FieldDescriptor.TYPE_BOOL:
        return luck.random() < 0.5
    if field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE:
        return luck.choice([0.0, -0.0, 1.0, 0.1, 1e300, float("inf"), float("-inf")])
    if field.full_name == "google.protobuf.Timestamp.nanos":
        return luck.choice([0, 5_000_000, 999_999_999])
    if field.full_name == "google.protobuf.Timestamp.seconds":
        return luck.randrange(1, 4_000_000_000)
    return luck.choice([0, 1, 2**31 - 1])


@pytest.mark.parametrize("name", sorted(REPLIES))
def test_every_reply_is_written_as_protobuf_writes_it(name: str) -> None:
    for seed in range(20):
        message = filled(REPLIES[name](), random.Random(seed))

        theirs = json_format.MessageToDict(
            message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
        )

        assert json_writer.document(message) == theirs, f"seed {seed}"
