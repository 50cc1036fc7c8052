"""Writes the documents that are made from the contracts: `python -m city.operations.docs
FOLDER [PROTOS]`."""

import json
import sys
from importlib import metadata, resources
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from city.operations.topics import Topic, declared

PROTOBUF = "application/vnd.google.protobuf;version=3"
HEADERS = {
    "ce_specversion": "CloudEvents 1.0, binary mode",
    "ce_id": "UUIDv7 of the event; the same one when it is published twice",
    "ce_source": "/eldercare/<service>/<aggregate>/<id>",
    "ce_type": "full name of the message; selects its class",
    "ce_subject": "the aggregate's id",
    "ce_time": "business instant, UTC",
    "ce_recordedtime": "real instant, UTC",
    "ce_partitionkey": "the aggregate's id: facts of one aggregate keep their order",
    "ce_sequence": "the aggregate's version, 20 digits",
    "ce_correlationid": "of the request at the beginning",
    "ce_causationid": "of the event that led to this one, if one did",
    "traceparent": "W3C trace context",
}


def asyncapi(protos: Path) -> dict[str, object]:
    """AsyncAPI 3: a channel for each topic, a message for each event, its payload as the contract's
    own text.
    """
    comments = _comments()
    headers = {key: {"type": "string", "description": text} for key, text in HEADERS.items()}
    channels = {}
    operations = {}
    messages = {}
    for topic in declared():
        for name in topic.events:
            messages[name] = {
                "name": name,
                "title": name.rpartition(".")[2],
                "summary": comments.get(name, ""),
                "contentType": "application/protobuf",
                "headers": {"$ref": "#/components/schemas/headers"},
                "payload": {"schemaFormat": PROTOBUF, "schema": _text(protos, name)},
            }
        channels[topic.name] = _channel(topic)
        owner = topic.events[0].split(".")[1]
        operations[f"{owner} says {topic.name}"] = {
            "action": "send",
            "channel": {"$ref": f"#/channels/{topic.name}"},
        }
    return {
        "asyncapi": "3.0.0",
        "defaultContentType": "application/protobuf",
        "channels": channels,
        "operations": operations,
        "info": {
            "title": "City eldercare events",
            "version": metadata.version("city-eldercare"),
            "license": {"name": "Apache-2.0"},
        },
        "components": {
            "messages": messages,
            "schemas": {"headers": {"type": "object", "properties": headers}},
        },
    }


def write(folder: Path, protos: Path) -> list[Path]:
    """Writes `openapi.json` and `asyncapi.json` and returns their paths."""
    from gateway.contracts.openapi import openapi

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, document in (("openapi.json", openapi()), ("asyncapi.json", asyncapi(protos))):
        (folder / name).write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
        written.append(folder / name)
    return written


def _channel(topic: Topic) -> dict[str, object]:
    references = {
        name.rpartition(".")[2]: {"$ref": f"#/components/messages/{name}"} for name in topic.events
    }
    keeps = "the last event of each key" if topic.compacted else "7 days"
    return {"address": topic.name, "description": f"Keeps {keeps}.", "messages": references}


def _text(protos: Path, name: str) -> str:
    _, service, version, _ = name.split(".")
    return (protos / "eldercare" / service / version / "events.proto").read_text()


def _comments() -> dict[str, str]:
    """What the contracts say above each message, by full name."""
    found = {}
    contracts = FileDescriptorSet.FromString(
        resources.files("eldercare").joinpath("eldercare.binpb").read_bytes()
    )
    for file in contracts.file:
        for place in file.source_code_info.location:
            if len(place.path) == 2 and place.path[0] == 4:  # 4: message_type of a file
                found[f"{file.package}.{file.message_type[place.path[1]].name}"] = " ".join(
                    place.leading_comments.split()
                )
    return found


def main(arguments: list[str]) -> None:
    """Prints the path of each document."""
    protos = Path(arguments[1]) if len(arguments) > 1 else Path("protos")
    for path in write(Path(arguments[0]), protos):
        print(path)


if __name__ == "__main__":
    main(sys.argv[1:])
