"""Reads the catalogue of a policy day; it is data (`standards/catalogue.yaml`), no table."""

from dataclasses import dataclass
from datetime import date
from functools import cache

from eldercare.dispatch.v1 import api_pb2 as pb
from eldercare.facility.v1.events_pb2 import Help

from dispatch.catalogue.errors import NoSuchItem
from kit.contracts import standards, wire
from kit.contracts.clock import local_day
from kit.contracts.decoding import NOTHING_ELSE
from kit.contracts.standard import Standard
from kit.contracts.standards import Standards
from kit.db.store import Session


@dataclass(frozen=True)
class _Entry:
    """An item as `standards/catalogue.yaml` has it."""

    __pydantic_config__ = NOTHING_ELSE

    name_zh: str
    name_en: str
    help: str
    planned_min: int
    price_fen: int
    voucher: bool


@dataclass(frozen=True, slots=True)
class Item:
    """What can be ordered. voucher: whether one may pay a part."""

    item_code: str
    name_zh: str
    name_en: str
    help: int
    planned_min: int
    price_fen: int
    voucher: bool


async def items(session: Session) -> pb.ItemPage:
    """The catalogue of today."""
    today = catalogue(local_day(session.now))
    return pb.ItemPage(rows=[wire.message(pb.Item, item) for item in today.values()])


def item(code: str, on: date) -> Item:
    """One item. Raises: NoSuchItem."""
    found = catalogue(on).get(code)
    if found is None:
        raise NoSuchItem(item_code=code)
    return found


@cache
def catalogue(on: date) -> dict[str, Item]:
    """The items that can be ordered on a policy day, by their codes and in their order."""
    found = {}
    for standard in _standards():
        file, _, code = standard.path.partition(".")
        if file == "catalogue" and standard.values[0][0] <= on:
            found[code] = _item(code, standard, on)
    return dict(sorted(found.items()))


@cache
def _standards() -> Standards:
    return standards.load("dispatch")


def _item(code: str, standard: Standard, on: date) -> Item:
    entry = standard.read(_Entry, on)
    return Item(
        item_code=code,
        name_zh=entry.name_zh,
        name_en=entry.name_en,
        help=Help.Value(f"HELP_{entry.help}"),
        planned_min=entry.planned_min,
        price_fen=entry.price_fen,
        voucher=entry.voucher,
    )
