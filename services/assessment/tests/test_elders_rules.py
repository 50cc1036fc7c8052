"""Whose file is complete: pure."""

from assessment.elders import rules


def test_an_elder_is_complete_only_with_everything():
    everything = {
        "id_number": "x",
        "phone": "1",
        "address": "a",
        "contact_name": "n",
        "contact_phone": "2",
    }

    assert rules.is_complete(**everything)
    assert not any(rules.is_complete(**(everything | {field: ""})) for field in everything)
