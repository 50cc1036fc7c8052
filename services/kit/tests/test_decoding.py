from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import IntEnum
from typing import Annotated, NamedTuple

import pytest

from kit.contracts.decoding import NOTHING_ELSE, WrongType, by_name, decoded


class Help(IntEnum):
    MEAL = 1
    BATH = 2


Named = Annotated[Help, by_name(Help)]


class Point(NamedTuple):
    lat: float
    lon: float


@dataclass(frozen=True)
class Item:
    __pydantic_config__ = NOTHING_ELSE

    name: str
    price_fen: int
    help: Named = Help.MEAL
    at: Point | None = None


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        (int, 3, 3),
        (float, 3, 3.0),
        (Decimal, 0.1, Decimal("0.1")),
        (date, date(2024, 1, 1), date(2024, 1, 1)),
        (tuple[int, ...], [1, 2], (1, 2)),
        (frozenset[Named], ["BATH"], frozenset({Help.BATH})),
        (dict[int, float], {2: 1}, {2: 1.0}),
        (Item, {"name": "a", "price_fen": 5}, Item("a", 5)),
        (
            tuple[Item, ...],
            [{"name": "a", "price_fen": 5, "help": "BATH", "at": [1, 2.5]}],
            (Item("a", 5, Help.BATH, Point(1.0, 2.5)),),
        ),
    ],
)
def test_a_value_is_read_in_the_declared_type(kind, value, wanted):
    found = decoded(kind, value, "file.key")

    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (int, "3", r"^file\.key: '3': input should be a valid integer$"),
        (int, True, r"^file\.key: True: input should be a valid integer$"),
        (int, 3.0, r"^file\.key: 3\.0: input should be a valid integer$"),
        (float, True, r"^file\.key: True: input should be a valid number$"),
        (Decimal, "three", r"^file\.key: 'three': input should be a valid decimal$"),
        (str, None, r"^file\.key: None: input should be a valid string$"),
        (tuple[int, ...], [1, "2"], r"^file\.key\.1: '2': input should be a valid integer$"),
        (tuple[int, ...], "12", r"^file\.key: '12': input should be a valid array$"),
        (dict[int, int], {"a": 1}, r"^file\.key\.a\.\[key\]: 'a': input should be a valid integer"),
        (dict[str, int], {"a": None}, r"^file\.key\.a: None: input should be a valid integer$"),
        (Named, "SLEEP", r"^file\.key: 'SLEEP': none of MEAL, BATH$"),
        (Item, {"name": "a"}, r"^file\.key\.price_fen: .*: field required$"),
        (Item, [], r"^file\.key: \[\]: input should be an object$"),
        (Item, {"name": "a", "price_fen": 5, "prise": 1}, r"^file\.key\.prise: 1: unexpected key"),
        (Item, {"name": "a", "price_fen": 5, "at": [1]}, r"^file\.key\.at\.1: \[1\]: field requ"),
        (Item, {"name": "a", "price_fen": 5, "at": [1, "2"]}, r"^file\.key\.at\.1: '2': input sh"),
    ],
)
def test_what_is_of_another_type_is_named_by_its_place(kind, value, message):
    with pytest.raises(WrongType, match=message):
        decoded(kind, value, "file.key")
