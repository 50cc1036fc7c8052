"""Values out of YAML and JSON in the types that a caller declares, by pydantic; what is of another
type is named by its place.

    @dataclass(frozen=True)
    class Item:
        name_zh: str
        price_fen: int
        help: Annotated[Help, by_name(Help)]
        areas: tuple[str, ...] = ()

    item = decoded(Item, yaml_value, "catalogue.bath")
    # WrongType: catalogue.bath.price_fen: '12': input should be a valid integer
"""

from enum import Enum
from typing import TypeVar, cast

from pydantic import BeforeValidator, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError, to_json

T = TypeVar("T")

NOTHING_ELSE = ConfigDict(extra="forbid")
"""As `__pydantic_config__` of a dataclass or a typed dict: an unknown key is refused."""


class WrongType(ValueError):
    """A value is not of the declared type; the text names where it stands."""


def decoded(kind: type[T], value: object, where: str) -> T:
    """The value as this type, no text read as a number and no number as a truth.

    kind: what pydantic reads strictly out of JSON. where: the place of the value, for the error.
    Raises: WrongType.
    """
    # By way of JSON: there a list may become a tuple or a set, and a text a day, and nothing else
    # changes its type.
    return decoded_json(kind, to_json(value), where)


def decoded_json(kind: type[T], text: str | bytes, where: str) -> T:
    """The same of a JSON text. Raises: WrongType."""
    try:
        return _adapter(kind).validate_json(text, strict=True)
    except ValidationError as error:
        first, *_ = error.errors(include_url=False, include_context=False)
        place = ".".join((where, *map(str, first["loc"])))
        reason = first["msg"][:1].lower() + first["msg"][1:]
        raise WrongType(f"{place}: {first['input']!r}: {reason}") from None


def by_name(kind: type[Enum]) -> BeforeValidator:
    """Reads a member of an enumeration by its name."""

    def read(name: object) -> Enum:
        if not isinstance(name, str) or name not in kind.__members__:
            raise PydanticCustomError(
                "name", "none of {names}", {"names": ", ".join(kind.__members__)}
            )
        return kind[name]

    return BeforeValidator(read)


_adapters: dict[object, TypeAdapter[object]] = {}  # made once per type


def _adapter(kind: type[T]) -> TypeAdapter[T]:
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return cast(TypeAdapter[T], _adapters[kind])
