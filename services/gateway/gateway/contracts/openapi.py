"""The OpenAPI 3.1 document, made from the contracts; `python -m gateway.contracts.openapi FILE`
writes it.
"""

import json
import re
import sys
from pathlib import Path

from google.protobuf.descriptor import Descriptor

from gateway.contracts import methods
from gateway.contracts.methods import Method, descriptor_of
from gateway.contracts.schemas import Json, Schemas, field_of, is_required, object_of, schema_of
from kit.rpc import keys

_PROBLEM: Json = {
    "type": "object",
    "required": ["type", "title", "status", "reason", "detail"],
    "description": (
        "RFC 9457. `reason` is stable; `errors` names each offending field and the rule it breaks, "
        "whose `code` is stable. `title`, `detail` and `rule` are in the language of "
        "`Accept-Language`, en or zh-CN; `type` is a page that explains the reason."
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
                "properties": {name: {"type": "string"} for name in ("field", "rule", "code")},
            },
        },
    },
}
_KEY: Json = {
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
        "the same key and body give the same answer and one effect. "
        "Keys belong to a client program and, there, to an organisation."
    ),
}
_ETAG: Json = {
    "description": "The version of what was read, for `If-Match`.",
    "schema": {"type": "string"},
}
_LOCATION: Json = {
    "description": "Where to ask how far it is.",
    "schema": {"type": "string"},
}
_IF_MATCH: Json = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": '^("[1-9][0-9]{0,17}"|[*])$'},
    "description": (
        "The `ETag` of the answer that was read: the command is refused with 412 where "
        "somebody has changed it since. `*`, or none: whatever it is now."
    ),
}
_REPLAYED: Json = {
    keys.REPLAYED_HEADER: {
        "schema": {"type": "string", "enum": ["true"]},
        "description": (
            "There where the key was used before: this is the answer of then, and nothing was "
            "done again."
        ),
    }
}
_DESCRIPTION = (
    "智慧养老平台. Errors: /problems lists them in English and Chinese. Later releases add fields "
    "to answers and members to enumerations: read on past what you do not know. Clients of "
    "openapi-generator do, its Java library okhttp-gson with "
    "`disallowAdditionalPropertiesIfNotPresent=false`."
)
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
    schemas: Schemas = {"Problem": _PROBLEM}
    paths: dict[str, Json] = {}
    for method in methods.methods():
        paths.setdefault(method.path, {})[method.verb.lower()] = _operation(method, schemas)
    tags = {_tag(method) for method in methods.methods()} | {"feed"}
    paths["/v1/feed"] = {"get": _FEED}
    return {
        "openapi": "3.1.0",
        # generators make the name of a package out of the title
        "info": {
            "title": "City eldercare platform",
            "description": _DESCRIPTION,
            "version": "1",
            "license": _LICENCE,
        },
        "servers": [{"url": server}],
        "security": [{"bearer": []}],
        "tags": [{"name": name} for name in sorted(tags)],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
        },
    }


def _is_versioned(kind: Descriptor) -> bool:
    return "version" in kind.fields_by_name


def _tag(method: Method) -> str:
    return method.full_name.split("/")[0].rsplit(".", 1)[1]


def _words(method: Method) -> str:
    """`Elders/ListChanges` is "List changes of elders"."""
    service, _, name = method.full_name.rpartition(".")[2].partition("/")
    words = " of ".join(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", part) for part in (name, service))
    return words.lower().capitalize()


def _operation(method: Method, schemas: Schemas) -> Json:
    in_path = re.findall(r"{(\w+)}", method.path)
    roles = "any valid token" if method.access.open else "roles: " + ", ".join(method.access.roles)
    reply = _content(method.gives_file, descriptor_of(method.reply), schemas)
    refusals = dict(_REFUSALS)
    done: Json = {"description": "Done", "content": reply}
    headers: Json = dict(_REPLAYED) if method.access.writes else {}
    if method.access.writes and _is_versioned(descriptor_of(method.request)):
        refusals["412"] = "Changed since it was read"
    if method.is_job:
        done["description"] = "Accepted"
        headers["Location"] = _LOCATION
    if not method.access.writes and _is_versioned(descriptor_of(method.reply)):
        headers["ETag"] = _ETAG
    if headers:
        done["headers"] = headers
    operation: Json = {
        "operationId": method.full_name.split(".", 1)[1].replace("/", "."),
        "tags": [_tag(method)],
        "parameters": _parameters(method, in_path, schemas),
        "summary": method.comment.split(". ")[0].rstrip(".") or _words(method),
        "description": f"{method.comment}\n\n{roles}".strip(),
        "responses": {"202" if method.is_job else "200": done} | _problems(refusals),
    }
    if method.access.public:
        operation["security"] = [{}, {"bearer": []}]
    if method.body:
        content = _content(method.takes_file, descriptor_of(method.request), schemas, in_path)
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameters(method: Method, in_path: list[str], schemas: Schemas) -> list[Json]:
    fields = descriptor_of(method.request).fields_by_name
    parameters: list[Json] = []
    for name in in_path:
        schema = field_of(fields[name], schemas)
        parameters.append({"name": name, "in": "path", "required": True, "schema": schema})
    if not method.body:
        for name, field in fields.items():
            if name not in in_path:
                schema = field_of(field, schemas)
                required = is_required(field)
                parameters.append(
                    {"name": name, "in": "query", "required": required, "schema": schema}
                )
    if method.access.writes:
        parameters.append(_KEY)
        if _is_versioned(descriptor_of(method.request)):
            parameters.append(_IF_MATCH)
    return parameters


def _problems(text_by_status: dict[str, str]) -> Json:
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": text, "content": {"application/problem+json": schema}}
        for status, text in text_by_status.items()
    }


def _content(
    file: bool, kind: Descriptor, schemas: Schemas, left_out: list[str] | None = None
) -> Json:
    if file:
        return {"text/csv": {"schema": {"type": "string"}}}
    if not left_out:
        return {"application/json": {"schema": schema_of(kind, schemas)}}
    # the body without what stands in the path
    return {"application/json": {"schema": object_of(kind, schemas, without=left_out)}}


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
