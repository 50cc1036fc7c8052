"""A norm's number is data with meaning, unit, source, clause, confidence and date; a rule holds the
formula and never the number.
"""

import ast
from collections.abc import Iterator
from datetime import date
from importlib import import_module

import pytest
from sources import Source, called, packages

from city.names import BUSINESS
from datacenter.subjects.registry import subjects
from kit.contracts import standards

SERVICES = (*BUSINESS, "simulator")
PLAIN = (0, 1, -1)

# (module, number): why it is no number of a norm.
STRUCTURAL = {
    ("datacenter.indicators.rules", 2): "levels of the tree of areas: the city",
    ("datacenter.indicators.rules", 5): "levels of the tree of areas: a village",
    ("datacenter.months", 12): "months of a year",
    ("datacenter.months", 8): "hours between Shanghai and UTC",
    ("datacenter.months", 3600): "seconds of an hour",
    ("datacenter.months", 100_000): "entries of a cache",
    ("datacenter.months", 10_000): "entries of a cache",
    ("datacenter.months", 1970): "the first year of the clock",
    ("datacenter.months", 86_400): "seconds of a day",
    ("datacenter.subjects.counting", 100_000): "entries of a cache",
    ("datacenter.subjects.declaration", 1_000_000): "microseconds of a second",
    ("datacenter.subjects.declaration", 1970): "the first year of the clock",
    ("datacenter.subjects.order", 1_000_000): "microseconds of a second",
    ("datacenter.subjects.order", 1000): "nanoseconds of a microsecond",
    ("dispatch.orders.rules", 6_371_008.8): "mean radius of the earth, m",
    ("dispatch.planning.rules.travel", 60): "seconds of a minute",
    ("dispatch.planning.rules.travel", 3.6): "km/h in a m/s",
    ("dispatch.orders.rules", 2): "the haversine formula",
    (
        "dispatch.planning.rules.checker",
        6371.0088,
    ): "mean radius of the earth, km; the checker shares no code with the planner",
    ("dispatch.planning.rules.checker", 60): "seconds of a minute",
    ("dispatch.planning.rules.checker", 3600): "seconds of an hour",
    ("supervision.settlements.rules.impossible_travel", 60): "minutes of an hour",
    ("supervision.settlements.rules.impossible_travel", 1000): "metres of a kilometre",
}

# what holds formulas without being called rules
DECLARED = ("datacenter.months",)


def rules() -> list[Source]:
    return [
        source
        for source in packages()
        if "rules" in source.name.split(".")[1:]
        or source.name in DECLARED
        or source.name.startswith("datacenter.subjects.")
    ]


def numbers(tree: ast.AST) -> Iterator[int | float | complex]:
    """Numbers of formulas: without members of an enumeration, which the contract counts, and
    without positions in a sequence.
    """
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.ClassDef) and any(
            "Enum" in ast.unparse(parent) for parent in node.bases
        ):
            waiting += [inner for inner in node.body if isinstance(inner, ast.FunctionDef)]
        elif isinstance(node, ast.Subscript):
            waiting += [
                node.value,
                *(
                    inner
                    for inner in ast.walk(node.slice)
                    if isinstance(inner, ast.BinOp | ast.Call)
                ),
            ]
        elif (
            isinstance(node, ast.UnaryOp)
            and isinstance(node.op, ast.USub)
            and isinstance(node.operand, ast.Constant)
        ):
            yield -node.operand.value  # type: ignore[operator]
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float, complex):
            yield node.value
        else:
            waiting += ast.iter_child_nodes(node)


@pytest.mark.parametrize("service", SERVICES)
def test_every_number_has_its_meaning_and_its_source(service: str) -> None:
    known = list(standards.load(service))

    lacking = [
        one.path
        for one in known
        if not (
            one.meaning and one.unit and one.source and one.clause and one.confidence and one.values
        )
    ]
    assert known
    assert lacking == []


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_our_own_assumption_is_marked_so_and_nothing_else_is(service: str) -> None:
    assumed = {one.path for one in standards.load(service) if one.confidence == "A"}
    declared = {
        one.path for one in standards.load(service) if one.source.startswith("Assumption: ")
    }

    assert sorted(declared - assumed) == []
    assert sorted(assumed - declared) == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_number_that_the_code_asks_for_is_there(service: str) -> None:
    known = {one.path for one in standards.load(service)}
    asked = {
        node.args[0].value
        for source in packages()
        if source.name.split(".")[0] == service
        for _, node in source.places()
        if called(node).split(".")[-1] in {"standard", "number", "whole", "days"}
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)  # type: ignore[attr-defined]
    }

    assert {path for path in asked if "." in path} <= known
    assert service != "simulator" or asked


def test_a_formula_holds_no_number_of_a_norm() -> None:
    found = {
        (source.name, number)
        for source in rules()
        for number in numbers(source.tree)
        if number not in PLAIN
    }

    structural = STRUCTURAL.keys() | {
        (type(subject.state()).__module__, subject.kind)
        for subject in subjects()
        if subject.kind not in PLAIN
    }
    assert len(rules()) >= 20
    assert sorted(found - structural, key=str) == []
    assert sorted(structural - found, key=str) == [], "nothing is excused there any more"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("amount * 0.4", [0.4]),
        ("def f(age=80): return age > 65", [65, 80]),
        ("total >= -7", [-7]),
        ("rows[2 * 3]", [2, 3]),
        ("class Kind(IntEnum):\n    CASH = 2", []),
        ("first, row[5], text[5:7] = 0, 1, -1", [-1, 0, 1]),
    ],
)
def test_numbers_of_formulas_are_seen(text: str, wanted: list[float]) -> None:
    assert sorted(numbers(ast.parse(text))) == wanted  # type: ignore[type-var]


def test_a_declaration_takes_the_numbers_of_a_contract_from_the_contract() -> None:
    dispatch = import_module("eldercare.dispatch.v1.events_pb2").OrderCancelled
    facility = import_module("eldercare.facility.v1.events_pb2").Facility

    assert {
        dispatch.CAUSE_ELDER,
        dispatch.CAUSE_DEATH,
        dispatch.CAUSE_MOVED_OUT,
    } == import_module("datacenter.subjects.order").NOBODYS_FAILURE
    assert {
        facility.OPERATION_CONTRACTED,
        facility.OPERATION_PRIVATE,
    } == import_module("datacenter.subjects.facility").SOCIAL


def test_the_term_of_a_result_is_the_same_in_all_services() -> None:
    """The board judges results by it, applicants are told, the simulated truth counts by it."""
    terms = {
        f"{service} {path}": standards.load(service).standard(path).read(int, date.max)
        for service, path in (
            ("assessment", "procedure.result_working_days"),
            ("datacenter", "limits.working_days"),
            ("simulator", "procedure.working_days"),
        )
    }

    assert len(set(terms.values())) == 1, terms
