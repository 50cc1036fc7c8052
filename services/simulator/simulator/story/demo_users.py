"""Who of the story may log in with a password, besides the officials."""

from typing import NotRequired, TypedDict

from simulator.story.story import Story
from simulator.world.geography import COUNTY_DIGITS


class DemoUser(TypedDict):
    """A user of the one-box city; claims as in a token."""

    username: str
    title: str
    roles: list[str]
    organisation_id: NotRequired[str]
    worker_id: NotRequired[str]
    elder_ids: NotRequired[list[str]]


def demo_users(story: Story) -> list[DemoUser]:
    """One for each role whose scope exists only now. The firm is of the elder's county."""
    # applicants will have levels, some of them vouchers; the very first one waits long for the
    # assessors
    elder, relative, *_ = *story.roster.applicants[1:], *story.world.people
    firm = next(
        firm
        for firm in story.roster.firms
        if firm.county == elder.area_code[:COUNTY_DIGITS] and firm.workers
    )
    residents = story.roster.residents
    facility = residents[0][1] if residents else story.world.facilities[0]
    return [
        {
            "username": "provider",
            "title": "居家养老服务机构 Home-care firm",
            "roles": ["provider"],
            "organisation_id": firm.organisation_id,
        },
        {
            "username": "worker",
            "title": "护理员 Care worker",
            "roles": ["worker"],
            "organisation_id": firm.organisation_id,
            "worker_id": firm.workers[0].worker_id,
        },
        {
            "username": "home",
            "title": "养老机构 Care home",
            "roles": ["home"],
            "organisation_id": facility.firm.organisation_id,
        },
        {
            "username": "elder",
            "title": "老年人 Elder",
            "roles": ["elder"],
            "elder_ids": [elder.elder_id],
        },
        {
            "username": "family",
            "title": "家属 Family",
            "roles": ["family"],
            "elder_ids": [elder.elder_id, relative.elder_id],
        },
    ]


async def add_all(story: Story) -> None:
    """The demo users of the roles that belong to somebody registered are added."""
    for user in demo_users(story):
        await story.gateway.add_user(user)
