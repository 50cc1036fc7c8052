"""No import circle between modules; in the kit neither where an import stands in a function or is
for types alone.

The layers between packages are contracts of import-linter; what it can not say stands here.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping

import pytest
from sources import Source, packages

Graph = Mapping[str, set[str]]

KIT = ("kit", "devservers", "testkit", "benchmarks")


def imports(source: Source, *, late: bool) -> Iterator[tuple[str, str]]:
    """(module, name) of every import; of a plain import the name is empty.

    late: also those in a function, and those under `if TYPE_CHECKING`.
    """
    waiting: list[ast.AST] = [source.tree]
    while waiting:
        node = waiting.pop()
        if not late and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if not late and isinstance(node, ast.If) and _asks_for_types(node.test):
            waiting += node.orelse
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.module, alias.name) for alias in node.names)
        waiting += ast.iter_child_nodes(node)


def _asks_for_types(test: ast.AST) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


def graph(of: Iterable[Source], *, late: Iterable[str] = ()) -> Graph:
    """Which module imports which, among these. late: packages whose late imports count too."""
    sources = list(of)
    known, counted = {source.name for source in sources}, set(late)
    found: dict[str, set[str]] = {source.name: set() for source in sources}
    for source in sources:
        for module, name in imports(source, late=source.name.partition(".")[0] in counted):
            target = f"{module}.{name}" if f"{module}.{name}" in known else module
            if target in known and target != source.name:
                found[source.name].add(target)
    return found


def circles(edges: Graph) -> list[list[str]]:
    """Sets of modules that all reach each other, each in the order of their names (Tarjan)."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        number[module] = lowest[module] = len(number)
        path.append(module)
        for other in edges[module]:
            if other not in number:
                visit(other)
            if other in path:
                lowest[module] = min(lowest[module], lowest[other])
        if lowest[module] == number[module]:
            start = path.index(module)
            if len(path) - start > 1:
                found.append(sorted(path[start:]))
            del path[start:]

    for module in edges:
        if module not in number:
            visit(module)
    return sorted(found)


def test_no_modules_import_each_other() -> None:
    edges = graph(packages(), late=KIT)

    assert len(edges) > 300
    assert circles(edges) == []


def a_source(name: str, text: str) -> Source:
    return Source(name, ast.parse(text))


IN_FUNCTION = "def late():\n    from a.two import B"
FOR_TYPES = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from a.two import B"


@pytest.mark.parametrize(
    ("one", "late", "expected"),
    [
        ("from a.two import B", (), [["a.one", "a.two"]]),
        ("from a import two", (), [["a.one", "a.two"]]),
        ("import a.two", (), [["a.one", "a.two"]]),
        (FOR_TYPES, ("a",), [["a.one", "a.two"]]),
        (FOR_TYPES, (), []),
        (IN_FUNCTION, ("a",), [["a.one", "a.two"]]),
        (IN_FUNCTION, (), []),
        ("from b.two import B", (), []),
    ],
)
def test_a_circle_is_found_where_there_is_one(
    one: str, late: tuple[str, ...], expected: list[list[str]]
) -> None:
    sources = [a_source("a.one", one), a_source("a.two", "import a.one")]

    assert circles(graph(sources, late=late)) == expected
