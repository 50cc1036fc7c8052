"""Two people change the same thing at once: the second is told, by the version that was read, or
by the state that the first left.
"""

import re

import pytest
from calls import named

from gateway.contracts.methods import Method, methods

OF_ONE = re.compile(r"^(/v1/[\w-]+/{\w+})(:[\w-]+)?$")
# Commands on things that nothing replaces: each leads to a state in which the same command is
# refused, so that of two at once one is told. By path of the thing.
STEPS = {
    "/v1/life-events/{life_event_id}": "a report is decided once; a fact's correction is a new one",
    "/v1/elder-imports/{import_id}": "a job ends once",
    "/v1/assessments/{assessment_id}": "a result is decided once, and appealed against once",
    "/v1/proof-runs/{run_id}": "a job ends once",
    "/v1/orders/{order_id}": "the state allows each step once; an answer names its offer",
    "/v1/back-entries/{order_id}": "a back-entry is decided once",
    "/v1/stays/{stay_id}": "a stay ends once",
    "/v1/entitlements/{entitlement_id}": "refused and applied for again in turn",
    "/v1/settlements/{settlement_id}": "the state allows each step once",
    "/v1/complaints/{complaint_id}": "a complaint is closed once",
}
# Commands that replace nothing of their thing: of two at once both hold, or the second is refused.
ADDITIONS = {
    "/v1/facilities/{facility_id}:declare-fee": "a fee begins on a day of its own",
}
COMMANDS = [method for method in methods() if method.access.writes and OF_ONE.match(method.path)]


def of(method: Method) -> str:
    """The path of the thing that a method is about."""
    found = OF_ONE.match(method.path)
    return found[1] if found else ""


def with_version() -> set[str]:
    """Paths of things whose answer has an `ETag`."""
    return {
        of(method)
        for method in methods()
        if not method.access.writes and "version" in method.reply.DESCRIPTOR.fields_by_name
    }


@pytest.mark.parametrize("method", COMMANDS, ids=named)
def test_a_command_takes_the_version_that_was_read_or_is_a_step_that_is_made_once(
    method: Method,
) -> None:
    takes = "version" in method.request.DESCRIPTOR.fields_by_name

    if method.path in ADDITIONS:
        assert not takes
        return
    assert takes == (of(method) in with_version()), named(method)
    assert takes != (of(method) in STEPS), named(method)


def test_every_list_of_a_change_has_members_to_add_and_to_remove() -> None:
    wrong = []
    for method in COMMANDS:
        fields = method.request.DESCRIPTOR.fields_by_name
        if not method.path.endswith(":change"):
            continue
        for name, field in fields.items():
            inner = field.message_type
            is_set = inner is not None and [one.name for one in inner.fields] == [name]
            if is_set and not {f"add_{name}", f"remove_{name}"} <= set(fields):
                wrong.append(f"{named(method)} {name}")

    assert wrong == []


def test_no_step_is_listed_that_is_gone() -> None:
    assert STEPS.keys() <= {of(method) for method in COMMANDS}
    assert ADDITIONS.keys() <= {method.path for method in COMMANDS}
