"""The OpenAPI 3.1 document, made from the contracts: `python -m gateway.contracts.openapi FILE` writes it."""

import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

from buf.validate import validate_pb2
from eldercare import options_pb2
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from gateway.contracts import methods
from gateway.contracts.methods import Method, descriptor_of
from kit.rpc import keys

Json = dict[str, Any]  # a part of the document

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
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "reason", "detail"],
    "description": (
        "RFC 9457. `reason` is stable; `errors` names each offending field and the rule it breaks."
    ),
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "reason": {"type": "string"},
        "detail": {"type": "string"},
        "trace_id": {"type": "string"},
        "facts": {"type": "object"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "rule"],
                "properties": {"field": {"type": "string"}, "rule": {"type": "string"}},
            },
        },
    },
}
_KEY = {
    "name": keys.HEADER,
    "in": "header",
    "required": True,
    "schema": {
        "type": "string",
        "minLength": keys.CLIENT_LEAST,
        "maxLength": keys.CLIENT_MOST,
        "pattern": "^[ -~]+$",
    },
    "description": (
        "Made by the client, kept for 30 days: "
        "the same key and body give the same answer and one effect."
    ),
}
_LICENCE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
_REFUSALS = {
    "401": "Unauthenticated",
    "403": "Denied",
    "404": "Not found, or not yours",
    "408": "The body came too slowly",
    "409": "Refused by a rule",
    "413": "The body is too large",
    "422": "Malformed",
    "429": "Too many requests of yours are under way, try again",
    "503": "Unavailable, try again",
}


def openapi(server: str = "/") -> Json:
    """The document; `feed` is described by hand because it is no method of a contract."""
    schemas: Json = {"Problem": _PROBLEM}
    paths: Json = {}
    for method in methods.methods():
        paths.setdefault(method.path, {})[method.verb.lower()] = _operation(method, schemas)
    paths["/v1/feed"] = {"get": _FEED}
    return {
        "openapi": "3.1.0",
        "info": {"title": "City eldercare platform 智慧养老", "version": "1", "license": _LICENCE},
        "servers": [{"url": server}],
        "security": [{"bearer": []}],
        "tags": [
            {"name": name}
            for name in sorted({_tag(method) for method in methods.methods()} | {"feed"})
        ],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
        },
    }


def _tag(method: Method) -> str:
    return method.full_name.split("/")[0].rsplit(".", 1)[1]


def _operation(method: Method, schemas: Json) -> Json:
    in_path = re.findall(r"{(\w+)}", method.path)
    roles = "any valid token" if method.access.open else "roles: " + ", ".join(method.access.roles)
    reply = _content(method.gives_file, descriptor_of(method.reply), schemas)
    operation: Json = {
        "operationId": method.full_name.split(".", 1)[1].replace("/", "."),
        "tags": [_tag(method)],
        "parameters": _parameters(method, in_path, schemas),
        "summary": method.comment.split(". ")[0],
        "description": f"{method.comment}\n\n{roles}".strip(),
        "responses": {"200": {"description": "Done", "content": reply}} | _problems(_REFUSALS),
    }
    if method.body:
        content = _content(method.takes_file, descriptor_of(method.request), schemas, in_path)
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameters(method: Method, in_path: list[str], schemas: Json) -> list[Json]:
    fields = descriptor_of(method.request).fields_by_name
    parameters: list[Json] = []
    for name in in_path:
        schema = _field(fields[name], schemas)
        parameters.append({"name": name, "in": "path", "required": True, "schema": schema})
    if not method.body:
        for name, field in fields.items():
            if name not in in_path:
                schema = _field(field, schemas)
                required = _required(field)
                parameters.append(
                    {"name": name, "in": "query", "required": required, "schema": schema}
                )
    if method.access.writes:
        parameters.append(_KEY)
    return parameters


def _problems(text_by_status: dict[str, str]) -> Json:
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": text, "content": {"application/problem+json": schema}}
        for status, text in text_by_status.items()
    }


def _content(
    file: bool, kind: Descriptor, schemas: Json, left_out: list[str] | None = None
) -> Json:
    if file:
        return {"text/csv": {"schema": {"type": "string"}}}
    if not left_out:
        return {"application/json": {"schema": _message(kind, schemas)}}
    # the body without what stands in the path
    whole = _object(kind, schemas)
    properties = whole["properties"]
    body = {
        **whole,
        "properties": {name: properties[name] for name in properties if name not in left_out},
    }
    body["required"] = [name for name in whole.get("required", []) if name not in left_out]
    return {"application/json": {"schema": body}}


def _message(kind: Descriptor, schemas: Json) -> Json:
    if kind.full_name == "google.protobuf.Timestamp":
        return {"type": "string", "format": "date-time"}
    name = kind.full_name.removeprefix("eldercare.")
    if name not in schemas:
        schemas[name] = {}
        schemas[name] = _object(kind, schemas)
    return {"$ref": f"#/components/schemas/{name}"}


def _object(kind: Descriptor, schemas: Json) -> Json:
    schema: Json = {
        "type": "object",
        "additionalProperties": False,
        "properties": {field.name: _field(field, schemas) for field in kind.fields},
    }
    if required := [field.name for field in kind.fields if _required(field)]:
        schema["required"] = required
    if comment := methods.comments().get(kind.full_name):
        schema["description"] = comment
    return schema


def _required(field: FieldDescriptor) -> bool:
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


@cache
def _in_requests() -> frozenset[str]:
    """Full names of the messages that requests are or hold, at any depth."""
    found: set[str] = set()
    waiting = [descriptor_of(method.request) for method in methods.methods()]
    while waiting:
        kind = waiting.pop()
        if kind.full_name not in found:
            found.add(kind.full_name)
            waiting += [field.message_type for field in kind.fields if field.message_type]
    return frozenset(found)


def _enum(kind: EnumDescriptor) -> Json:
    return {"type": "string", "enum": [value.name for value in kind.values if value.number]}


def _field(field: FieldDescriptor, schemas: Json) -> Json:
    options = field.GetOptions()
    rules = options.Extensions[validate_pb2.field]
    if field.message_type is not None:
        schema = _message(field.message_type, schemas)
    elif field.enum_type is not None:
        schema = _enum(field.enum_type)
    else:
        item_rules = rules.repeated.items if field.is_repeated else rules
        schema = {**_SCALARS[field.type], **_limits(item_rules)}
    if field.is_repeated:
        schema = {"type": "array", "items": schema}
        if rules.repeated.min_items:
            schema["minItems"] = rules.repeated.min_items
        if rules.repeated.unique:
            schema["uniqueItems"] = True
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


_FEED = {
    "operationId": "feed.poll",
    "tags": ["feed"],
    "summary": "The caller's organisation's own events, in one order, without gaps",
    "description": (
        "Long poll. Give the `cursor` of the answer to go on; none: from the oldest kept. "
        "Each page states the range of positions it covers and how many events of others it "
        "withheld, so that a subscriber can prove that it missed none.\n\n"
        "roles: provider, worker, home"
    ),
    "parameters": [
        {"name": "cursor", "in": "query", "schema": {"type": "string"}},
        {
            "name": "limit",
            "in": "query",
            "schema": {"type": "integer", "minimum": 1, "maximum": 500, "default": 100},
        },
        {
            "name": "wait",
            "in": "query",
            "schema": {"type": "integer", "minimum": 0, "maximum": 30, "default": 0},
            "description": "Seconds to wait for an event where there is none.",
        },
    ],
    "responses": {
        "200": {
            "description": "A page",
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["events", "cursor", "first", "last", "withheld", "high_water"],
                        "properties": {
                            "events": {
                                "type": "array",
                                "items": {
                                    "type": "object",
                                    "description": "CloudEvents 1.0, structured JSON",
                                },
                            },
                            "cursor": {"type": "string"},
                            "first": {"type": "integer"},
                            "last": {"type": "integer"},
                            "withheld": {"type": "integer"},
                            "high_water": {"type": "integer"},
                        },
                    }
                }
            },
        }
    }
    | _problems(
        {
            "401": "Unauthenticated",
            "403": "Denied",
            "410": "The cursor is too old",
            "422": "Malformed",
            "429": "Too many polls of your organisation wait, try again",
            "503": "Unavailable, try again",
        }
    ),
}


if __name__ == "__main__":
    text = json.dumps(openapi(), ensure_ascii=False, indent=1)
    Path(sys.argv[1]).write_text(f"{text}\n")
