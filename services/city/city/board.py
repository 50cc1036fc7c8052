"""The table of a running city: who runs, how far behind, what it costs."""

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

COLOURS = {
    "ready": "green",
    "not ready": "yellow",
    "starting": "yellow",
    "preparing": "yellow",
    "resting": "red",
    "ended": "dim",
}
COUNTS = ("lag", "outbox", "waiting", "parked", "due")


def board(facts: dict[str, Any], told: dict[str, dict[str, Any]]) -> Table:
    """facts: what the supervisor wrote. told: service → its /status; a number nobody tells is shown
    as a dash.
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
        status = told.get(name, {})
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


def logins(users: list[dict[str, Any]]) -> Table:
    """Who can log in to a demo city. users: as GET /onebox/users lists them."""
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


def line(facts: dict[str, Any], told: dict[str, dict[str, Any]]) -> str:
    """The same in one line, for logs."""
    ready = sum(child["phase"] == "ready" for child in facts["children"].values())
    sums = {what: sum(int(status.get(what) or 0) for status in told.values()) for what in COUNTS}
    cpu = sum(child["cpu_share"] for child in facts["children"].values())
    numbers = " ".join(f"{what}={value}" for what, value in sums.items())
    resting = "".join(
        f"; {name} {child['reason']}"
        for name, child in facts["children"].items()
        if child["phase"] == "resting"
    )
    return f"{ready}/{len(facts['children'])} ready {numbers} cpu={cpu:.0%}{resting}"


def _count(status: dict[str, Any], what: str) -> str:
    value = status.get(what)
    if value is None:
        return "–"
    return f"[red]{value}[/]" if what == "parked" and value else str(value)
