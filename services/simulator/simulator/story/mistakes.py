"""Deaths and moves that turn out to be none: reports that an official rejects, and facts that are
taken back a morning later.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from simulator.http_client import Json
from simulator.story.entitlements import Entitlements
from simulator.story.levels import Levels
from simulator.story.story import Story
from simulator.world.people import Person

EVERY_DAYS = 28
# Assumption: chances of a morning, alike in a small city and a large one; besides, the day of every
# four weeks on which it happens, so that the first week of a story has each
KINDS = (("death reported", 0.25, 2), ("taken for dead", 0.15, 3), ("taken for gone", 0.15, 4))
TRIED = 50  # elders among whom one is looked for
DELAYS = (0, 1, 4, 20)  # days between the day that is reported and the report
CHECK: Json = {"kind": "KIND_HOME_CHECK", "number": "2026-0007"}
REPORT: Json = {"kind": "KIND_DEATH_CERTIFICATE", "number": "2026-0008"}


@dataclass
class Mistakes:
    """gone: who is taken for dead or gone, and since when."""

    gone: list[tuple[Person, date]] = field(default_factory=list)


async def mend(story: Story) -> None:
    """What was wrong yesterday is taken back: who was gone was there all along."""
    mistakes = story.state(Mistakes)
    for elder, since in mistakes.gone:
        page = await story.gateway.get(
            story.tokens["office"],
            "/v1/life-events",
            elder_id=elder.elder_id,
            state="STATE_IN_FORCE",
        )
        story.expect("what is in force of a mistake", len(page["rows"]), 1)
        for row in page["rows"]:
            body = {"grounds": "另一同名老人 another of that name", "document": CHECK}
            path = f"/v1/life-events/{row['life_event_id']}:correct"
            await story.gateway.post(story.tokens["office"], path, body)
            story.tally[f"corrected {row['kind'].removeprefix('KIND_').lower()}"] += 1
        for world in (*story.truth.ended_since(since), story.world):
            if person := world.by_number.get(elder.number):
                person.alive = True
    if mistakes.gone:
        await story.gateway.quiet()
    mistakes.gone.clear()


async def make(story: Story, alive: Sequence[Person], busy: set[int]) -> None:
    """Some are taken for dead or gone of whom nothing is asked and to whom nothing is given. busy:
    persons, by number, of whom something is.
    """
    rng = story.rng("mistakes", story.today)
    mistakes = {
        "death reported": _report_and_reject,
        "taken for dead": _take_for_dead,
        "taken for gone": _take_for_gone,
    }
    for mistake in [mistakes[kind] for kind in due(story, rng)]:
        tried = rng.sample(alive, min(TRIED, len(alive)))
        able = [elder for elder in tried if _is_plain(story, elder, busy)]
        if able:
            await mistake(story, rng.choice(able), rng)


def due(story: Story, rng: Random) -> list[str]:
    """The kinds of mistakes that are made this morning."""
    day = story.days_passed % EVERY_DAYS
    return [kind for kind, chance, on in KINDS if rng.random() < chance or day == on]


def _is_plain(story: Story, elder: Person, busy: set[int]) -> bool:
    world, number = story.world, elder.number
    given = number in world.cash or number in story.state(Entitlements).voucher_areas
    assessed = story.state(Levels).by_person.get(number)
    known = assessed or number in world.stays or elder in story.roster.applicants
    return elder.alive and not (given or known or number in busy or elder.reported_late)


async def _report_and_reject(story: Story, elder: Person, rng: Random) -> None:
    """The hotline hears of a death, and an official sees the elder; nobody orders meanwhile."""
    died_on = story.today - timedelta(days=rng.choice(DELAYS))
    hotline, office = story.tokens["hotline"], story.tokens["office"]
    path = f"/v1/elders/{elder.elder_id}:report-death"
    await story.gateway.post(hotline, path, {"died_on": died_on.isoformat()})
    query = {"elder_id": elder.elder_id, "state": "STATE_REPORTED"}
    page = await story.gateway.get(office, "/v1/life-events", **query)
    story.expect("reports of a death that wait", len(page["rows"]), 1)
    for row in page["rows"]:
        path = f"/v1/life-events/{row['life_event_id']}"
        await story.gateway.post(office, f"{path}:reject", {"grounds": "本人在家 seen at home"})
        await story.expect_refusal(office, f"{path}:confirm", {"document": REPORT})
    await story.gateway.quiet()
    story.tally["death reports rejected"] += 1


async def _take_for_dead(story: Story, elder: Person, rng: Random) -> None:
    died_on = story.today - timedelta(days=rng.choice(DELAYS))
    body = {"died_on": died_on.isoformat(), "document": REPORT}
    path = f"/v1/elders/{elder.elder_id}:report-death"
    await story.gateway.post(story.tokens["office"], path, body)
    _is_gone(story, elder, died_on)
    story.tally["taken for dead"] += 1


async def _take_for_gone(story: Story, elder: Person, rng: Random) -> None:
    since = story.today - timedelta(days=rng.choice(DELAYS))
    body = {"moved_out": True, "moved_out_on": since.isoformat()}
    path = f"/v1/elders/{elder.elder_id}:change"
    await story.gateway.post(story.tokens["office"], path, body)
    _is_gone(story, elder, since)
    story.tally["taken for gone"] += 1


def _is_gone(story: Story, elder: Person, since: date) -> None:
    story.state(Mistakes).gone.append((elder, since))
    for world in (*story.truth.ended_since(since), story.world):
        if person := world.by_number.get(elder.number):
            person.alive = False
