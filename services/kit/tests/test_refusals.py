import pytest

from kit.contracts import refusals
from kit.contracts.phrases import Phrase
from kit.contracts.refusals import (
    Conflict,
    Denied,
    EldercareError,
    Malformed,
    NotFound,
    Outdated,
    Refusal,
    Unauthenticated,
    Unavailable,
)
from kit.rpc import status

LEVEL = Phrase("is one of 0..4", "应为 0 至 4", key="LEVEL")
TAKEN = Phrase("taken", "已被占用")
LONG = Phrase("长" * 5000, "长" * 5000, key="LONG")


class AlreadyCompleted(Conflict):
    text = Phrase(
        "assessment {assessment_id} is completed already", "评估 {assessment_id} 已经完成"
    )


class HTTPGone(NotFound):
    """An abbreviation in a name."""


TABLE = [
    (Malformed("level", LEVEL), "INVALID_ARGUMENT", 422, "park", "warning", "if the limit trips"),
    (NotFound("Bed", 7), "NOT_FOUND", 404, "park", "info", "no"),
    (Conflict(TAKEN), "ABORTED", 409, "park", "info", "no"),
    (AlreadyCompleted(assessment_id=7), "ABORTED", 409, "park", "info", "no"),
    (Outdated(version=2), "ABORTED", 412, "park", "info", "no"),
    (Denied(TAKEN), "PERMISSION_DENIED", 403, "park", "info", "no"),
    (Unauthenticated(TAKEN), "UNAUTHENTICATED", 401, "park", "info", "no"),
    (Refusal(TAKEN), "FAILED_PRECONDITION", 409, "park", "info", "no"),
    (Unavailable("bank"), "UNAVAILABLE", 503, "retry", "warning", "if it lasts"),
    (ZeroDivisionError(), "INTERNAL", 500, "three tries", "exception", "yes"),
    (KeyboardInterrupt(), "INTERNAL", 500, "three tries", "exception", "yes"),
]


@pytest.mark.parametrize(
    ("error", "code", "http", "message", "log", "alert"),
    TABLE,
    ids=lambda value: type(value).__name__,
)
def test_the_fault_decides_every_consequence(error, code, http, message, log, alert):
    outcome = refusals.consequence(error)

    assert (outcome.code, outcome.http, outcome.message, outcome.log, outcome.alert) == (
        code,
        http,
        message,
        log,
        alert,
    )


def test_each_row_of_the_table_is_tried_here():
    assert {refusals.consequence(row[0]) for row in TABLE} == set(refusals.CONSEQUENCES.values())


@pytest.mark.parametrize(
    ("kind", "reason"),
    [(AlreadyCompleted, "ALREADY_COMPLETED"), (HTTPGone, "HTTP_GONE"), (Refusal, "REFUSAL")],
)
def test_the_reason_is_the_name_of_the_class(kind, reason):
    assert kind._reason == reason


def test_facts_are_attributes_and_build_the_text():
    error = AlreadyCompleted(assessment_id="a-1", field="assessment_id")

    assert (error.assessment_id, error.facts, str(error)) == (
        "a-1",
        {"assessment_id": "a-1"},
        "assessment a-1 is completed already",
    )
    assert error.violations == (("assessment_id", "assessment a-1 is completed already"),)


@pytest.mark.parametrize(
    "error",
    [row[0] for row in TABLE if isinstance(row[0], EldercareError)],
    ids=lambda value: type(value).__name__,
)
def test_an_error_is_the_same_after_the_wire(error):
    code, text, _ = status.to_status(error)

    rebuilt = refusals.error_from_parts(
        code.name,
        Phrase(text, error.phrase.zh),
        reason=error.reason,
        facts=dict(error.facts),
        violations=error.violations,
    )

    assert (rebuilt.reason, str(rebuilt), rebuilt.facts, rebuilt.violations) == (
        error.reason,
        str(error),
        error.facts,
        error.violations,
    )
    assert refusals.consequence(rebuilt) == refusals.consequence(error)


def test_a_status_stays_small_whatever_the_facts():
    facts = {f"fact_{number}": "长" * 1000 for number in range(100)}
    error = Malformed("field", LONG, also=[(f"field_{number}", LONG) for number in range(100)])

    assert len(status.to_status(Refusal(LONG, **facts))[2]) < 8_000
    assert len(status.to_status(error)[2]) < 8_000


class OddlyNamed(Conflict):
    """A refusal whose facts have the names of what every error and every answer has."""

    text = Phrase("it is {status}, because {reason}", "状态为{status}，因为{reason}")


NAMES = ("status", "reason", "detail", "errors", "facts", "violations", "args", "retry_after_s")


def test_a_fact_may_have_any_name() -> None:
    error = OddlyNamed(**{name: f"a fact called {name}" for name in NAMES})

    code, text, _ = status.to_status(error)
    facts = dict(zip(NAMES, (error.facts[name] for name in NAMES), strict=True))

    assert (error.reason, error.retry_after_s, error.violations, code.name) == (
        "ODDLY_NAMED",
        None,
        (),
        "ABORTED",
    )
    assert text == "it is a fact called status, because a fact called reason"
    rebuilt = refusals.error_from_parts(
        code.name, Phrase(text, text), reason=error.reason, facts=facts
    )
    assert (rebuilt.reason, rebuilt.facts, rebuilt.violations) == ("ODDLY_NAMED", facts, ())
