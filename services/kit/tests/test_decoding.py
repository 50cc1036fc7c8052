from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import IntEnum
from typing import NamedTuple

import pytest

from kit.contracts.decoding import WrongType, decoded


class Help(IntEnum):
    MEAL = 1
    BATH = 2


class Point(NamedTuple):
    lat: float
    lon: float


@dataclass(frozen=True)
class Item:
    name: str
    price_fen: int
    help: Help = Help.MEAL
    at: Point | None = None


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        (int, 3, 3),
        (float, 3, 3.0),
        (Decimal, 0.1, Decimal("0.1")),
        (date, date(2024, 1, 1), date(2024, 1, 1)),
        (tuple[int, ...], [1, 2], (1, 2)),
        (frozenset[Help], ["BATH"], frozenset({Help.BATH})),
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
        (int, "3", r"^file\.key: '3' is no int$"),
        (int, True, r"^file\.key: True is no int$"),
        (int, 3.0, r"^file\.key: 3\.0 is no int$"),
        (float, True, r"^file\.key: True is no float$"),
        (Decimal, "3", r"^file\.key: '3' is no number$"),
        (str, None, r"^file\.key: None is no str$"),
        (tuple[int, ...], [1, "2"], r"^file\.key\[1\]: '2' is no int$"),
        (tuple[int, ...], "12", r"^file\.key: '12' is no list$"),
        (dict[int, int], {"a": 1}, r"^file\.key: a key: 'a' is no int$"),
        (dict[str, int], {"a": None}, r"^file\.key\.a: None is no int$"),
        (Help, "SLEEP", r"^file\.key: 'SLEEP' is none of MEAL, BATH$"),
        (Item, {"name": "a"}, r"^file\.key: lacks price_fen$"),
        (Item, [], r"^file\.key: \[\] has no keys$"),
        (Item, {"name": "a", "price_fen": 5, "prise": 1}, r"^file\.key: prise is none of name, "),
        (Item, {"name": "a", "price_fen": 5, "at": [1]}, r"^file\.key\.at: \[1\] is no list of"),
        (Item, {"name": "a", "price_fen": 5, "at": [1, "2"]}, r"^file\.key\.at\.lon: '2' is no"),
    ],
)
def test_what_is_of_another_type_is_named_by_its_place(kind, value, message):
    with pytest.raises(WrongType, match=message):
        decoded(kind, value, "file.key")
