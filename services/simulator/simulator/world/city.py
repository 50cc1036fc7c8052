"""What is the case in the simulated city now. Seeded at the beginning; the story changes it."""

import math
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from random import Random
from typing import NamedTuple, TypeVar

from simulator.world.facilities import Facility, facilities, residents
from simulator.world.firms import Firm, Worker, carers, firms, workers
from simulator.world.geography import COUNTY_DIGITS, Geography
from simulator.world.identifiers import Serials
from simulator.world.people import Person, population

# Assumption: shares, and how many assessors a city has
APPLICANTS = 0.055  # of all elders, in the time of the story; most of those with level ≥ 2
DISABLED_APPLICANTS = 0.6  # of these
RESIDENT_APPLICANTS = 0.08  # besides these, who live in institutions and are disabled
ASSESSORS_PER_ELDER = 3 * 50 / 800_000
LEAST_ASSESSORS = 6
S = TypeVar("S")


class Held(NamedTuple):
    """A level in force, and the first day without it."""

    level: int
    valid_to: date


@dataclass
class World:
    """What is the case, and what figures of stocks follow from."""

    people: list[Person] = field(default_factory=list)
    levels: dict[int, Held] = field(default_factory=dict)  # in force, by person number
    cash: set[int] = field(default_factory=set)  # persons with an open home-care entitlement
    # person number, month of an issued voucher
    vouchers: set[tuple[int, str]] = field(default_factory=set)
    facilities: list[Facility] = field(default_factory=list)
    stays: dict[int, Facility] = field(default_factory=dict)  # person number → where
    # person number → where somebody died, and the first day on which that bed is free
    deathbeds: dict[int, tuple[Facility, date]] = field(default_factory=dict)
    workers: list[tuple[Worker, str]] = field(default_factory=list)  # with their county's code
    _states: dict[type[object], object] = field(default_factory=dict, init=False)

    @cached_property
    def by_number(self) -> dict[int, Person]:
        """People by their number."""
        return {person.number: person for person in self.people}

    def living(self) -> Iterator[Person]:
        """The elders who are alive and in the city."""
        return (person for person in self.people if person.alive)

    def open_facilities(self) -> Iterator[Facility]:
        """The facilities that are not closed."""
        return (facility for facility in self.facilities if not facility.closed)

    def add(self, person: Person) -> None:
        """Somebody arrives."""
        self.people.append(person)
        self.by_number[person.number] = person

    def record_death(self, number: int, died_on: date) -> None:
        """Somebody is dead from a day on, whenever that is told; who came later is unknown here."""
        person = self.by_number.get(number)
        if person is None:
            return
        person.alive, person.died_on = False, died_on
        self.cash.discard(number)
        if number in self.stays:
            self.deathbeds[number] = self.stays.pop(number), died_on + timedelta(days=1)

    def copied(self) -> "World":
        """What is the case now, for itself; without the states of modules."""
        return deepcopy(replace(self))

    def state(self, kind: type[S]) -> S:
        """The one state of this kind, which the module that declares it owns; empty at first."""
        if kind not in self._states:
            self._states[kind] = kind()
        found = self._states[kind]
        if not isinstance(found, kind):
            raise TypeError(f"the state of {kind} is a {type(found)}")
        return found


@dataclass
class Roster:
    """Who and what is there when the story begins."""

    elders: int
    geography: Geography
    firms: list[Firm]
    operators: list[Firm]
    residents: list[tuple[Person, Facility]]
    applicants: list[Person]
    assessor_ids: list[str]
    serials: Serials


def found_city(elders: int, seed: int, today: date, geography: Geography) -> tuple[World, Roster]:
    """A city of so many elders; the same for the same seed."""
    people = population(elders, seed, today, geography)
    by_county = Counter(person.area_code[:COUNTY_DIGITS] for person in people)
    made = firms(elders, seed, geography, by_county)
    visitors = workers(elders, seed, made, today, by_county)
    operators, houses = facilities(elders, seed, geography, by_county, len(made))
    housed = residents(seed, people, houses)
    _employ_carers(seed, houses, housed, today, len(visitors))
    for person, _ in housed:
        person.living = "INSTITUTION"
    assessors = max(LEAST_ASSESSORS, 2 * round(elders * ASSESSORS_PER_ELDER))
    roster = Roster(
        elders=elders,
        geography=geography,
        firms=made,
        operators=operators,
        residents=housed,
        applicants=_applicants(elders, seed, people, {person.number for person, _ in housed}),
        assessor_ids=[f"00000000-0000-7000-8000-{at:012x}" for at in range(1, assessors + 1)],
        serials=Counter((person.born_on, person.male) for person in people),
    )
    return World(people=people, facilities=houses), roster


def _employ_carers(
    seed: int,
    houses: list[Facility],
    housed: list[tuple[Person, Facility]],
    today: date,
    first: int,
) -> None:
    institutions = {one.firm.credit_code: one.firm for one in houses if one.tier == "COUNTY"}
    staying = Counter(facility.firm.credit_code for _, facility in housed)
    carers(seed, institutions, staying, today, first)


def _applicants(elders: int, seed: int, people: list[Person], housed: set[int]) -> list[Person]:
    """Who will apply, in the order of their applications."""
    rng = Random(f"{seed}:applicants")
    at_home = [person for person in people if person.number not in housed]
    disabled = [person for person in at_home if person.level >= 2]
    others = [person for person in at_home if person.level < 2]
    living_there = [person for person in people if person.number in housed and person.level >= 2]
    wanted = round(elders * APPLICANTS)
    chosen = rng.sample(disabled, min(len(disabled), round(wanted * DISABLED_APPLICANTS)))
    chosen += rng.sample(others, min(len(others), wanted - len(chosen)))
    rng.shuffle(chosen)
    most = min(len(living_there), math.ceil(wanted * RESIDENT_APPLICANTS))
    # the very first one waits long for the assessors
    return chosen[:1] + rng.sample(living_there, most) + chosen[1:]
