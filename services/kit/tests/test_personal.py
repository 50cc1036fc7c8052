import base64
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.db import personal
from kit.db.personal import KeyRing, Unreadable

OLD, NEW = (f"{name}:{base64.b64encode(os.urandom(32)).decode()}" for name in ("old", "new"))


@pytest.fixture
def ring() -> KeyRing:
    return KeyRing(OLD, OLD)


@given(st.text())
def test_what_is_sealed_is_opened(text):
    ring = KeyRing(OLD, OLD)

    assert ring.open(ring.seal(text, "name"), "name") == text


def test_equal_texts_are_sealed_differently_and_without_the_text(ring):
    first, second = ring.seal("李小明"), ring.seal("李小明")

    assert first != second
    assert "李小明".encode() not in first


def test_a_value_of_another_kind_or_a_changed_one_is_not_opened(ring):
    sealed = ring.seal("13800000001", "phone")

    with pytest.raises(Unreadable):
        ring.open(sealed, "name")
    for place in range(len(sealed)):
        with pytest.raises(Unreadable):
            ring.open(sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :], "phone")
    for length in range(len(sealed)):
        with pytest.raises(Unreadable):
            ring.open(sealed[:length], "phone")


def test_keys_rotate_without_losing_a_value(ring):
    sealed = ring.seal("李小明", "name")
    rotating = KeyRing(f"{NEW},{OLD}", f"{NEW},{OLD}")

    again = rotating.rotate(sealed, "name")

    assert again is not None
    assert rotating.rotate(again, "name") is None
    assert KeyRing(NEW, NEW).open(again, "name") == "李小明"
    with pytest.raises(Unreadable, match="'old'"):
        KeyRing(NEW, NEW).open(sealed, "name")


def test_a_hash_is_found_while_its_key_rotates(ring):
    stored = ring.digest("phone", "13800000001")
    rotating = KeyRing(None, f"{NEW},{OLD}")

    assert stored in rotating.digests("phone", "13800000001")
    assert rotating.digests("phone", "13800000001")[0] == rotating.digest("phone", "13800000001")


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("phone", "138 0000 0001", "+86-13800000001"),
        ("id_number", "34110219400101001x", "34110219400101001X"),
        ("name", "李 小明", "李小明"),
        ("id_number", "３４1102194001010017", "341102194001010017"),
    ],
)
def test_spellings_of_one_value_have_one_hash(ring, kind, one, other):
    assert ring.digest(kind, one) == ring.digest(kind, other)


def test_the_same_text_of_two_kinds_has_two_hashes(ring):
    assert ring.digest("name", "1") != ring.digest("phone", "1")


def test_a_name_is_found_by_single_characters_inside_its_area_only(ring):
    stored = set(ring.character_digests("李小明", "341102000000"))

    assert any(
        stored.issuperset(wanted) for wanted in ring.character_searches("明李", "341102000000")
    )
    assert not any(
        stored.issuperset(wanted) for wanted in ring.character_searches("李四", "341102000000")
    )
    assert not any(
        stored.issuperset(wanted) for wanted in ring.character_searches("李", "341103000000")
    )
    rotating = KeyRing(None, f"{NEW},{OLD}")
    assert any(
        stored.issuperset(wanted) for wanted in rotating.character_searches("小", "341102000000")
    )


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("nokey", "personal_keys: key 'nokey' must be 32 bytes"),
        ("a:AAAA", "must be 32 bytes"),
        pytest.param(f"{OLD},{OLD}", "an id of its own", id="one id twice"),
        (":AAAA", "an id of its own"),
        ("", "an id of its own"),
    ],
)
def test_a_wrong_key_is_named_and_not_shown(setting, message):
    with pytest.raises(ValueError, match=message) as caught:
        KeyRing(setting, None)

    assert "AAAA" not in str(caught.value)


def test_without_keys_nothing_is_sealed():
    with pytest.raises(LookupError, match="personal_keys"):
        KeyRing(None, None).seal("text")


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        ("id_number", "341102194001010017", "341102************"),
        ("name", "李小明", "李**"),
        ("name", "李", "*"),
        ("phone", "13800000001", "138****0001"),
        ("phone", "110", "***"),
        ("address", "琅琊区1号", "****"),
        ("position", "32.3,118.3", "****"),
    ],
)
def test_a_mask_shows_only_what_it_must(kind, text, shown):
    assert personal.mask(kind, text) == shown
