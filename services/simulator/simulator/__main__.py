"""`python -m simulator`: lives through the days and compares; exit code 0 only if the board equals
the truth everywhere.
"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from simulator import compare
from simulator.client import Gateway
from simulator.delivery import check_delivery
from simulator.story import day, demo_users, first_day
from simulator.story.story import Story
from simulator.world.geography import WHOLE_CITY, Geography

SHOWN_FAILURES = 30
LOOK_DAY = 2  # of a month, as it begins


async def live(arguments: argparse.Namespace, console: Console) -> int:
    """Runs the story. Returns the exit code."""
    gateway = Gateway(
        arguments.gateway,
        client_id="simulator",
        secret=os.environ["CLIENT_SECRET"],
        seed=arguments.seed,
    )
    story = Story(gateway, arguments.elders, arguments.seed, Geography(arguments.seed))
    began = time.monotonic()
    try:
        await _live_through(story, arguments.days, console)
        await day.end(story)
        services = await gateway.quiet()
        comparison = await compare.compare(gateway, story.tokens["office"], story.truth, story.now)
        ledger = await compare.balances(gateway, story.tokens["office"])
    finally:
        await gateway.close()
    compare.compare_ledger(comparison, story.truth.ledger, ledger)
    whole = ledger[WHOLE_CITY]
    story.expect("ledger: debit and credit", whole.debit_fen, whole.credit_fen)
    records = check_delivery(story, services)
    compare.show(comparison, console)
    seconds = time.monotonic() - began
    _print_summary(story, records, seconds, console)
    compare.write(
        comparison,
        arguments.state,
        failures=story.failures,
        seed=arguments.seed,
        elders=arguments.elders,
        days=arguments.days,
        cpu_s=round(sum(os.times()[:2]), 1),
        commands=gateway.tally.commands,
        seconds=round(seconds, 1),
        events=dict(sorted(story.tally.items())),
    )
    return 1 if comparison.differences or story.failures else 0


async def _live_through(story: Story, days: int, console: Console) -> None:
    columns = (
        TextColumn("{task.description:<34}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("organisations, places, workers", total=_providers(story))
        await first_day.register_providers(story, lambda done: progress.advance(task, done))
        elders = len(story.world.people)
        task = progress.add_task("elders from files", total=elders)
        await first_day.register_elders(story, lambda done: progress.advance(task, done))
        progress.update(task, completed=elders)
        await demo_users.add_all(story)
        task = progress.add_task("days", total=days)
        for _ in range(days):
            await day.live(story, days, lambda at: progress.update(task, description=f"days: {at}"))
            progress.advance(task)
            if story.today.day == LOOK_DAY and story.truth.months():
                await _look(story, progress.console)
        progress.update(task, description="days")


async def _look(story: Story, console: Console) -> None:
    """Compares the month that has ended, so that a long story tells early what differs."""
    await story.gateway.quiet()
    month = story.truth.months()[-1]
    token = story.tokens["office"]
    found = await compare.compare(story.gateway, token, story.truth, story.now, [month])
    console.print(
        f"{story.today}: {found.compared - len(found.differences)} of {found.compared} figures of "
        f"{month} are equal, {len(story.failures)} other failures, "
        f"{story.gateway.tally.commands} commands"
    )
    for line in (*compare.differences(found), *story.failures[:SHOWN_FAILURES]):
        console.print(f"[bold red]{line}[/]")


def _providers(story: Story) -> int:
    roster = story.roster
    workers = sum(len(firm.workers) for firm in roster.firms)
    return len(roster.firms) + len(roster.operators) + len(story.world.facilities) + workers


def _print_summary(story: Story, records: int, seconds: float, console: Console) -> None:
    tally = story.gateway.tally
    console.print(", ".join(f"{count} {name}" for name, count in sorted(story.tally.items())))
    median_ms = statistics.median(tally.seconds) * 1000 if tally.seconds else 0
    console.print(
        f"{tally.commands} commands and {tally.reads} questions in {seconds:.0f} s "
        f"({tally.commands / seconds:.0f} commands/s, "
        f"median {median_ms:.0f} ms); {tally.doubled} sent twice at once, {tally.repeated} "
        f"tries repeated; {records} records accounted for"
    )
    for failure in story.failures[:SHOWN_FAILURES]:
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
