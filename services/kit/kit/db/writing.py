"""Writes the rows of a batch as sets, one statement for a table. The ORM's own flush sends each
changed row by itself, and new ones with a statement that grows with them.

What is no plain row of a plain table is left to that flush.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, TypeAlias

from sqlalchemy import ARRAY, Column, Enum, String
from sqlalchemy.orm import InstanceState, Session, attributes, class_mapper
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import SQLModel

from kit.db.driver import Driver
from kit.db.loading import DIALECT, key_names

State: TypeAlias = InstanceState[SQLModel]
Names: TypeAlias = tuple[str, ...]
Bind: TypeAlias = Callable[[object], object]  # how an attribute's value becomes the driver's


class _Field(NamedTuple):
    """A column. array: the type of many values. bind: None where they are sent as they are."""

    column: str
    array: str
    bind: Bind | None


@dataclass(frozen=True, eq=False)
class _Plan:
    """A table that can be written as a set, its fields by name of the attribute.

    drawn: what the database numbers. needed: what a new row must bear, since the flush would find a
    value for it.
    """

    table: str
    fields: dict[str, _Field]
    key: Names
    needed: Names
    drawn: str | None

    def takes(self, new: State) -> bool:
        """Whether a new row brings all its values along."""
        known = new.dict
        numbered = self.drawn is not None and known.get(self.drawn) is not None
        return not numbered and all(known.get(name) is not None for name in self.needed)

    @property
    def given(self) -> Names:
        """What a new row brings along."""
        return tuple(name for name in self.fields if name != self.drawn)


async def write(
    session: Session, driver: Driver, locked: Callable[[State], bool], fewest: int
) -> list[SQLModel]:
    """Writes new and changed rows of tables that have as many of them. Returns the new ones.

    locked: whether we hold the row's lock; a set takes locks in no order.
    Raises: StaleDataError where a changed row is gone; asyncpg.PostgresError.
    """
    if session.deleted:
        return []  # the flush knows what has to come first
    new, changed = _new(session.new), _changed(session.dirty, locked)
    made: list[SQLModel] = []
    for (plan, names), states in changed.items():
        if len(states) >= fewest:
            await _update(driver, plan, names, states)
            _are_written(session, states)
    for plan, states in new.items():
        if len(states) >= fewest:
            await _insert(driver, plan, states)
            # the session lets go of what is written
            made += [row for state in states if (row := state.obj()) is not None]
            _are_written(session, states)
    return made


def _new(rows: Iterable[SQLModel]) -> dict[_Plan, list[State]]:
    groups = defaultdict(list)
    for row in rows:
        state, plan = attributes.instance_state(row), _plan(type(row))
        if plan is not None and plan.takes(state):
            groups[plan].append(state)
    return groups


def _changed(
    rows: Iterable[SQLModel], locked: Callable[[State], bool]
) -> dict[tuple[_Plan, Names], list[State]]:
    """By table and changed attributes."""
    groups = defaultdict(list)
    for row in rows:
        state, plan = attributes.instance_state(row), _plan(type(row))
        if plan is None or not locked(state):
            continue
        before, now = state.committed_state, state.dict
        names = tuple(name for name in plan.fields if name in before and before[name] != now[name])
        if not set(names).intersection(plan.key):
            groups[plan, names].append(state)
    return groups


async def _update(driver: Driver, plan: _Plan, names: Names, states: Sequence[State]) -> None:
    if not names:
        return  # each bears again what it bore before
    columns = _columns(plan, (*plan.key, *names), states)
    tag = await driver.execute(_update_statement(plan, names), *columns)
    if tag != f"UPDATE {len(states)}":
        raise StaleDataError(f"{len(states)} rows of {plan.table} have changed: {tag}")


async def _insert(driver: Driver, plan: _Plan, states: Sequence[State]) -> None:
    columns = _columns(plan, plan.given, states)
    found = await driver.fetch(_insert_statement(plan), *columns)
    if plan.drawn:
        # a sequence rises in the order of the rows
        for state, value in zip(states, sorted(row[0] for row in found), strict=True):
            state.dict[plan.drawn] = value


def _columns(plan: _Plan, names: Names, states: Sequence[State]) -> list[list[object]]:
    """The values of the rows, column by column."""
    columns = []
    rows = [state.dict for state in states]
    for name in names:
        values = [row.get(name) for row in rows]
        bind = plan.fields[name].bind
        columns.append([bind(value) for value in values] if bind else values)
    return columns


def _are_written(session: Session, states: Iterable[State]) -> None:
    """The session goes on as after its own flush."""
    session._register_persistent(set(states))


@cache
def _update_statement(plan: _Plan, names: Names) -> str:
    changes = ", ".join(f"{column} = v.{column}" for column in _names(plan, names))
    same = " and ".join(f"t.{column} = v.{column}" for column in _names(plan, plan.key))
    return (
        f"update {plan.table} t set {changes} "  # noqa: S608 - our own names
        f"from {_given(plan, (*plan.key, *names))} where {same}"
    )


@cache
def _insert_statement(plan: _Plan) -> str:
    columns = ", ".join(_names(plan, plan.given))
    drawn = f" returning {plan.fields[plan.drawn].column}" if plan.drawn else ""
    return (
        f"insert into {plan.table} ({columns}) "  # noqa: S608 - our own names
        f"select {columns} from {_given(plan, plan.given)}{drawn}"
    )


def _given(plan: _Plan, names: Names) -> str:
    arrays = ", ".join(f"${n}::{plan.fields[name].array}" for n, name in enumerate(names, 1))
    return f"unnest({arrays}) as v ({', '.join(_names(plan, names))})"


def _names(plan: _Plan, names: Names) -> list[str]:
    return [plan.fields[name].column for name in names]


@cache
def _plan(table: type[SQLModel]) -> _Plan | None:
    """None where only the flush knows how to write a row."""
    mapper = class_mapper(table)
    columns = {mapper.get_property_by_column(column).key: column for column in mapper.columns}
    if mapper.version_id_col is not None or mapper.relationships or mapper.inherits:
        return None
    if any(map(_is_odd, columns.values())):
        return None
    drawn = [name for name, column in columns.items() if column.identity is not None]
    return _Plan(
        table=DIALECT.identifier_preparer.format_table(mapper.local_table),
        fields={name: _field(column) for name, column in columns.items()},
        key=key_names(table),
        needed=tuple(
            name
            for name, column in columns.items()
            if not (column.default is None and column.server_default is None) and name not in drawn
        ),
        drawn=drawn[0] if drawn else None,
    )


def _is_odd(column: Column[object]) -> bool:
    """Whether a set cannot hold its values, or others are written with it or before it."""
    serial = column is column.table.autoincrement_column and column.identity is None
    made = (column.onupdate, column.server_onupdate, column.computed)
    return serial or isinstance(column.type, ARRAY) or any(one is not None for one in made)


def _field(column: Column[object]) -> _Field:
    name = DIALECT.identifier_preparer.format_column(column)
    # a text without its length: the cast would cut it off in silence
    text = isinstance(column.type, String) and not isinstance(column.type, Enum)
    kind = "text" if text else column.type.compile(dialect=DIALECT)
    bind = column.type.dialect_impl(DIALECT).bind_processor(DIALECT)
    return _Field(name, f"{kind}[]", bind)
