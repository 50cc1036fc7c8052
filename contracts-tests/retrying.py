"""A simulated city that can be asked to do again what it cannot be sure of: each command bears a
key made of what it is.
"""

import asyncio
import base64
import copy
import hashlib
import json
from collections import Counter
from typing import Any

from simulator.client import Gateway, Refused
from simulator.story import clock, day, elders, first_day, orders
from simulator.story.story import Story
from simulator.world.geography import Geography


class Retrying(Gateway):
    """free: whether the business clock may move on. resumed: feeds that went on from another cursor
    than their own.
    """

    def __init__(
        self, address: str, secret: str, seed: int, sent: Counter[str] | None = None
    ) -> None:
        super().__init__(address, client_id="simulator", secret=secret, seed=seed)
        self.sent = sent or Counter()
        self.free = asyncio.Event()
        self.free.set()
        self.resumed = 0

    async def post(
        self, token: str, path: str, body: dict[str, Any], *, key: str = ""
    ) -> dict[str, Any]:
        """The n-th time that a person gives the same command, it bears the same key, in whatever
        order answers come.
        """
        deed = hashlib.sha256(
            json.dumps([_subject(token), path, body], sort_keys=True).encode()
        ).hexdigest()
        self.sent[deed] += 1
        return await super().post(token, path, body, key=key or f"{deed[:48]}-{self.sent[deed]}")

    async def get(self, token: str, path: str, **query: Any) -> dict[str, Any]:
        """A feed that was restored goes on from the cursor that it names."""
        try:
            return await super().get(token, path, **query)
        except Refused as refusal:
            if refusal.reason != "CURSOR_EXPIRED":
                raise
            self.resumed += 1
            return await super().get(
                token, path, **query | {"cursor": refusal.problem["facts"]["resume_cursor"]}
            )

    async def clock(self, now: str) -> None:
        """Waits until the clock may move."""
        await self.free.wait()
        await super().clock(now)


def _subject(token: str) -> str:
    body = token.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["sub"])


def new_story(gateway: Retrying, count: int, seed: int) -> Story:
    """A story that has not begun. count: of elders."""
    return Story(gateway, count, seed, Geography(seed))


async def begin(story: Story, days: int) -> None:
    """The first day's registrations, and these days."""
    await first_day.register_providers(story, lambda _: None)
    await first_day.register_elders(story, lambda _: None)
    for _ in range(days):
        await day.live(story, days, lambda _: None)


async def wake(story: Story) -> None:
    """A morning up to the instant before people apply and order; nothing is under way then."""
    await clock.advance(story, day.MORNING)
    await day.read_in(story, day.MORNING)
    await day.change(story)


async def apply(story: Story, days: int) -> None:
    """Cancellations, assessments, approvals and applications of a morning."""
    await day.ask(story, days)


async def order(story: Story, rounds: int) -> None:
    """A few orders more, from other people each time."""
    await orders.place_some(story, 0.1 + rounds / 100)


async def change_some(story: Story) -> None:
    """A few elders live otherwise from now on, and one more arrives."""
    at_home = [one for one in story.world.people if one.alive and one.living != "INSTITUTION"]
    for one in at_home[:3]:
        living = "LIVING_WITH_FAMILY" if one.living == "ALONE" else "LIVING_ALONE"
        await story.gateway.post(
            story.tokens["office"], f"/v1/elders/{one.elder_id}:change", {"living": living}
        )
    await elders.arrive(story, story.rng("one more"))


async def rest(story: Story, days: int) -> None:
    """From ten o'clock to the evening."""
    await day.live(story, days, lambda _: None, since=day.STEPS[1][0])


def remembered(story: Story) -> Story:
    """The story as it is now; it speaks through the same gateway."""
    geography = story.roster.geography
    shared = (story.gateway, geography, geography.tree)
    return copy.deepcopy(story, {id(one): one for one in shared})


async def goes_on_at(story: Story, gateway: Retrying) -> None:
    """From now on everybody speaks through this gateway, with new tokens."""
    story.gateway = story.tokens._gateway = gateway
    story.tokens._tokens.clear()
    await story.tokens.renew()
