"""The platform's own source as syntax trees, for the tests that read it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
SERVICES = ROOT / "services"


@dataclass(frozen=True)
class Source:
    """One file. name: as it is imported, `kit.messaging.polled_batch`; a test is
    `subsidy.tests.test_ledger`.
    """

    name: str
    tree: ast.Module

    @property
    def tested(self) -> bool:
        """True for a test."""
        return ".tests." in self.name or self.name.startswith("contracts.")

    def places(self) -> Iterator[tuple[str, ast.AST]]:
        """Every node with where it stands: the names of the functions and classes around it, in
        dots.
        """
        waiting: list[tuple[str, ast.AST]] = [("", self.tree)]
        while waiting:
            around, node = waiting.pop()
            yield around, node
            named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            inner = f"{around}.{node.name}".strip(".") if named else around  # type: ignore[attr-defined]
            waiting += [(inner, child) for child in ast.iter_child_nodes(node)]


@cache
def sources() -> tuple[Source, ...]:
    """Every file that somebody wrote: packages and their tests, and the tests between services."""
    made = []
    for path in sorted(SERVICES.glob("*/**/*.py")):
        parts = path.relative_to(SERVICES).with_suffix("").parts
        if "node_modules" not in parts:
            # services/kit/kit/store.py is kit.db.store; services/kit/tests/test_store.py is
            # kit.tests.test_store
            kept = parts[1:] if parts[0] == parts[1] else parts
            made.append(
                Source(".".join(kept).removesuffix(".__init__"), ast.parse(path.read_text()))
            )
    made += [
        Source(f"contracts.{path.stem}", ast.parse(path.read_text()))
        for path in sorted(Path(__file__).parent.glob("*.py"))
    ]
    return tuple(made)


@cache
def programs() -> tuple[Source, ...]:
    """The files around the platform: what writes and tries charts, and builds tools."""
    return tuple(
        Source(path.relative_to(ROOT).as_posix(), ast.parse(path.read_text()))
        for folder in ("charts", "compose", "tools")
        for path in sorted((ROOT / folder).rglob("*.py"))
    )


def packages() -> tuple[Source, ...]:
    """What ships: no tests."""
    return tuple(source for source in sources() if not source.tested)


def called(node: ast.AST) -> str:
    """What a call calls, in dots: `datetime.now`, `self.consumer.commit`; empty for anything
    else.
    """
    return dotted(node.func) if isinstance(node, ast.Call) else ""


def dotted(node: ast.AST) -> str:
    """`a.b.c` of names and attributes; `?` stands for an expression."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return "?"
