"""What every module of the story shares: the gateway, the city, the truth, and the instant."""

from collections import Counter
from datetime import time
from random import Random
from typing import TypeVar

from simulator.client import Gateway, Identities, Refused
from simulator.http_client import Json
from simulator.truth.counting import Truth
from simulator.truth.measures import Fact
from simulator.world.city import found_city
from simulator.world.days import START, instant, month_of
from simulator.world.geography import Geography

S = TypeVar("S")
BEGINS_AT = time(8)


class Story:
    """The simulation as its modules share it; what one of them alone knows is its `state`.

    world: what is the case. roster: who was there at the beginning. tally: how often what happened.
    failures: expectations that did not hold, besides the figures.
    """

    def __init__(self, gateway: Gateway, elders: int, seed: int, geography: Geography) -> None:
        self.gateway = gateway
        self.seed = seed
        self.begun = START
        self.today = START
        self.now = instant(START, BEGINS_AT)
        self.world, self.roster = found_city(elders, seed, START, geography)
        self.truth = Truth(geography.tree)
        self.tokens = Identities(gateway)
        self.tally: Counter[str] = Counter()
        self.failures: list[str] = []

    @property
    def month(self) -> str:
        """The present month."""
        return month_of(self.now)

    @property
    def days_passed(self) -> int:
        """Days since the story began."""
        return (self.today - self.begun).days

    def state(self, kind: type[S]) -> S:
        """What the module that declares this kind knows; empty at first."""
        return self.world.state(kind)

    def rng(self, *action: object) -> Random:
        """The generator of one action: the same for the same seed, whatever happened before.

        The names of actions are part of the seed: with another name the story is another.
        """
        return Random(":".join(map(str, (self.seed, *action))))

    def record(self, fact: Fact) -> None:
        """Something happened that figures or accounts follow from."""
        self.truth.record(fact)

    def expect(self, what: str, found: object, wanted: object) -> None:
        """Notes a failure where the platform's answer is not what must be."""
        if found != wanted:
            self.failures.append(f"{what}: {found}, not {wanted}")

    async def expect_refusal(self, token: str, path: str, body: Json, status: int = 409) -> None:
        """Tries what the rules forbid, and notes a failure where it is not refused."""
        try:
            await self.gateway.post(token, path, body)
        except Refused as refusal:
            self.expect(path, refusal.status, status)
        else:
            self.failures.append(f"{path} was not refused: {body}")


def quota(rng: Random, count: int, rate: float) -> int:
    """A whole number that is `count` × `rate` in the mean."""
    return int(count * rate + rng.random())
