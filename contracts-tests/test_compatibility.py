"""What was released stays readable: by name, by number, by JSON; every service decodes every byte
that was ever frozen.
"""

import base64
from collections.abc import Callable

import contracts
import corpus
import protovalidate
import pytest
import topology
from google.protobuf import descriptor_pb2, json_format

from kit.contracts.modules import import_all
from kit.messaging.records import Kept, decoded
from kit.messaging.subscriptions import subscriptions_of

REPEATED = descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED


def released() -> descriptor_pb2.FileDescriptorSet:
    return descriptor_pb2.FileDescriptorSet.FromString(corpus.RELEASED.read_bytes())


def promises(bundle: descriptor_pb2.FileDescriptorSet) -> dict[str, object]:
    """What readers rely on, by name: of each field what it is by wire and by JSON, of each call
    what it takes and gives.
    """
    found: dict[str, object] = {}

    def walk(prefix: str, message: descriptor_pb2.DescriptorProto) -> None:
        name = f"{prefix}.{message.name}"
        for field in message.field:
            found[f"{name} {field.number}"] = (
                field.name,
                field.json_name,
                field.type,
                field.type_name,
                field.label == REPEATED,
                field.proto3_optional,
                message.oneof_decl[field.oneof_index].name
                if field.HasField("oneof_index") and not field.proto3_optional
                else "",
            )
        for inner in message.enum_type:
            values(name, inner)
        for inner in message.nested_type:
            walk(name, inner)

    def values(prefix: str, enum: descriptor_pb2.EnumDescriptorProto) -> None:
        found.update({f"{prefix}.{enum.name} {value.name}": value.number for value in enum.value})

    for file in ours(bundle):
        for message in file.message_type:
            walk(file.package, message)
        for enum in file.enum_type:
            values(file.package, enum)
        for service in file.service:
            for call in service.method:
                types = (
                    call.input_type,
                    call.output_type,
                    call.client_streaming,
                    call.server_streaming,
                )
                found[f"{file.package}.{service.name}/{call.name}"] = types
    return found


def kept_free(bundle: descriptor_pb2.FileDescriptorSet) -> dict[str, set[object]]:
    """The names and numbers that a message or an enum must not use again; the end of a span of
    numbers is the last of them.
    """
    found: dict[str, set[object]] = {}

    def walk(prefix: str, message: descriptor_pb2.DescriptorProto) -> None:
        name = f"{prefix}.{message.name}"
        found[name] = {
            *message.reserved_name,
            *((span.start, span.end - 1) for span in message.reserved_range),
        }
        for enum in message.enum_type:
            values(name, enum)
        for inner in message.nested_type:
            walk(name, inner)

    def values(prefix: str, enum: descriptor_pb2.EnumDescriptorProto) -> None:
        found[f"{prefix}.{enum.name}"] = {
            *enum.reserved_name,
            *((span.start, span.end) for span in enum.reserved_range),
        }

    for file in ours(bundle):
        for message in file.message_type:
            walk(file.package, message)
        for enum in file.enum_type:
            values(file.package, enum)
    return found


def ours(bundle: descriptor_pb2.FileDescriptorSet) -> list[descriptor_pb2.FileDescriptorProto]:
    return [file for file in bundle.file if file.name.startswith("eldercare/")]


def broken(
    before: descriptor_pb2.FileDescriptorSet, now: descriptor_pb2.FileDescriptorSet
) -> list[str]:
    """What a reader or a caller of the former contracts would no longer understand."""
    old, new, free = promises(before), promises(now), kept_free(now)
    changed = [
        f"{name}: {what} became {new.get(name)}"
        for name, what in old.items()
        if new.get(name) != what
    ]
    return changed + [
        f"{name}: {what} is no longer reserved"
        for name, spared in kept_free(before).items()
        for what in spared - free.get(name, set())
    ]


def test_nothing_released_is_gone_or_means_something_else() -> None:
    assert broken(released(), contracts.bundle()) == []


def rename(file: descriptor_pb2.FileDescriptorProto) -> None:
    file.message_type[0].field[0].name = "renamed"


def rename_in_json(file: descriptor_pb2.FileDescriptorProto) -> None:
    file.message_type[0].field[0].json_name = "renamed"


def move_into_a_choice(file: descriptor_pb2.FileDescriptorProto) -> None:
    file.message_type[0].oneof_decl.add(name="choice")
    file.message_type[0].field[0].oneof_index = len(file.message_type[0].oneof_decl) - 1


def delete(file: descriptor_pb2.FileDescriptorProto) -> None:
    del file.message_type[0].field[0]


def ask_for_something_else(file: descriptor_pb2.FileDescriptorProto) -> None:
    file.service[0].method[0].input_type = ".eldercare.Other"


def answer_something_else(file: descriptor_pb2.FileDescriptorProto) -> None:
    file.service[0].method[0].output_type = ".eldercare.Other"


def take_a_call_away(file: descriptor_pb2.FileDescriptorProto) -> None:
    del file.service[0].method[0]


@pytest.mark.parametrize(
    "bend",
    [
        rename,
        rename_in_json,
        move_into_a_choice,
        delete,
        ask_for_something_else,
        answer_something_else,
        take_a_call_away,
    ],
)
def test_the_check_sees_what_would_break_a_reader(
    bend: Callable[[descriptor_pb2.FileDescriptorProto], None],
) -> None:
    """A gate that cannot fail is none."""
    bent = released()
    bend(next(file for file in bent.file if file.service))

    assert len(broken(released(), bent)) == 1


def test_the_check_sees_that_a_name_or_a_number_may_be_used_again() -> None:
    before = released()
    message = next(file for file in before.file if file.service).message_type[0]
    message.reserved_name.append("former")
    message.reserved_range.add(start=900, end=901)

    assert len(broken(before, released())) == 2
    assert broken(released(), before) == []


def test_every_event_is_frozen() -> None:
    assert set(corpus.frozen()) == set(contracts.events()), "python contracts-tests/corpus.py"


@pytest.mark.parametrize("name", corpus.frozen())
def test_frozen_bytes_are_read_and_still_satisfy_the_rules(name: str) -> None:
    kept = corpus.frozen()[name]
    kind = contracts.events()[name]

    message = kind.FromString(base64.b64decode(str(kept["bytes"])))

    assert json_format.MessageToDict(message, preserving_proto_field_name=True) == kept["json"]
    assert json_format.ParseDict(kept["json"], kind()) == message
    assert (f"eldercare.{contracts.event(kind).topic}.v1", contracts.event(kind).key) == (
        kept["topic"],
        kept["key"],
    )
    protovalidate.validate(message)


@pytest.mark.parametrize("name", corpus.frozen())
def test_frozen_headers_are_read_by_all_who_consume_the_event_and_are_still_sent(name: str) -> None:
    kept = corpus.frozen()[name]
    payload, kept_headers = base64.b64decode(str(kept["bytes"])), dict(kept["headers"])  # type: ignore[call-overload]
    message = contracts.events()[name].FromString(payload)
    headers = [(header, text.encode()) for header, text in kept_headers.items()]
    record = Kept(
        str(kept["topic"]), 0, 0, kept_headers["ce_partitionkey"].encode(), payload, headers
    )

    assert kept_headers.items() <= corpus.headers(message).items()
    for service in topology.CONSUMES:
        import_all(service, "consumers")
    kinds_by_group = {
        group: kinds for group in topology.CONSUMES if name in (kinds := subscriptions_of(group))
    }
    assert kinds_by_group
    for group, kinds in kinds_by_group.items():
        item = decoded("cluster", record, kinds, archived=True)
        assert (item.fault, item.event) == (None, message), group
        assert item.fact is not None
        fact = item.fact
        assert (fact.id, fact.time, fact.sequence, fact.subject) == (
            str(corpus.ID),
            corpus.SENT_AT,
            7,
            kept_headers["ce_subject"],
        )
        assert fact.source == kept_headers["ce_source"]
