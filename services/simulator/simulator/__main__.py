"""`python -m simulator`: lives through the days and compares; exit code 0 only if the board equals
the truth everywhere.
"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from simulator import beginning, compare
from simulator.client import Gateway
from simulator.people import Places
from simulator.story import day
from simulator.story.state import Story

COUNTED = (
    "applied",
    "repeated",
    "foreign",
    "waiting",
    "parked",
    "held",
    "gaps",
)  # of each position, as GET /status tells them


async def live(arguments: argparse.Namespace, console: Console) -> int:
    """Runs the story. Returns the exit code."""
    gateway = Gateway(
        arguments.gateway,
        client_id="simulator",
        secret=os.environ["CLIENT_SECRET"],
        seed=arguments.seed,
    )
    story = Story(gateway, arguments.elders, arguments.seed, Places(arguments.seed))
    began = time.monotonic()
    try:
        await _lived(story, arguments.days, console)
        await day.end(story)
        services = await gateway.quiet()
        comparison = await compare.compare(gateway, story.tokens["office"], story.truth)
        ledger = await compare.balances(gateway, story.tokens["office"])
    finally:
        await gateway.close()
    compare.lay_ledger(comparison, story.ledger, ledger)
    story.expect(
        "ledger: debit and credit",
        int(ledger[compare.CITY]["debit_fen"]),
        int(ledger[compare.CITY]["credit_fen"]),
    )
    records = _account(story, services)
    compare.show(comparison, console)
    _tell(story, records, time.monotonic() - began, console)
    compare.keep(
        comparison,
        arguments.state,
        failures=story.failures,
        seed=arguments.seed,
        elders=arguments.elders,
        days=arguments.days,
        cpu_s=round(sum(os.times()[:2]), 1),
        commands=gateway.tally.commands,
        seconds=round(time.monotonic() - began, 1),
        events=dict(sorted(story.events.items())),
    )
    return 1 if comparison.differences or story.failures else 0


async def _lived(story: Story, days: int, console: Console) -> None:
    columns = (
        TextColumn("{task.description:<34}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        workers = sum(len(firm.workers) for firm in story.firms)
        total = len(story.firms) + len(story.keepers) + len(story.world.homes) + workers
        task = progress.add_task("organisations, places, workers", total=total)
        await story.gateway.clock(story.now.isoformat())
        await story.meet()
        await beginning.register(story, lambda done: progress.advance(task, done))
        await story.meet_workers()
        task = progress.add_task("elders from files", total=len(story.world.people))
        await beginning.people(story, lambda done: progress.advance(task, done))
        progress.update(task, completed=len(story.world.people))
        await story.gateway.quiet()
        await beginning.stays(story)
        await beginning.welcome(story)
        task = progress.add_task("days", total=days)
        for _ in range(days):
            await day.live(story, days, lambda at: progress.update(task, description=f"days: {at}"))
            progress.advance(task)
        progress.update(task, description="days")


def _account(story: Story, services: dict[str, Any]) -> int:
    """Nothing vanished: what each group has read is what it counted, and it has read all. Returns
    how many records that were.
    """
    records = 0
    for name, told in services.items():
        for one in told.get("positions", ()):
            where, taken = (
                f"{name} on {one['topic']}/{one['partition']}",
                one["next"] - one["begin"],
            )
            records += taken - one["gaps"]
            story.expect(f"records of {where}", sum(one[kind] for kind in COUNTED), taken)
            story.expect(f"what {where} reads next", one["next"], one["end"])
        story.expect(f"parked at {name}", told.get("parked"), 0)
    return records


def _tell(story: Story, records: int, seconds: float, console: Console) -> None:
    tally = story.gateway.tally
    console.print(", ".join(f"{count} {name}" for name, count in sorted(story.events.items())))
    median = statistics.median(tally.seconds) * 1000 if tally.seconds else 0
    console.print(
        f"{tally.commands} commands and {tally.reads} questions in {seconds:.0f} s "
        f"({tally.commands / seconds:.0f} commands/s, "
        f"median {median:.0f} ms); {tally.doubled} sent twice at once, {tally.repeated} "
        f"tries repeated; {records} records accounted for"
    )
    for failure in story.failures[:30]:
        console.print(f"[bold red]{failure}[/]")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="simulator", description=__doc__)
    parser.add_argument("--gateway", required=True, help="address of the gateway, http://…")
    parser.add_argument("--elders", type=int, default=5000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--state", type=Path, required=True, help="folder for the findings")
    arguments = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 120)
    sys.exit(uvloop.run(live(arguments, console)))


if __name__ == "__main__":
    main()
