"""JSON becomes a message or an error that names the field."""

import random

import pytest
from eldercare.assessment.v1 import api_pb2
from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from gateway.contracts import transcode
from gateway.contracts.methods import Method, methods
from kit.contracts.refusals import Malformed


def test_a_body_and_its_path_make_one_request() -> None:
    request = transcode.from_json(
        api_pb2.ReportElderDeath, b'{"died_on": "2026-01-02"}', {"elder_id": "e"}
    )

    assert (request.elder_id, request.died_on) == ("e", "2026-01-02")


@pytest.mark.parametrize(
    ("kind", "body", "field"),
    [
        (api_pb2.RegisterElder, b"{", "body"),
        (api_pb2.RegisterElder, b"[1]", "body"),
        (api_pb2.RegisterElder, b'{"nmae": "x"}', "nmae"),
        (api_pb2.RegisterElder, b'{"lon": "east"}', "lon"),
        (api_pb2.RegisterElder, b'{"living": "LIVING_ON_MARS"}', "living"),
        (api_pb2.RegisterElder, b'{"hardships": "DIBAO"}', "hardships"),
        (api_pb2.CompleteAssessment, b'{"answers": {"eating": "well"}}', "answers.eating"),
        (api_pb2.CompleteAssessment, b'{"answers": {"eatin": 3}}', "answers.eatin"),
        (api_pb2.CompleteAssessment, b'{"risk_events": 99999999999}', "risk_events"),
    ],
)
def test_what_does_not_fit_is_named(kind: type, body: bytes, field: str) -> None:
    with pytest.raises(Malformed) as raised:
        transcode.from_json(kind, body, {})

    assert raised.value.field == field


def test_a_field_may_not_differ_between_path_and_body() -> None:
    with pytest.raises(Malformed, match="elder_id"):
        transcode.from_json(api_pb2.ReportElderDeath, b'{"elder_id": "a"}', {"elder_id": "b"})


@pytest.mark.parametrize(
    ("pairs", "field"),
    [
        ([("limit", "x")], "limit"),
        ([("colour", "red")], "colour"),
        ([("limit", "1"), ("limit", "2")], "limit"),
    ],
)
def test_a_wrong_parameter_is_named(pairs: list[tuple[str, str]], field: str) -> None:
    with pytest.raises(Malformed) as raised:
        transcode.from_query(api_pb2.ListElders, pairs, {})

    assert raised.value.field == field


@pytest.mark.parametrize("digits", ["²", "--1", "1", "0", "STATE_UNSPECIFIED"])
def test_a_member_is_named_and_not_numbered(digits: str) -> None:
    with pytest.raises(Malformed, match="state"):
        transcode.from_query(api_pb2.ListApplications, [("state", digits)], {})


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["name", "answers", "eating", "x"]), inner)
        ),
        max_leaves=8,
    )
)
def test_no_json_at_all_is_a_defect_of_ours(document: object) -> None:
    """What is taken, protobuf's own reader takes alike."""
    body = document if isinstance(document, dict) else {"name": document}
    try:
        request = transcode.parsed(api_pb2.RegisterElder, body)
    except Malformed:
        return
    assert request == json_format.ParseDict(body, api_pb2.RegisterElder())


@pytest.mark.parametrize("method", methods(), ids=lambda one: one.full_name)
def test_a_request_is_read_as_protobuf_reads_it(method: Method) -> None:
    if method.takes_file:
        return
    request = filled(method.request(), random.Random(method.full_name))

    document = transcode.document(request)

    assert transcode.parsed(method.request, document) == request


def filled(message: Message, luck: random.Random) -> Message:
    """Every field with a value that a request may have."""
    for field in message.DESCRIPTOR.fields:
        if field.message_type is not None and field.message_type.name != "Timestamp":
            filled(getattr(message, field.name), luck).SetInParent()
        elif field.message_type is not None:
            getattr(message, field.name).FromSeconds(luck.randrange(1, 4_000_000_000))
        elif field.is_repeated:
            getattr(message, field.name).extend(scalar(field, luck) for _ in range(3))
        else:
            setattr(message, field.name, scalar(field, luck))
    return message


def scalar(field: FieldDescriptor, luck: random.Random) -> object:
    if field.enum_type is not None:
        return luck.choice([value.number for value in field.enum_type.values if value.number])
    if field.type == FieldDescriptor.TYPE_STRING:
        return luck.choice(["", "李小明", 'a "quoted" text'])
    if field.type == FieldDescriptor.TYPE_BOOL:
        return luck.random() < 0.5
    if field.type == FieldDescriptor.TYPE_DOUBLE:
        return luck.choice([0.0, -1.5, 118.3, 1e300])
    return luck.choice([0, 1, -1, 2**31 - 1])


def test_absent_numbers_are_not_printed_as_zero() -> None:
    document = transcode.document(api_pb2.Assessment(assessment_id="a"))

    assert "level" not in document
    assert document["scale"] == ""
