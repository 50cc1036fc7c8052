"""A cursor is that of the first release, whoever signs it today."""

from uuid import UUID

import pytest

from gateway.feed.cursors import Cursor, Cursors
from kit.contracts.refusals import Malformed

KEY = b"a key of this test"
ORGANISATION = UUID("0190a000-0000-7000-8000-000000000001")
CURSOR = Cursor(UUID("0190a000-0000-7000-8000-00000000f00d"), 123456789)
# sealed by the release before this one
RELEASED = "AZCgAAAAcACAAAAAAADwDQAAAAAHW80VziF_aWnBH0M86Jcj"


def test_a_cursor_of_the_release_before_opens() -> None:
    assert Cursors([KEY]).open(RELEASED, ORGANISATION) == CURSOR


def test_a_cursor_opens_in_the_release_before() -> None:
    assert Cursors([KEY]).seal(CURSOR, ORGANISATION) == RELEASED


def test_the_first_key_seals_and_all_open() -> None:
    cursors = Cursors([KEY, b"the key before it"])

    assert cursors.seal(CURSOR, ORGANISATION) == RELEASED
    older = Cursors([b"the key before it"]).seal(CURSOR, ORGANISATION)
    assert cursors.open(older, ORGANISATION) == CURSOR


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rubbish",
        "密" * 48,
        RELEASED[:-1],
        RELEASED[:32],
        "B" + RELEASED[1:],
        RELEASED[:-1] + "k",
    ],
)
def test_a_cursor_that_was_changed_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        Cursors([KEY]).open(text, ORGANISATION)
