"""Organisations enter the platform: firms, and operators of facilities. Some are suspended for
days, and operators without any facility are closed.
"""

from datetime import date, timedelta

from kit.contracts.clock import SHANGHAI
from simulator.http_client import Json
from simulator.story.orders import Orders
from simulator.story.story import Story, quota
from simulator.world.firms import Firm, Suspension
from simulator.world.geography import county_code

# Assumption: suspensions a day, of all firms and besides, and for how many days
SUSPENDED = 0.002
SUSPENDED_ANYWAY = 0.12
DAYS = (1, 2, 3)
END_IS_KNOWN = 0.5


async def register(story: Story, firm: Firm) -> None:
    """By the city's civil affairs office."""
    answer = await story.gateway.post(
        story.tokens["office"],
        "/v1/organisations",
        {
            "credit_code": firm.credit_code,
            "name": firm.name,
            "kind": f"KIND_{firm.kind}",
            "area_code": county_code(firm.county),
            "home_services": firm.home_services,
            "lon": firm.lon,
            "lat": firm.lat,
        },
    )
    firm.organisation_id = answer["organisation"]["organisation_id"]


async def suspend_some(story: Story) -> None:
    """Firms whose suspension ends go on, and a few others are suspended; what these had promised
    for the days is offered to others.
    """
    rng = story.rng("suspending", story.today)
    for firm in story.roster.firms:
        for suspension in firm.suspensions:
            if suspension.open_ended and suspension.until == story.today:
                await _command(story, firm, "resume", {"reason": "整改完成"})
                suspension.resumed_at = story.now
    able = [firm for firm in story.roster.firms if not _gets_nothing(story, firm, story.today)]
    count = quota(rng, len(able), SUSPENDED + SUSPENDED_ANYWAY / max(1, len(able)))
    for firm in rng.sample(able, min(len(able), count)):
        until = story.today + timedelta(days=rng.choice(DAYS))
        open_ended = rng.random() >= END_IS_KNOWN
        await _suspend(story, firm, Suspension(story.now, story.today, until, open_ended))


async def close(story: Story, firm: Firm) -> None:
    """An operator without any open facility gives up."""
    await _command(story, firm, "close", {"reason": "注销"})
    story.tally["organisations closed"] += 1


async def _suspend(story: Story, firm: Firm, suspension: Suspension) -> None:
    body: Json = {"suspended_from": suspension.first.isoformat(), "reason": "整改"}
    if not suspension.open_ended:
        body["suspended_to"] = suspension.until.isoformat()
    await _command(story, firm, "suspend", body)
    firm.suspensions.append(suspension)
    for order in story.state(Orders).open.values():
        promised = order.firm is firm and order.state in ("offered", "accepted")
        day = order.planned_at.astimezone(SHANGHAI).date() if order.planned_at else None
        if promised and day and suspension.covers(day, story.now):
            order.state = "placed"
            order.visit = None
    story.tally["suspensions"] += 1


async def _command(story: Story, firm: Firm, verb: str, body: Json) -> None:
    path = f"/v1/organisations/{firm.organisation_id}:{verb}"
    await story.gateway.post(story.tokens["office"], path, body)


def _gets_nothing(story: Story, firm: Firm, day: date) -> bool:
    return any(suspension.covers(day, story.now) for suspension in firm.suspensions)
