"""What happens to people in the morning: deaths, changes, moves, arrivals, and those who leave the
city.
"""

from datetime import date, timedelta
from random import Random
from typing import Any

from simulator.people import BANDS, COUNTIES, Person, address, home, person
from simulator.story import assessing, entitling, ordering, visiting
from simulator.story.chances import (
    CHANGES,
    DEATHS,
    MOVE_ANYWAY,
    MOVED_OUT,
    MOVES,
    NEW,
    REPORTED_TWICE,
)
from simulator.story.clock import CASH_DAY
from simulator.story.state import Story
from simulator.truth import month_of

LONG_AGO = (
    0,
    1,
    3,
    20,
    50,
)  # days between a death and its report; shorter for those who still waited for something
JUST_NOW = (0, 1, 2)
LATE_A_DAY = 2
WAYS = ("ALONE", "SPOUSE_ONLY", "WITH_FAMILY", "LEFT_BEHIND")


async def befall(story: Story) -> None:
    """A morning's fates, one after the other."""
    dice, world = story.dice("fates", story.today), story.world
    applying = {case.person.number for case in story.cases}
    expecting = {order.person.number for order in story.open.values()}
    visited = {
        order.person.number for order in story.open.values() if order.visit
    }  # today, or told of later
    busy = applying | expecting
    alive = [one for one in world.people if one.alive]

    def chosen(rate: float) -> list[Person]:
        return [one for one in dice.sample(alive, story.quota(dice, len(alive), rate)) if one.alive]

    def movable(one: Person) -> bool:
        return (
            one.alive
            and one.number not in applying
            and one.living != "INSTITUTION"
            and not one.dies_late
        )

    def expectant() -> list[Person]:
        waiting = [one for one in alive if one.number in expecting - visited and movable(one)]
        return dice.sample(waiting, min(len(waiting), story.quota(dice, 1, MOVE_ANYWAY)))

    for one in chosen(DEATHS):
        await _die(
            story,
            one,
            story.today - timedelta(days=dice.choice(JUST_NOW if one.number in busy else LONG_AGO)),
        )
    if story.today.day > CASH_DAY and month_of(story.today) != month_of(
        story.begun
    ):  # money was paid to people who were dead by then
        late = [one for one in story.late_deaths if one.alive][:LATE_A_DAY]
        for one in late:
            await _die(story, one, story.today.replace(day=1) - timedelta(days=1))
    for one in chosen(CHANGES):
        if one.living != "INSTITUTION":
            await _change(story, one, dice)
    for one in chosen(MOVES):
        if movable(one) and one.number not in visited and one.number not in world.levels:
            await _relocate(
                story, one, dice.choice(story.places.villages[dice.choice(COUNTIES)]), dice
            )
    for one in expectant():
        await _relocate(story, one, one.area_code, dice)
    for one in (*chosen(MOVED_OUT), *expectant()):
        if movable(one):
            await _move_out(story, one)
    for _ in range(story.quota(dice, len(alive), NEW)):
        await _arrive(story, dice)


async def _die(story: Story, one: Person, died_on: date) -> None:
    token, path = story.tokens["hotline"], f"/v1/elders/{one.elder_id}:report-death"
    await story.gateway.post(token, path, {"died_on": died_on.isoformat()})
    bury(story, one, died_on)
    dice = story.dice("second report", one.number)
    if dice.random() < REPORTED_TWICE:
        other = {"died_on": (died_on - timedelta(days=1)).isoformat()}
        await story.refused(token, path, other)
        story.events["deaths reported twice"] += 1


def bury(story: Story, one: Person, died_on: date) -> None:
    """What follows from a death: bed, money and orders."""
    story.events["deaths"] += 1
    if home := story.world.stays.get(one.number):
        home.mourned_on = story.today
    entitling.leave(story, one)
    assessing.bury(story, one)
    one.died_on = died_on
    for month, fen, area in story.paid[one.number]:
        if month > month_of(died_on):
            story.truth.count("SU07", month, area, fen, 0)
            story.ledger.move(area, "paid", "claims", fen)
            story.events["recoveries"] += 1
    visiting.take_back(story, one)
    ordering.end_all(story, one, "death")


async def _change(story: Story, one: Person, dice: Random) -> None:
    if dice.random() < 0.5:
        one.living = dice.choice([way for way in WAYS if way != one.living])
        body: dict[str, Any] = {"living": f"LIVING_{one.living}"}
    else:
        poor = {"DIBAO", "LOW_INCOME"} & set(one.hardships)
        kept = tuple(group for group in one.hardships if group not in poor)
        one.hardships = kept if poor else (*kept, dice.choice(("DIBAO", "LOW_INCOME")))
        body = {"hardships": {"hardships": [f"HARDSHIP_{group}" for group in one.hardships]}}
    await story.gateway.post(story.tokens["office"], f"/v1/elders/{one.elder_id}:change", body)
    story.events["changes"] += 1
    entitling.entitle(story, one)


async def _relocate(story: Story, one: Person, area_code: str, dice: Random) -> None:
    """Another home, also inside the own village; who comes tomorrow finds the elder there."""
    one.area_code, (one.lon, one.lat) = area_code, home(dice, area_code, story.places)
    body: dict[str, Any] = {"area_code": area_code, "lon": one.lon, "lat": one.lat}
    if one.address:
        one.address = body["address"] = address(dice, one.number, area_code, story.places)
    await story.gateway.post(story.tokens["office"], f"/v1/elders/{one.elder_id}:change", body)
    story.events["moves"] += 1
    story.events["moves before a visit"] += any(
        order.person is one for order in story.open.values()
    )


async def _move_out(story: Story, one: Person) -> None:
    await story.gateway.post(
        story.tokens["office"], f"/v1/elders/{one.elder_id}:change", {"moved_out": True}
    )
    entitling.leave(story, one)
    ordering.end_all(story, one, "moved away")
    story.events["moved out"] += 1


async def _arrive(story: Story, dice: Random) -> None:
    one = person(
        dice,
        len(story.world.people),
        dice.choice(COUNTIES),
        dice.choice(BANDS[:2]),
        dice.random() < 0.5,
        story.today,
        story.places,
        story.serials,
    )
    body = {
        "name": one.name,
        "id_number": one.id_number,
        "address": one.address,
        "area_code": one.area_code,
        "lon": one.lon,
        "lat": one.lat,
        "living": f"LIVING_{one.living}",
        "hardships": [f"HARDSHIP_{group}" for group in one.hardships],
        "local_register": one.local_register,
        "contact_name": one.contact_name,
        "contact_phone": one.contact_phone,
        "phone": one.phone,
    }
    token = story.tokens["hotline"]
    one.elder_id = (await story.gateway.post(token, "/v1/elders", body))["elder"]["elder_id"]
    story.world.people.append(one)
    story.by_number[one.number] = one
    story.events["arrivals"] += 1
    await story.refused(token, "/v1/elders", body)
