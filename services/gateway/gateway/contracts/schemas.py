"""JSON schemas of the contracts' messages, by the names that the OpenAPI document gives them."""

import re
from collections.abc import Collection, Iterable
from functools import cache

from buf.validate import validate_pb2
from eldercare import options_pb2
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from gateway.contracts import methods
from gateway.contracts.methods import descriptor_of

Json = dict[str, object]  # a part of the document
Schemas = dict[str, Json]  # by name; what is named on the way is added

_SCALARS: dict[int, Json] = {
    FieldDescriptor.TYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.TYPE_INT32: {"type": "integer", "format": "int32"},
    FieldDescriptor.TYPE_UINT32: {"type": "integer", "minimum": 0},
    FieldDescriptor.TYPE_INT64: {"type": "string", "format": "int64", "pattern": "^-?[0-9]+$"},
    FieldDescriptor.TYPE_UINT64: {"type": "string", "format": "uint64", "pattern": "^[0-9]+$"},
    FieldDescriptor.TYPE_DOUBLE: {"type": "number", "format": "double"},
    FieldDescriptor.TYPE_FLOAT: {"type": "number", "format": "float"},
    FieldDescriptor.TYPE_STRING: {"type": "string"},
    FieldDescriptor.TYPE_BYTES: {"type": "string", "contentEncoding": "base64"},
}


def schema_of(kind: Descriptor, schemas: Schemas) -> Json:
    """A reference to the schema of a message, which is added where it is new."""
    if kind.full_name == "google.protobuf.Timestamp":
        return {"type": "string", "format": "date-time"}
    name = kind.full_name.removeprefix("eldercare.")
    if name not in schemas:
        schemas[name] = {}
        schemas[name] = object_of(kind, schemas)
    return {"$ref": f"#/components/schemas/{name}"}


def object_of(kind: Descriptor, schemas: Schemas, without: Collection[str] = ()) -> Json:
    """The schema of a message, open to fields of later releases where it is answered. without:
    fields that stand elsewhere, in the path.
    """
    fields = [field for field in kind.fields if field.name not in without]
    schema: Json = {
        "type": "object",
        "properties": {field.name: field_of(field, schemas) for field in fields},
    }
    if _is_only_asked(kind):
        schema["additionalProperties"] = False
    if required := [field.name for field in fields if is_required(field)]:
        schema["required"] = required
    if comment := methods.comments().get(kind.full_name):
        schema["description"] = comment
    return schema


def is_required(field: FieldDescriptor) -> bool:
    """In a request: whether the contract refuses it without the field. In an answer: whether the
    field is always printed, as every field without presence is.
    """
    rules = field.GetOptions().Extensions[validate_pb2.field]
    if rules.required or field.has_presence:
        return bool(rules.required)  # the other rules hold only for a field that is present
    if field.containing_type and field.containing_type.full_name not in _in_requests():
        return True
    pattern = rules.string.pattern
    refuses_empty = bool(pattern) and re.search(pattern, "") is None
    least = rules.string.min_len or rules.repeated.min_items
    return bool(rules.string.uuid or least or 0 in rules.enum.not_in or refuses_empty)


def _is_only_asked(kind: Descriptor) -> bool:
    return kind.full_name in _in_requests() and kind.full_name not in _in_answers()


@cache
def _in_requests() -> frozenset[str]:
    return _held_by(descriptor_of(method.request) for method in methods.methods())


@cache
def _in_answers() -> frozenset[str]:
    return _held_by(descriptor_of(method.reply) for method in methods.methods())


def _held_by(kinds: Iterable[Descriptor]) -> frozenset[str]:
    """Full names of these messages and those that they hold, at any depth."""
    found: set[str] = set()
    waiting = list(kinds)
    while waiting:
        kind = waiting.pop()
        if kind.full_name not in found:
            found.add(kind.full_name)
            waiting += [field.message_type for field in kind.fields if field.message_type]
    return frozenset(found)


def _enum(kind: EnumDescriptor, *, closed: bool) -> Json:
    """A request names a known member; an answer may name one of a later release."""
    names = [value.name for value in kind.values if value.number]
    return {"type": "string", "enum" if closed else "x-extensible-enum": names}


def field_of(field: FieldDescriptor, schemas: Schemas) -> Json:
    """The schema of a field's value, with its unit and whether it is personal."""
    options = field.GetOptions()
    rules = options.Extensions[validate_pb2.field]
    if field.message_type is not None:
        schema = schema_of(field.message_type, schemas)
    elif field.enum_type is not None:
        schema = _enum(field.enum_type, closed=_is_only_asked(field.containing_type))  # type: ignore[arg-type]  # no extension
    else:
        item_rules = rules.repeated.items if field.is_repeated else rules
        schema = {**_SCALARS[field.type], **_limits(item_rules)}
    if field.is_repeated:
        schema = {"type": "array", "items": schema}
        if rules.repeated.min_items:
            schema["minItems"] = rules.repeated.min_items
    unit = options.Extensions[options_pb2.unit]
    personal = options.Extensions[options_pb2.personal]
    notes = [
        methods.comments().get(field.full_name, ""),
        f"Unit: {unit}." if unit else "",
        f"Personal: {options_pb2.Personal.Name(personal)[9:].lower()}." if personal else "",
    ]
    if text := " ".join(note for note in notes if note):
        schema = {**schema, "description": text}
    return schema


def _limits(rules: validate_pb2.FieldRules) -> Json:
    kind = rules.WhichOneof("type")
    if kind is None or kind == "int64":
        return {}  # an int64 is a string in JSON, so that its limits are no numbers there
    limits = getattr(rules, kind)
    names = {
        "pattern": "pattern",
        "min_len": "minLength",
        "max_len": "maxLength",
        "gte": "minimum",
        "lte": "maximum",
        "gt": "exclusiveMinimum",
        "lt": "exclusiveMaximum",
    }
    known = limits.DESCRIPTOR.fields_by_name
    schema = {
        name: getattr(limits, ours)
        for ours, name in names.items()
        if ours in known and limits.HasField(ours)
    }
    if kind == "string" and limits.uuid:
        schema["format"] = "uuid"
    return schema
