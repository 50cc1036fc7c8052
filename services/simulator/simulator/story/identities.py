"""The tokens of officials, firms and workers."""

from simulator.story.story import Story
from simulator.story.workers import Workers
from simulator.world.firms import Firm
from simulator.world.geography import WHOLE_CITY


async def add_officials(story: Story) -> None:
    """Tokens of the officials and assessors; in one case, who registers, who names the assessors
    and who approves are three people; who decides about a visit is not who goes and sees.
    """
    for name, role in (
        ("office", "official"),
        ("assigner", "official"),
        ("approver", "official"),
        ("hotline", "hotline"),
        ("inspector", "inspector"),
        ("verifier", "inspector"),
    ):
        story.tokens.add(name, roles=[role], area=WHOLE_CITY)
    for at, worker_id in enumerate(story.roster.assessor_ids):
        story.tokens.add(f"assessor {at}", roles=["assessor"], worker_id=worker_id, area=WHOLE_CITY)
    await story.tokens.renew()


async def add_firms(story: Story) -> None:
    """Tokens of the firms, their workers and the homes, who are registered by now."""
    for firm in story.roster.firms:
        _add_firm(story, firm)
    for home in story.roster.operators:
        organisation_id = home.organisation_id
        story.tokens.add(f"home {organisation_id}", roles=["home"], organisation_id=organisation_id)
    await story.tokens.renew()


def _add_firm(story: Story, firm: Firm) -> None:
    organisation_id = firm.organisation_id
    story.tokens.add(f"firm {organisation_id}", roles=["provider"], organisation_id=organisation_id)
    for worker in firm.workers:
        story.tokens.add(
            f"worker {worker.worker_id}",
            roles=["worker"],
            organisation_id=organisation_id,
            worker_id=worker.worker_id,
        )
        story.state(Workers).by_id[worker.worker_id] = worker
