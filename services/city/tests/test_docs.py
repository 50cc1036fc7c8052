"""The documents name everything that the contracts name."""

import json
from pathlib import Path

from city.operations import docs, topics

PROTOS = Path(__file__).parents[3] / "protos"


def test_every_event_is_a_message_of_its_topics_channel(tmp_path: Path) -> None:
    docs.write(tmp_path, PROTOS)

    document = json.loads((tmp_path / "asyncapi.json").read_text())
    for topic in topics.declared():
        references = {
            message["$ref"] for message in document["channels"][topic.name]["messages"].values()
        }
        assert references == {f"#/components/messages/{name}" for name in topic.events}
    assert document["components"]["messages"]["eldercare.assessment.v1.ApplicationSubmitted"][
        "summary"
    ].startswith("An elder")


def test_the_headers_of_the_document_are_those_that_are_sent() -> None:
    sent = (Path(__file__).parents[2] / "kit" / "kit" / "messaging" / "outbox.py").read_text()

    assert [header for header in docs.HEADERS if f'"{header}"' not in sent] == []
