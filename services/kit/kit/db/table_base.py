"""The base of every table: the tables of one package share a metadata of their own, so that two
services may have a table of the same name in one process.

House rules become column types here: an instant is `timestamptz`, a column that ends in `_fen` is
`bigint`, a `version` too, since a replica's holds `ce_sequence`; an IntEnum is kept as its number.
"""

from collections.abc import Callable, Mapping
from enum import IntEnum
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple, Unpack

from pydantic import ConfigDict
from sqlalchemy import (
    BigInteger,
    DateTime,
    Enum,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    event,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

_NAMES = {
    "pk": "%(table_name)s_pk",
    "fk": "%(table_name)s_%(column_0_N_name)s_fk",
    "uq": "%(table_name)s_%(column_0_N_name)s_uq",
    "ix": "%(table_name)s_%(column_0_N_name)s_ix",
    "ck": "%(table_name)s_%(constraint_name)s_ck",
}


@cache
def metadata(package: str) -> MetaData:
    """The tables of one package."""
    return MetaData(naming_convention=_NAMES)


class TableBase(SQLModel):
    """Base of a table; `class Elder(TableBase, table=True)`.

    Rows are changed through SQLAlchemy's attributes alone, and made beside them. SQLModel does each
    twice, for Pydantic too, which validates neither: 24 µs for a row of four columns, 7 this way. A
    name that is no field is refused, where SQLModel drops it in silence.
    """

    def __init__(self, /, **values: object) -> None:
        kind = type(self)
        fields = _fields(kind)
        if unknown := values.keys() - fields.names:
            raise TypeError(f"{kind.__name__} has no {', '.join(sorted(unknown))}")
        # of a new row SQLAlchemy has nothing to remember: its attributes are set beside it
        known = self.__dict__
        known.update(fields.constants)
        for name, default in fields.made:
            if name not in values:
                known[name] = default()
        known.update(values)
        object.__setattr__(self, "__pydantic_fields_set__", set(values))

    if not TYPE_CHECKING:  # which would let any name pass

        def __getattr__(self, name: str) -> object:
            # SQLAlchemy asks each new row for a state that it cannot have yet; Pydantic would look
            # for private and extra attributes first, which no table has
            return object.__getattribute__(self, name)

    def __setattr__(self, name: str, value: object) -> None:
        if name == "_sa_instance_state" or name in type(self).__pydantic_fields__:
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    def __init_subclass__(cls, **kwargs: Unpack[ConfigDict]) -> None:
        super().__init_subclass__(**kwargs)
        # what is made for trials and benchmarks is no part of a service's database
        trial = cls.__module__.startswith(("testkit.", "benchmarks."))
        type.__setattr__(
            cls, "metadata", metadata(cls.__module__ if trial else cls.__module__.partition(".")[0])
        )


class _Fields(NamedTuple):
    """constants: defaults that all rows may share. made: what makes the others."""

    names: frozenset[str]
    constants: Mapping[str, object]
    made: tuple[tuple[str, Callable[[], object]], ...]


@cache
def _fields(kind: type[TableBase]) -> _Fields:
    optional = {
        name: field for name, field in kind.__pydantic_fields__.items() if not field.is_required()
    }
    constants = {
        name: field.default
        for name, field in optional.items()
        if field.default_factory is None
        and isinstance(field.default, int | float | str | bytes | None)
    }
    made = tuple(
        (name, partial(field.get_default, call_default_factory=True))
        for name, field in optional.items()
        if name not in constants
    )
    return _Fields(frozenset(kind.__pydantic_fields__), constants, made)


class Numbered(TypeDecorator[int]):
    """An IntEnum kept as its number: a native enum keeps names and needs a migration for each new
    member.

    A number that no member stands for is read as 0, unspecified: a newer release has sent or
    written it.
    """

    impl = SmallInteger
    cache_ok = True

    def __init__(self, kind: type[IntEnum]) -> None:
        super().__init__()
        self.kind = kind
        self._members: dict[int, IntEnum] = {int(member): member for member in kind}

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> int | None:
        return None if value is None else self._members.get(value, 0)


@event.listens_for(Table, "after_parent_attach")
def _house_types(table: Table, _: MetaData) -> None:
    for column in table.columns:
        if isinstance(column.type, DateTime):
            column.type = DateTime(timezone=True)
        elif isinstance(column.type, Integer) and (
            column.name.endswith("_fen") or column.name == "version"
        ):
            column.type = BigInteger()
        elif (
            isinstance(column.type, Enum)
            and column.type.enum_class
            and issubclass(column.type.enum_class, IntEnum)
        ):
            column.type = Numbered(column.type.enum_class)
