"""What no value of a request may be, whatever its contract says beside."""

import pytest
from eldercare.assessment.v1 import api_pb2 as assessment
from eldercare.assessment.v1 import events_pb2 as elders
from eldercare.dispatch.v1 import api_pb2 as dispatch
from eldercare.facility.v1 import api_pb2 as facility
from google.protobuf.message import Message

from kit.contracts import texts, values


@pytest.mark.parametrize(
    "text",
    [
        "",
        "李小明",
        "阿不都·热合曼",
        "Čapek-O'Neil",
        "𠮷野",
        "ᠮᠣᠩᠭᠣᠯ\u180eᠠ",
        "葛\U000e0100",
        "琅琊路1号 3-201",
    ],
)
def test_a_text_of_any_script_is_one(text: str) -> None:
    assert texts.fault(text) is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a\u0000", "control character (U+0000)"),
        ("a\nb", "control character (U+000A)"),
        ("a\u0085", "control character (U+0085)"),
        ("\u200b", "invisible character (U+200B)"),
        ("\u202e", "invisible character (U+202E)"),
        ("\U000e0041", "invisible character (U+E0041)"),
        ("\ud800", "half of a surrogate pair (U+D800)"),
        ("\ue863", "private-use character (U+E863)"),
        ("\u2029", "line separator (U+2029)"),
        ("\ufffd", "replacement character: the text was damaged on its way (U+FFFD)"),
        ("\U0001ffff", "noncharacter (U+1FFFF)"),
    ],
)
def test_the_first_character_that_may_not_be_is_named(text: str, named: str) -> None:
    assert texts.fault(f"李{text}") == f"holds no {named}"


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (assessment.RegisterElder(name="a\u0000"), "name"),
        (dispatch.ListOrders(state=dispatch.Order.STATE_UNSPECIFIED), "state"),
        (dispatch.ListOrders(state=77), "state"),
        (assessment.RegisterElder(hardships=[elders.Elder.HARDSHIP_DIBAO, 0]), "hardships[1]"),
        (assessment.RegisterElder(lon=float("nan")), "lon"),
        (facility.ChangeWorker(skills=facility.Skills(skills=[99])), "skills.skills[0]"),
        (dispatch.PlaceOrder(channel=77), "channel"),
    ],
)
def test_a_value_that_may_not_be_is_named_by_its_place(request_: Message, field: str) -> None:
    assert [name for name, _ in values.broken(request_)] == [field]


def test_what_is_absent_breaks_no_rule() -> None:
    for kind in (dispatch.ListOrders, assessment.RegisterElder, facility.ChangeWorker):
        assert list(values.broken(kind())) == []
