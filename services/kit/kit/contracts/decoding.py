"""Values out of YAML and JSON in the types that a caller declares; what is of another type is named
by its place.

    @dataclass(frozen=True)
    class Item:
        name_zh: str
        price_fen: int
        help: Help            # an enumeration: by the name of its member
        areas: tuple[str, ...] = ()

    item = decoded(Item, yaml_value, "catalogue.bath")
    # WrongType: catalogue.bath.price_fen: '12' is no int
"""

from collections.abc import Callable, Mapping, Set
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")
Read = Callable[[object, str], object]


class WrongType(ValueError):
    """A value is not of the declared type; the text names where it stands."""


def decoded(kind: type[T], value: object, where: str) -> T:
    """The value as this type.

    kind: a plain type, which a value must have exactly, but a whole number may stand for a
    fraction; a Decimal, as the number is written; a tuple, frozenset, list or dict of such; an
    enumeration, read by its members' names; a dataclass or a typed dict, without unknown keys;
    a named tuple, read from a list; one of these or None. where: the place of the value, for the
    error.
    Raises: WrongType.
    """
    return cast(T, _reader(kind)(value, where))


_readers: dict[object, Read] = {}  # made once per type


def _reader(kind: object) -> Read:
    if kind not in _readers:
        _readers[kind] = _made(kind)
    return _readers[kind]


def _made(kind: object) -> Read:
    origin = get_origin(kind)
    inner = get_args(kind)
    if kind is object:
        return lambda value, _: value
    if origin in (Union, UnionType):
        return _optional(inner)
    if origin in (dict, Mapping):
        return _mapping(*inner)
    if origin in (tuple, frozenset, list):
        return _collection(origin, inner[0])
    if not isinstance(kind, type):
        raise TypeError(f"{kind} is no type that can be read")
    if kind is Decimal:
        return _decimal
    if is_dataclass(kind):
        return _dataclass(kind)
    if is_typeddict(kind):
        required: frozenset[str] = getattr(kind, "__required_keys__", frozenset())
        return _record(kind, required, get_type_hints(kind))
    if issubclass(kind, Enum):
        return _member(kind)
    if issubclass(kind, tuple):
        return _named_tuple(kind)
    return _plain(kind)


def _plain(kind: type) -> Read:
    def read(value: object, where: str) -> object:
        if type(value) is kind:
            return value
        if kind is float and type(value) is int:
            return float(value)
        raise WrongType(f"{where}: {value!r} is no {kind.__name__}")

    return read


def _decimal(value: object, where: str) -> object:
    if type(value) not in (int, float):
        raise WrongType(f"{where}: {value!r} is no number")
    return Decimal(str(value))


def _optional(kinds: tuple[object, ...]) -> Read:
    (some,) = (kind for kind in kinds if kind is not NoneType)
    inner = _reader(some)

    def read(value: object, where: str) -> object:
        return None if value is None else inner(value, where)

    return read


def _collection(make: Callable[[list[object]], object], item: object) -> Read:
    inner = _reader(item)

    def read(value: object, where: str) -> object:
        if not isinstance(value, list | tuple):
            raise WrongType(f"{where}: {value!r} is no list")
        return make([inner(each, f"{where}[{place}]") for place, each in enumerate(value)])

    return read


def _mapping(key: object, item: object) -> Read:
    key_of = _reader(key)
    inner = _reader(item)

    def read(value: object, where: str) -> object:
        known = _keyed(value, where)
        return {
            key_of(name, f"{where}: a key"): inner(each, f"{where}.{name}")
            for name, each in known.items()
        }

    return read


def _member(kind: type[Enum]) -> Read:
    def read(value: object, where: str) -> object:
        if not isinstance(value, str) or value not in kind.__members__:
            raise WrongType(f"{where}: {value!r} is none of {', '.join(kind.__members__)}")
        return kind[value]

    return read


def _named_tuple(kind: type[tuple[object, ...]]) -> Read:
    inner = {name: _reader(hint) for name, hint in get_type_hints(kind).items()}
    make: Callable[..., object] = kind

    def read(value: object, where: str) -> object:
        if not isinstance(value, list | tuple) or len(value) != len(inner):
            raise WrongType(f"{where}: {value!r} is no list of {', '.join(inner)}")
        parts = zip(inner.items(), value, strict=True)
        return make(*(read_one(each, f"{where}.{name}") for (name, read_one), each in parts))

    return read


def _dataclass(kind: "type[DataclassInstance]") -> Read:
    types = get_type_hints(kind)
    required = {
        field.name
        for field in fields(kind)
        if field.default is MISSING and field.default_factory is MISSING
    }
    return _record(kind, required, {field.name: types[field.name] for field in fields(kind)})


def _record(make: Callable[..., object], required: Set[str], types: Mapping[str, object]) -> Read:
    inner = {name: _reader(kind) for name, kind in types.items()}

    def read(value: object, where: str) -> object:
        known = _keyed(value, where)
        if lacking := sorted(required - known.keys()):
            raise WrongType(f"{where}: lacks {', '.join(lacking)}")
        if unknown := sorted(str(name) for name in known.keys() - inner.keys()):
            raise WrongType(f"{where}: {', '.join(unknown)} is none of {', '.join(inner)}")
        return make(**{name: inner[name](each, f"{where}.{name}") for name, each in known.items()})

    return read


def _keyed(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise WrongType(f"{where}: {value!r} has no keys")
    return value
