"""JSON becomes a message or an error that names the field."""

import pytest
from eldercare.assessment.v1 import api_pb2
from hypothesis import given
from hypothesis import strategies as st

from gateway.contracts import transcode
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


@pytest.mark.parametrize("digits", ["²", "--1"])
def test_a_number_of_other_digits_is_no_number_of_a_value(digits: str) -> None:
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
    body = document if isinstance(document, dict) else {"name": document}
    try:
        transcode.parsed(api_pb2.RegisterElder, body)
    except Malformed:
        return


def test_absent_numbers_are_not_printed_as_zero() -> None:
    document = transcode.document(api_pb2.Assessment(assessment_id="a"))

    assert "level" not in document
    assert document["scale"] == ""
