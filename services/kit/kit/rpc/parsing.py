"""From the bytes of a request to a message that keeps the constraints of its contract."""

from datetime import date

import protovalidate
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from kit.contracts import days, rules, values
from kit.contracts.refusals import Malformed
from kit.rpc.methods import Method


def parsed(method: Method, raw: bytes, validator: protovalidate.Validator, today: date) -> Message:
    """The request, of a policy day. Raises: Malformed with every field that breaks a rule."""
    try:
        request = method.request.FromString(raw)
    except Exception as error:
        raise Malformed("body", rules.MESSAGE) from error
    broken = [
        (_path(violation), rules.of_contract(violation.proto.rule_id, _field(violation, request)))
        for violation in validator.collect_violations(request)
    ] or [*values.broken(request), *days.out_of_bounds(request, today)]
    if broken:
        raise Malformed(*broken[0], also=broken[1:])
    return request


def _path(violation: protovalidate.Violation) -> str:
    """The dotted path of the offending field, with positions and keys in brackets."""
    path = ""
    for element in violation.proto.field.elements if violation.proto.field else ():
        path += ("." if path else "") + element.field_name
        subscript = element.subscript
        if subscript is not None:
            path += f"[{subscript.value}]"
    return path


def _field(violation: protovalidate.Violation, request: Message) -> FieldDescriptor:
    """The offending field's declaration."""
    path = violation.proto.field
    *outer, last = [element.field_name for element in path.elements] if path else []
    kind: Descriptor = request.DESCRIPTOR  # type: ignore[assignment]
    for name in outer:
        kind = kind.fields_by_name[name].message_type  # type: ignore[assignment]
    return kind.fields_by_name[last]
