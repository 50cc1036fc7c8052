"""Demo users: each role that needs somebody registered can log in as somebody of the story."""

from typing import Any

import pytest

from gateway.issuer.users import DEMO_USERS
from kit.security.access import ROLES
from simulator.client import Gateway
from simulator.story.demo_users import demo_users
from simulator.story.story import Story
from simulator.world.geography import Geography


@pytest.fixture
async def story() -> Any:
    gateway = Gateway("http://127.0.0.1:9", client_id="simulator", secret="none", seed=1)
    made = Story(gateway, 600, 1, Geography(1))
    for one in [*made.roster.firms, *made.roster.operators]:
        one.organisation_id = f"organisation {one.credit_code}"
    for firm in made.roster.firms:
        for worker in firm.workers:
            worker.worker_id = f"worker {worker.number}"
    for one in made.world.people:
        one.elder_id = f"elder {one.number}"
    yield made
    await gateway.close()


async def test_with_the_citys_own_there_is_a_demo_user_for_each_role(story: Story) -> None:
    users = [*DEMO_USERS, *demo_users(story)]

    assert {role for user in users for role in user["roles"]} == ROLES - {"service", "monitor"}
    assert len({user["username"] for user in users}) == len(users)


async def test_each_is_scoped_to_somebody_of_the_story(story: Story) -> None:
    users = {user["username"]: user for user in demo_users(story)}
    firm = next(
        firm
        for firm in story.roster.firms
        if firm.organisation_id == users["provider"]["organisation_id"]
    )
    elder = next(one for one in story.world.people if [one.elder_id] == users["elder"]["elder_ids"])

    assert users["worker"]["organisation_id"] == firm.organisation_id
    assert users["worker"]["worker_id"] in {worker.worker_id for worker in firm.workers}
    assert users["home"]["organisation_id"] in {
        facility.firm.organisation_id for _, facility in story.roster.residents
    }
    assert firm.county == elder.area_code[:6]
    assert elder in story.roster.applicants
    assert users["family"]["elder_ids"][0] == elder.elder_id
    assert len(set(users["family"]["elder_ids"])) == 2
