"""Elders with cash or vouchers who are reported or taken for dead over a pay day, and are not: what
was due pauses or is withdrawn, and is given again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from simulator.http_client import Json
from simulator.story import applications, cash, entitlements, vouchers
from simulator.story.cash import CASH_DAY, Cashes
from simulator.story.entitlements import Entitlements
from simulator.story.story import Story
from simulator.world.people import Person

# days of the month before and after the pay day
TAKEN_DAY, REPORTED_DAY, RIGHTED_DAY = CASH_DAY - 2, CASH_DAY - 1, CASH_DAY + 2
DOCUMENT: Json = {"kind": "KIND_HOME_CHECK", "number": "2026-0009"}


@dataclass(frozen=True, slots=True)
class Taken:
    """Who was taken for dead, since when, and what was free of the vouchers."""

    elder: Person
    died_on: date
    free_fen: dict[vouchers.Voucher, int]


@dataclass
class WrongDeaths:
    """taken: facts that are to be corrected. reported: reports that are to be rejected."""

    taken: list[Taken] = field(default_factory=list)
    reported: list[Person] = field(default_factory=list)


def is_out(story: Story, elder: Person) -> bool:
    """Whether nothing is asked of an elder, since a death is reported."""
    return any(one is elder for one in story.state(WrongDeaths).reported)


def is_day(story: Story) -> bool:
    """Whether somebody is reported or taken for dead today; in no month that had begun before."""
    whole = story.today.replace(day=1) > story.begun
    return whole and story.today.day in (TAKEN_DAY, REPORTED_DAY)


async def right(story: Story) -> None:
    """What was wrong is taken back."""
    wrong = story.state(WrongDeaths)
    if story.today.day != RIGHTED_DAY:
        return
    for taken in wrong.taken:
        await _correct(story, taken)
    for elder in wrong.reported:
        await _reject(story, elder)
    wrong.taken.clear()
    wrong.reported.clear()


async def make(story: Story, able: Sequence[Person]) -> None:
    """One with cash is taken for dead, one is reported dead. able: of whom nothing is asked, and
    where nobody was since the end of the month before.
    """
    paid = [one for one in able if one.number in story.world.cash and not one.reported_late]
    areas = story.state(Entitlements).voucher_areas
    chosen = sorted(paid, key=lambda one: (one.number not in areas, one.number))
    if not chosen:
        return
    elder = story.rng("wrong death", story.today, "whose").choice(chosen[:3])
    if story.today.day == TAKEN_DAY:
        await _take_for_dead(story, elder)
    elif story.today.day == REPORTED_DAY:
        await _report(story, elder)


async def _take_for_dead(story: Story, elder: Person) -> None:
    died_on = story.today.replace(day=1) - timedelta(days=1)
    body: Json = {"died_on": died_on.isoformat(), "document": DOCUMENT}
    path = f"/v1/elders/{elder.elder_id}:report-death"
    await story.gateway.post(story.tokens["office"], path, body)
    taken = Taken(elder, died_on, vouchers.free_of(story, elder))
    story.state(WrongDeaths).taken.append(taken)
    elder.died_on = died_on
    _set_alive(story, taken, alive=False)
    entitlements.end_all(story, elder)
    story.tally["taken for dead over a pay day"] += 1
    story.tally["vouchers ended by a wrong death"] += len(taken.free_fen)


async def _correct(story: Story, taken: Taken) -> None:
    elder = taken.elder
    body: Json = {"grounds": "同名误报，本人健在", "document": DOCUMENT}
    path = await _life_event(story, elder, "STATE_IN_FORCE")
    await story.gateway.post(story.tokens["office"], f"{path}:correct", body)
    await story.gateway.quiet()
    elder.died_on = None
    _set_alive(story, taken, alive=True)
    for voucher, fen in taken.free_fen.items():
        vouchers.restore(story, voucher, fen)
    applications.expect_again(story, elder)
    entitlements.entitle(story, elder)
    story.tally["paid again after a wrong death"] += 1


async def _report(story: Story, elder: Person) -> None:
    path = f"/v1/elders/{elder.elder_id}:report-death"
    body: Json = {"died_on": story.today.isoformat()}
    await story.gateway.post(story.tokens["hotline"], path, body)
    story.state(WrongDeaths).reported.append(elder)
    story.state(Cashes).paused.add(elder.number)
    story.tally["reported dead over a pay day"] += 1


async def _reject(story: Story, elder: Person) -> None:
    path = await _life_event(story, elder, "STATE_REPORTED")
    body: Json = {"grounds": "本人在家 seen at home"}
    await story.gateway.post(story.tokens["office"], f"{path}:reject", body)
    await story.gateway.quiet()
    story.state(Cashes).paused.remove(elder.number)
    cash.bring_in_line(story, elder)
    story.tally["paid after a report was rejected"] += 1


async def _life_event(story: Story, elder: Person, state: str) -> str:
    page = await story.gateway.get(
        story.tokens["office"],
        "/v1/life-events",
        elder_id=elder.elder_id,
        kind="KIND_DEATH",
        state=state,
    )
    story.expect(f"deaths in {state}", len(page["rows"]), 1)
    return f"/v1/life-events/{page['rows'][0]['life_event_id']}"


def _set_alive(story: Story, taken: Taken, *, alive: bool) -> None:
    for world in (*story.truth.ended_since(taken.died_on), story.world):
        if person := world.by_number.get(taken.elder.number):
            person.alive = alive
