"""What happens to elders in the morning: deaths, changes, moves, arrivals, departures."""

from collections.abc import Set
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from simulator.http_client import Json
from simulator.story import (
    applications,
    cash,
    elders,
    entitlements,
    mistakes,
    orders,
    payments,
    stay_charges,
    wrong_deaths,
)
from simulator.story.applications import Applications
from simulator.story.cash import CASH_DAY
from simulator.story.entitlements import Entitlements
from simulator.story.levels import Levels
from simulator.story.orders import Orders
from simulator.story.story import Story, quota
from simulator.world.days import month_of
from simulator.world.geography import COUNTIES
from simulator.world.people import Person

# Assumption: all rates; shares of the elders in a day
DEATHS, CHANGES, MOVES, ARRIVALS, MOVED_OUT = 0.00011, 0.0006, 0.0001, 0.0003, 0.00008
# elders a day who expect a visit, moving house and moving out alike, so that a small city sees it
# too
MOVE_ANYWAY = 0.15
REPORTED_TWICE = 0.4
BY_OFFICE = 0.3  # of the deaths, by an official who has the certificate
# days between a death and its report; shorter for those who still waited for something
DELAYS = (0, 1, 3, 20, 50)
SHORT_DELAYS = (0, 1, 2)
LATE_DEATHS_A_DAY = 2
WRONG_DEATHS = 0.2  # told in a day, of those who get cash; corrected at once


@dataclass
class Corrections:
    """numbers: persons who were taken for dead, each once."""

    numbers: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Morning:
    """The elders as the day begins, by number where they are under way with something.

    expecting: an order is open; visited: today, or of a visit that is reported later.
    """

    rng: Random
    alive: list[Person]
    applying: Set[int]
    expecting: Set[int]
    visited: Set[int]

    def chosen(self, rate: float) -> list[Person]:
        """Some of those who are still there."""
        count = quota(self.rng, len(self.alive), rate)
        return [elder for elder in self.rng.sample(self.alive, count) if elder.alive]

    def expectant(self) -> list[Person]:
        """Some who expect a visit and can move."""
        waiting = self.expecting - self.visited
        able = [elder for elder in self.alive if elder.number in waiting and self.is_movable(elder)]
        return self.rng.sample(able, min(len(able), quota(self.rng, 1, MOVE_ANYWAY)))

    def is_movable(self, elder: Person) -> bool:
        """Whether the elder can move without leaving something behind."""
        return (
            elder.alive
            and elder.number not in self.applying
            and elder.living != "INSTITUTION"
            and not elder.reported_late
        )


async def apply_life_events(story: Story) -> None:
    """A morning's events, one after the other."""
    await mistakes.mend(story)
    await wrong_deaths.right(story)
    morning = _morning(story)
    await _deaths(story, morning)
    for elder in morning.chosen(CHANGES):
        if elder.living != "INSTITUTION":
            await elders.change(story, elder, morning.rng)
    await _moves(story, morning)
    for elder in (*morning.chosen(MOVED_OUT), *morning.expectant()):
        if morning.is_movable(elder):
            await elders.move_out(story, elder)
    for _ in range(quota(morning.rng, len(morning.alive), ARRIVALS)):
        await elders.arrive(story, morning.rng)
    await mistakes.make(story, morning.alive, {*morning.applying, *morning.expecting})
    if wrong_deaths.is_day(story):
        await wrong_deaths.make(story, _undisturbed(story, morning))


def _undisturbed(story: Story, morning: Morning) -> list[Person]:
    """Who expects nobody, and was visited by nobody in this month or on the day before it."""
    since = story.today.replace(day=1) - timedelta(days=1)
    orders = story.state(Orders).by_id.values()
    visited = {one.person.number for one in orders if one.visit and one.visit.begin.date() >= since}
    busy = morning.applying | morning.expecting | visited
    return [one for one in morning.alive if one.number not in busy and morning.is_movable(one)]


def _morning(story: Story) -> Morning:
    open_orders = story.state(Orders).open.values()
    return Morning(
        rng=story.rng("fates", story.today),
        alive=[one for one in story.world.living() if not wrong_deaths.is_out(story, one)],
        applying={case.person.number for case in story.state(Applications).cases},
        expecting={order.person.number for order in open_orders},
        visited={order.person.number for order in open_orders if order.visit},
    )


async def _deaths(story: Story, morning: Morning) -> None:
    busy = morning.applying | morning.expecting
    for elder in morning.chosen(DEATHS):
        delay = morning.rng.choice(SHORT_DELAYS if elder.number in busy else DELAYS)
        await _report_death(story, elder, story.today - timedelta(days=delay))
    for elder in _late_deaths(story):
        await _report_death(story, elder, story.today.replace(day=1) - timedelta(days=1))


def _late_deaths(story: Story) -> list[Person]:
    """Those to whom money was paid while they were dead already."""
    if story.today.day <= CASH_DAY or month_of(story.today) == month_of(story.begun):
        return []
    waiting = [elder for elder in story.state(Entitlements).late_deaths if elder.alive]
    return waiting[:LATE_DEATHS_A_DAY]


async def _moves(story: Story, morning: Morning) -> None:
    rng = morning.rng
    for elder in morning.chosen(MOVES):
        assessed = story.state(Levels).by_person.get(elder.number)
        settled = elder.number not in morning.visited and not assessed
        if morning.is_movable(elder) and settled:
            villages = story.roster.geography.villages[rng.choice(COUNTIES)]
            await elders.relocate(story, elder, rng.choice(villages), rng)
    for elder in morning.expectant():
        await elders.relocate(story, elder, elder.area_code, rng)


async def _report_death(story: Story, elder: Person, died_on: date) -> None:
    """The hotline hears of a death and the office confirms it by the certificate; some deaths are
    reported by the office at once, some twice, with another day, which is refused.
    """
    rng = story.rng("death report", elder.number)
    path = f"/v1/elders/{elder.elder_id}:report-death"
    body: Json = {"died_on": died_on.isoformat()}
    if rng.random() < BY_OFFICE:
        await story.gateway.post(story.tokens["office"], path, body | _certificate(elder))
        story.tally["deaths reported with a document"] += 1
    else:
        answer = await story.gateway.post(story.tokens["hotline"], path, body)
        answered = answer["elder"]["status"], answer["elder"].get("reported_died_on")
        story.expect("a report of a death is none yet", answered, ("STATUS_ALIVE", body["died_on"]))
        report = await _open_report(story, elder)
        await story.gateway.post(story.tokens["office"], f"{report}:confirm", _certificate(elder))
        story.tally["death reports confirmed"] += 1
    record_death(story, elder, died_on)
    if rng.random() < REPORTED_TWICE:
        other_day = {"died_on": (died_on - timedelta(days=1)).isoformat()}
        await story.expect_refusal(story.tokens["hotline"], path, other_day)
        story.tally["deaths reported twice"] += 1


def _certificate(elder: Person) -> Json:
    number = f"{elder.number:08d}"
    return {"document": {"kind": "KIND_DEATH_CERTIFICATE", "number": number}}


async def _open_report(story: Story, elder: Person) -> str:
    """The address of the elder's report that waits for the office."""
    page = await story.gateway.get(
        story.tokens["office"],
        "/v1/life-events",
        elder_id=elder.elder_id,
        kind="KIND_DEATH",
        state="STATE_REPORTED",
    )
    story.expect("reports of a death that wait", len(page["rows"]), 1)
    return f"/v1/life-events/{page['rows'][0]['life_event_id']}"


async def correct_some(story: Story) -> None:
    """Somebody is taken for dead and is not: once the office has corrected it, everything is as if
    that had never been told. Now and then it is somebody to whom cash was paid since the day that
    was told.
    """
    paid_since = story.today.day > CASH_DAY and month_of(story.today) != month_of(story.begun)
    wanted = 1 if paid_since else quota(story.rng("wrong death", story.today), 1, WRONG_DEATHS)
    corrections = story.state(Corrections)
    morning = _morning(story)
    able = [
        elder
        for elder in morning.alive
        if elder.number in story.world.cash
        and elder.number not in morning.expecting | corrections.numbers
        and morning.is_movable(elder)
    ]
    for elder in able[:wanted]:
        corrections.numbers.add(elder.number)
        before = story.today.replace(day=1) - timedelta(days=1)
        died_on = before if paid_since else story.today - timedelta(days=1)
        if not _has_visits_since(story, elder, died_on):
            await _take_for_dead(story, elder, died_on)


def _has_visits_since(story: Story, elder: Person, day: date) -> bool:
    """Whether firms would wait longer for what they did since a day."""
    return any(
        order.person is elder and order.visit and order.visit.begin.date() >= day
        for order in story.state(Orders).by_id.values()
    )


async def _take_for_dead(story: Story, elder: Person, died_on: date) -> None:
    office = story.tokens["office"]
    body: Json = {"died_on": died_on.isoformat()} | _certificate(elder)
    await story.gateway.post(office, f"/v1/elders/{elder.elder_id}:report-death", body)
    await story.gateway.quiet()
    page = await story.gateway.get(
        office,
        "/v1/life-events",
        elder_id=elder.elder_id,
        kind="KIND_DEATH",
        state="STATE_IN_FORCE",
    )
    story.expect("deaths that are facts", len(page["rows"]), 1)
    path = f"/v1/life-events/{page['rows'][0]['life_event_id']}:correct"
    grounds: Json = {"grounds": "同名误报，本人健在"}
    await story.gateway.post(office, path, grounds | _certificate(elder))
    await story.gateway.quiet()
    applications.expect_again(story, elder)
    claims = await story.gateway.get(office, "/v1/recoveries", state="STATE_OPEN", limit=500)
    claimed = [row for row in claims["rows"] if row["elder_id"] == elder.elder_id]
    story.expect("claims on somebody who was taken for dead", claimed, [])
    story.tally["taken for dead by mistake"] += 1


def record_death(story: Story, elder: Person, died_on: date) -> None:
    """What follows from a death, also for months that have ended: bed, money and orders."""
    story.tally["deaths"] += 1
    story.tally["deaths of a month before"] += month_of(died_on) < story.month
    if facility := story.world.stays.get(elder.number):
        facility.mourned_on = story.today
    for world in (*story.truth.ended_since(died_on), story.world):
        world.record_death(elder.number, died_on)
    entitlements.end_all(story, elder)
    applications.record_death(story, elder)
    cash.claim_cash(story, elder, died_on)
    payments.reverse_visits(story, elder)
    stay_charges.end_stay(story, elder, died_on + timedelta(days=1))
    orders.end_all(story, elder, "death")
