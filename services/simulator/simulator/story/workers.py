"""Workers enter the platform, and leave their firms."""

from collections import Counter
from dataclasses import dataclass, field

from simulator.http_client import Json
from simulator.story.orders import Orders
from simulator.story.story import Story, quota
from simulator.world.firms import Firm, Worker
from simulator.world.geography import county_code

# Assumption: all rates
LEAVE = 0.002  # share of the workers who leave in a day
LEAVE_ANYWAY = 0.1  # workers a day, so that a small city sees it too
LEAST_COLLEAGUES = 2  # workers of a county who stay


@dataclass
class Workers:
    """by_id: all who were ever registered."""

    by_id: dict[str, Worker] = field(default_factory=dict)


async def register(story: Story, firm: Firm, worker: Worker) -> None:
    """By the city's civil affairs office."""
    body: Json = {
        "organisation_id": firm.organisation_id,
        "name": worker.name,
        "id_number": worker.id_number,
        "phone": worker.phone,
        "skills": [f"HELP_{skill}" for skill in worker.skills],
        "caregiver": worker.caregiver,
        "shift_from_min": worker.shift[0],
        "shift_to_min": worker.shift[1],
        "place_of_work": f"PLACE_OF_WORK_{worker.place}",
    }
    if worker.certified_until:
        body["certified_until"] = worker.certified_until.isoformat()
    answer = await story.gateway.post(story.tokens["office"], "/v1/workers", body)
    worker.worker_id = answer["worker"]["worker_id"]
    story.world.workers.append((worker, county_code(firm.county)))


async def leave_some(story: Story) -> None:
    """Workers who leave; what they had promised is offered to others."""
    rng = story.rng("leaving", story.today)
    pairs = [
        (firm, worker) for firm in story.roster.firms for worker in firm.workers if not worker.left
    ]
    colleagues = Counter(firm.county for firm, _ in pairs)
    count = quota(rng, len(pairs), LEAVE + LEAVE_ANYWAY / len(pairs))
    for firm, worker in sorted(rng.sample(pairs, count), key=lambda pair: pair[1].number):
        if colleagues[firm.county] > LEAST_COLLEAGUES:
            colleagues[firm.county] -= 1
            await _leave(story, firm, worker)


async def _leave(story: Story, firm: Firm, worker: Worker) -> None:
    token = story.tokens[f"firm {firm.organisation_id}"]
    await story.gateway.post(token, f"/v1/workers/{worker.worker_id}:leave", {})
    worker.left = True
    story.world.workers = [pair for pair in story.world.workers if pair[0] is not worker]
    for order in story.state(Orders).open.values():
        if order.worker is worker and order.state in ("offered", "accepted"):
            order.state = "placed"
            order.visit = None
    story.tally["workers left"] += 1
