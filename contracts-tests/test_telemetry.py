"""What is declared to be traced is traced, and what is traced is declared; metrics are held against
rules and dashboards elsewhere.
"""

import ast
from collections.abc import Iterable

from sources import Source, packages

from kit.observability import names
from kit.observability.names import Span

OTHERS = [source for source in packages() if source.name != "kit.observability.names"]
SPANS = {name for name, value in vars(names).items() if isinstance(value, Span)}


def mentioned(source: Source) -> set[str]:
    """Names that a module uses, its own or another module's."""
    nodes = ast.walk(source.tree)
    return {
        node.id if isinstance(node, ast.Name) else node.attr
        for node in nodes
        if isinstance(node, ast.Name | ast.Attribute)
    }


def texts(nodes: Iterable[ast.expr | None]) -> set[str]:
    return {
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def keys(source: Source) -> set[str]:
    """What stands as a key of a dictionary, or as the first argument of a call: attributes are set
    by both.
    """
    found = set()
    for node in ast.walk(source.tree):
        found |= (
            texts(node.keys)
            if isinstance(node, ast.Dict)
            else texts(node.args[:1])
            if isinstance(node, ast.Call)
            else set()
        )
    return found


def attributes(source: Source) -> set[str]:
    """Attributes of spans that are surely set: `attributes={…}` and `set_attribute(…)`."""
    found = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            given = [word.value for word in node.keywords if word.arg == "attributes"]
            found |= {
                name for each in given if isinstance(each, ast.Dict) for name in texts(each.keys)
            }
            if isinstance(node.func, ast.Attribute) and node.func.attr == "set_attribute":
                found |= texts(node.args[:1])
    return found


def test_every_span_that_is_declared_is_begun_somewhere() -> None:
    assert SPANS - set().union(*map(mentioned, OTHERS)) == set()


def test_every_attribute_that_is_declared_is_set_somewhere() -> None:
    assert names.ATTRIBUTES.keys() - set().union(*map(keys, OTHERS)) == set()


def test_every_attribute_that_is_set_is_declared() -> None:
    """Else it is dropped when the span begins, and looked for in vain."""
    used = set().union(*map(attributes, OTHERS))

    assert used - names.ATTRIBUTES.keys() == set()
    assert "eldercare.timer" in used, "the test sees what is set"
