"""Identifiers use the field's terms: no word that the glossary forbids stands in one."""

import ast
import re
from collections.abc import Iterator

import glossary
import pytest
from sources import programs, sources

_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+|\d+")


def parts(name: str) -> list[str]:
    """The words of a name.

    >>> parts("row_from_event"), parts("PolledBatch"), parts("_HTTPDoor")
    (['row', 'from', 'event'], ['polled', 'batch'], ['http', 'door'])
    """
    return [part.lower() for part in _CAMEL.findall(name)]


def declared(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and name of everything that a file names itself: functions, classes, arguments,
    variables, attributes it sets.
    """
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.lineno, node.name
            case ast.arg():
                yield node.lineno, node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.lineno, node.attr
            case ast.alias(asname=str(name)):
                yield node.lineno, name


def forbidden(name: str) -> str | None:
    """The term to use instead, where a name is forbidden."""
    if name in glossary.GIVEN:
        return None
    if name in glossary.NAMES:
        return glossary.NAMES[name]
    for prefix, term in glossary.PREFIXES.items():
        if name.lstrip("_").startswith(prefix):
            return term
    found = next((part for part in parts(name) if part in glossary.PARTS), None)
    return glossary.PARTS[found] if found else None


@pytest.mark.parametrize("name", ["told", "_told_by", "Fate", "handle_event", "ElderHelper"])
def test_a_forbidden_word_is_found(name: str) -> None:
    assert forbidden(name)


@pytest.mark.parametrize("name", ["elder_id", "Disposition", "row_from_event", "saidou", "log"])
def test_any_other_word_is_not(name: str) -> None:
    assert forbidden(name) is None


def test_no_identifier_uses_a_forbidden_word() -> None:
    found = [
        f"{source.name}:{line}: {name} → {term}"
        for source in (*sources(), *programs())
        for line, name in declared(source.tree)
        if (term := forbidden(name))
    ]

    assert found == []
