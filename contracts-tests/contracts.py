"""The contracts as descriptors, for the tests of this folder."""

import importlib
import importlib.resources
from collections.abc import Iterator
from functools import cache

import eldercare
from eldercare import options_pb2
from google.protobuf import descriptor_pb2, message_factory
from google.protobuf.descriptor import Descriptor, FileDescriptor
from google.protobuf.message import Message


@cache
def bundle() -> descriptor_pb2.FileDescriptorSet:
    """All contracts as they were compiled."""
    return descriptor_pb2.FileDescriptorSet.FromString(
        (importlib.resources.files(eldercare) / "eldercare.binpb").read_bytes()
    )


@cache
def files() -> tuple[FileDescriptor, ...]:
    """The contracts of services."""
    names = sorted(
        file.name
        for file in bundle().file
        if file.name.startswith("eldercare/") and file.name.count("/") == 3
    )
    return tuple(
        importlib.import_module(f"{name.removesuffix('.proto').replace('/', '.')}_pb2").DESCRIPTOR
        for name in names
    )


def messages() -> Iterator[Descriptor]:
    """Every message, those inside others too."""
    waiting = [message for file in files() for message in file.message_types_by_name.values()]
    while waiting:
        message = waiting.pop(0)
        yield message
        waiting += message.nested_types


def events() -> dict[str, type[Message]]:
    """Message class by full name of everything that is published."""
    return {
        message.full_name: message_factory.GetMessageClass(message)
        for message in messages()
        if message.GetOptions().HasExtension(options_pb2.event)
    }


def event(kind: type[Message]) -> options_pb2.Event:
    """Topic, key and nature of an event."""
    return kind.DESCRIPTOR.GetOptions().Extensions[options_pb2.event]


def service_of(descriptor: Descriptor) -> str:
    """`dispatch` for `eldercare.dispatch.v1.OrderPlaced`."""
    return descriptor.file.package.split(".")[1]
