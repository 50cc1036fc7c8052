"""The table of a running city: who runs, how far behind, what it costs."""

from collections.abc import Mapping
from typing import Final, Literal, TypedDict

from rich.box import SIMPLE_HEAD
from rich.table import Table

from city.box.facts import CityFacts
from city.operations.status import ServiceStatus

COLOURS = {
    "ready": "green",
    "not ready": "yellow",
    "starting": "yellow",
    "preparing": "yellow",
    "resting": "red",
    "ended": "dim",
}
Count = Literal["lag", "outbox", "waiting", "parked", "due"]
COUNTS: Final[tuple[Count, ...]] = ("lag", "outbox", "waiting", "parked", "due")


class DemoUser(TypedDict, total=False):
    """Who can log in to a demo city, as `GET /onebox/users` lists them."""

    username: str
    title: str
    roles: list[str]
    area: str | None


def board(facts: CityFacts, services: Mapping[str, ServiceStatus]) -> Table:
    """facts: what the supervisor wrote. services: the status of each; a number that is unknown is
    shown as a dash.
    """
    table = Table(
        title=f"{facts['gateway']}   Kafka {facts['kafka_kind']}",
        title_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("service", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for heading in ("pid", *COUNTS, "cpu", "cpu s", "MB", "again"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, child in facts["children"].items():
        status = services.get(name, {})
        colour = COLOURS.get(child["phase"], "white")
        counts = [_count(status, what) for what in COUNTS]
        cost = [f"{child['cpu_share']:.0%}", f"{child['cpu_s']:.0f}", f"{child['rss_mb']:.0f}"]
        table.add_row(
            name,
            f"[{colour}]{child['phase']}[/]",
            str(child["pid"] or "–"),
            *counts,
            *cost,
            str(child["restarts"] or ""),
        )
    return table


def logins(users: list[DemoUser]) -> Table:
    """The table of those who can log in to a demo city."""
    table = Table(
        title="Demo users, each with the password demo",
        title_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for heading in ("user", "roles", "who", "area"):
        table.add_column(heading, no_wrap=True)
    for user in users:
        table.add_row(
            user["username"], ", ".join(user["roles"]), user["title"], user.get("area") or ""
        )
    return table


def line(facts: CityFacts, services: Mapping[str, ServiceStatus]) -> str:
    """The same in one line, for logs."""
    ready = sum(child["phase"] == "ready" for child in facts["children"].values())
    sums = {
        what: sum(int(status.get(what) or 0) for status in services.values()) for what in COUNTS
    }
    cpu = sum(child["cpu_share"] for child in facts["children"].values())
    numbers = " ".join(f"{what}={value}" for what, value in sums.items())
    resting = "".join(
        f"; {name} {child['reason']}"
        for name, child in facts["children"].items()
        if child["phase"] == "resting"
    )
    return f"{ready}/{len(facts['children'])} ready {numbers} cpu={cpu:.0%}{resting}"


def _count(status: ServiceStatus, what: Count) -> str:
    value = status.get(what)
    if value is None:
        return "–"
    return f"[red]{value}[/]" if what == "parked" and value else str(value)
