"""The catalogue and the numbers in force on a day."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from eldercare.facility.v1.events_pb2 import Help

from dispatch.errors import NoSuchItem
from dispatch.rules.travel import Riding
from kit.contracts import standards
from kit.contracts.standards import Standards


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


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers of standards/dispatch.yaml on a day; planning_hour is local."""

    least_window: timedelta
    planning_hour: int
    retry: timedelta
    patience: timedelta
    missed_after: timedelta
    device_tolerance: timedelta
    reserve_retry: timedelta
    most_visits: int
    riding: Riding


@cache
def limits(on: date) -> Limits:
    """What is in force on a policy day."""

    def value(key: str) -> float:
        return float(_standards().value(f"dispatch.{key}", on))

    def minutes(key: str) -> timedelta:
        return timedelta(minutes=value(key))

    return Limits(
        least_window=minutes("least_window_min"),
        planning_hour=int(value("planning_hour")),
        retry=minutes("retry_min"),
        patience=minutes("patience_min"),
        missed_after=minutes("missed_after_min"),
        device_tolerance=minutes("device_tolerance_min"),
        reserve_retry=minutes("reserve_retry_min"),
        most_visits=int(value("most_visits")),
        riding=Riding(value("detour"), value("speed_kmh"), int(value("unknown_travel_min"))),
    )


@cache
def catalogue(on: date) -> dict[str, Item]:
    """The items that can be ordered on a policy day, by their codes."""
    found = {}
    for standard in _standards():
        file, _, code = standard.path.partition(".")
        if file == "catalogue" and standard.values[0][0] <= on:
            told = dict(standard.on(on))
            found[code] = Item(item_code=code, help=Help.Value(f"HELP_{told.pop('help')}"), **told)
    return dict(sorted(found.items()))


def item(code: str, on: date) -> Item:
    """One item. Raises: NoSuchItem."""
    found = catalogue(on).get(code)
    if found is None:
        raise NoSuchItem(item_code=code)
    return found


@cache
def _standards() -> Standards:
    return standards.load("dispatch")
