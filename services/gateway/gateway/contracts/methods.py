"""The public methods as the contracts declare them: route, request, reply, who may call."""

import importlib
import importlib.resources
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import cast

import eldercare
from eldercare import options_pb2
from google.api import annotations_pb2, httpbody_pb2
from google.protobuf import descriptor, descriptor_pb2, message_factory
from google.protobuf.message import Message


@dataclass(frozen=True, slots=True)
class Method:
    """One public method.

    service: `assessment`. full_name: `eldercare.assessment.v1.Elders/Register`. verb, path: of its
    HTTP route. request, reply: message classes. body: True where the request comes as a body.
    """

    service: str
    full_name: str
    verb: str
    path: str
    body: bool
    request: type[Message]
    reply: type[Message]
    access: options_pb2.Access
    comment: str

    @property
    def is_job(self) -> bool:
        """True where the work goes on behind the answer."""
        return self.access.job

    @property
    def takes_file(self) -> bool:
        """True where the body is a file, not JSON."""
        return bool(self.request.DESCRIPTOR.full_name == httpbody_pb2.HttpBody.DESCRIPTOR.full_name)

    @property
    def gives_file(self) -> bool:
        """True where the answer is a file, not JSON."""
        return bool(self.reply.DESCRIPTOR.full_name == httpbody_pb2.HttpBody.DESCRIPTOR.full_name)


def descriptor_of(kind: type[Message]) -> descriptor.Descriptor:
    """The descriptor of a message class; the library's types name two implementations of it."""
    return cast(descriptor.Descriptor, kind.DESCRIPTOR)


@cache
def bundle() -> descriptor_pb2.FileDescriptorSet:
    """All contracts as they were compiled, with their comments."""
    return descriptor_pb2.FileDescriptorSet.FromString(
        (importlib.resources.files(eldercare) / "eldercare.binpb").read_bytes()
    )


def apis() -> Iterator[descriptor.FileDescriptor]:
    """Every contract of methods, in the order of the services' names."""
    for name in sorted(file.name for file in bundle().file):
        if name.startswith("eldercare/") and name.endswith("/api.proto"):
            yield importlib.import_module(
                f"{name.removesuffix('.proto').replace('/', '.')}_pb2"
            ).DESCRIPTOR


@cache
def methods() -> tuple[Method, ...]:
    """All methods that have a route."""
    return tuple(
        _method(service, method)
        for api in apis()
        for service in api.services_by_name.values()
        for method in service.methods
        if method.GetOptions().HasExtension(annotations_pb2.http)
    )


def _method(service: descriptor.ServiceDescriptor, method: descriptor.MethodDescriptor) -> Method:
    rule = method.GetOptions().Extensions[annotations_pb2.http]
    verb = rule.WhichOneof("pattern")
    return Method(
        service=service.file.package.split(".")[1],
        full_name=f"{service.full_name}/{method.name}",
        verb=verb.upper(),
        path=getattr(rule, verb),
        body=rule.body == "*",
        request=message_factory.GetMessageClass(method.input_type),
        reply=message_factory.GetMessageClass(method.output_type),
        access=method.GetOptions().Extensions[options_pb2.access],
        comment=comments().get(method.full_name, ""),
    )


@cache
def comments() -> dict[str, str]:
    """The comment of each message, field, method and enum value, by full name."""
    comment_by_name: dict[str, str] = {}
    for file_proto in bundle().file:
        if file_proto.name.startswith("eldercare/"):
            for location in file_proto.source_code_info.location:
                text = " ".join((location.leading_comments or location.trailing_comments).split())
                if text and (name := _full_name(file_proto, list(location.path))):
                    comment_by_name[name] = text
    return comment_by_name


def _full_name(file: descriptor_pb2.FileDescriptorProto, path: list[int]) -> str:
    """The full name of what a location's path leads to; empty for what has none.

    Source: descriptor.proto, SourceCodeInfo.Location: pairs of field number and index.
    """
    node: Message = file
    name = file.package
    if len(path) % 2:
        return ""
    for number, index in zip(path[::2], path[1::2], strict=True):
        field = node.DESCRIPTOR.fields_by_number.get(number)
        if field is None or field.message_type is None or not field.is_repeated:
            return ""
        node = getattr(node, field.name)[index]
        own_name = getattr(node, "name", "")
        if not own_name:
            return ""
        name = f"{name}.{own_name}"
    return name
