"""What a migration may do while the release before it runs: what is added, nobody else notices.
Read from its source, not run.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

UNNOTICED = (
    "op.create_table",
    "op.f",
    "op.get_context",
    "op.get_context().autocommit_block",
    "migrations.add_index",
)
SAFE_SQL = (
    "create table ",
    "create type ",
    "create sequence ",
    "create index concurrently ",
    "comment on ",
    "create function ",
    # who runs the release before owns every function that it calls, or was granted it
    "revoke execute on function ",
)


def faults(source: str) -> list[str]:
    """What the upgrade of a migration does that the release before it would notice; empty where it
    only expands, or says why it may.
    """
    module = ast.parse(source)
    if _declared(module, "contract"):
        return []
    upgrade = next(
        node for node in module.body if isinstance(node, ast.FunctionDef) and node.name == "upgrade"
    )
    calls = list(_calls(upgrade))
    new = _New(
        {_text(call.args[0]) for call in calls if _name(call) == "op.create_table"},
        {
            (_text(call.args[0]), _text(call.args[1].args[0]))
            for call in calls
            if _name(call) == "op.add_column" and isinstance(call.args[1], ast.Call)
        },
        {
            node.targets[0].id: _text(node.value)
            for node in module.body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        },
        {node.name for node in module.body if isinstance(node, ast.FunctionDef)},
    )
    return [fault for call in calls if (fault := _fault(call, new))]


@dataclass(frozen=True)
class _New:
    """What a migration makes: tables, columns by table. texts, functions: what its module names."""

    tables: set[str]
    columns: set[tuple[str, str]]
    texts: dict[str, str]
    functions: set[str]

    def holds(self, statement: str) -> bool:
        """True for rows of a table, or values of a column, that the release before does not
        know.
        """
        match statement.split()[:4]:
            case ["insert", "into", table, *_]:
                return table.partition("(")[0] in self.tables
            case ["update", table, "set", column]:
                return "," not in statement.partition(" from ")[0] and (
                    (table, column.partition("=")[0]) in self.columns
                )
        return False


def revision_of(source: str) -> tuple[str, str]:
    """The revision and the one before it; empty for the first."""
    module = ast.parse(source)
    return _declared(module, "revision"), _declared(module, "down_revision")


def modules(package: Path) -> Iterator[Path]:
    """The migrations of a package."""
    yield from sorted(
        path
        for path in (package / "migrations" / "versions").glob("*.py")
        if path.name != "__init__.py"
    )


def _fault(call: ast.Call, new: _New) -> str:
    name = _name(call)
    if name in new.functions:
        return f"{name}: what a helper does is not written here"
    if name in UNNOTICED or not name.startswith(("op.", "migrations.")):
        return ""
    if name == "op.add_column":
        return _of_column(call)
    if name == "op.create_index":
        table = _text(call.args[1]) if len(call.args) > 1 else ""
        if table in new.tables:
            return ""
        if _is(call, "unique", True):
            return f"{name}: unique on {table}, where the release before may write what is not"
        concurrent = _is(call, "postgresql_concurrently", True)
        return (
            ""
            if concurrent
            else f"{name}: on {table} without postgresql_concurrently, so that writing waits"
        )
    if name == "op.execute":
        written = call.args[0]
        text = new.texts.get(written.id, "") if isinstance(written, ast.Name) else _text(written)
        statement = " ".join(text.lower().split())
        return (
            ""
            if statement.startswith(SAFE_SQL) or new.holds(statement)
            else f"{name}: {statement[:60] or 'what it does is not written here'}"
        )
    return f"{name}: only what is added goes unnoticed"


def _of_column(call: ast.Call) -> str:
    column = call.args[1]
    if not isinstance(column, ast.Call):
        return "op.add_column: what it adds is not written here"
    default = next((one.value for one in column.keywords if one.arg == "server_default"), None)
    if _is(column, "nullable", False) and default is None:
        return (
            f"op.add_column: {_text(column.args[0])} is not null, and the release before gives "
            "it nothing"
        )
    if default is not None and "(" in (
        _text(default) or ast.unparse(default).removeprefix("sa.text(").removesuffix(")")
    ):
        return (
            f"op.add_column: {_text(column.args[0])} has a default that is computed for every "
            "row there is"
        )
    return ""


def _calls(upgrade: ast.FunctionDef) -> Iterator[ast.Call]:
    return (node for node in ast.walk(upgrade) if isinstance(node, ast.Call))


def _name(call: ast.Call) -> str:
    return ast.unparse(call.func)


def _is(call: ast.Call, keyword: str, value: object) -> bool:
    return any(
        one.arg == keyword and isinstance(one.value, ast.Constant) and one.value.value is value
        for one in call.keywords
    )


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _declared(module: ast.Module, name: str) -> str:
    for node in module.body:
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name for target in node.targets
        ):
            return _text(node.value)
    return ""
