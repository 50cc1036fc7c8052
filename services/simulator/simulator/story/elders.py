"""Elders change, move, arrive and leave."""

from random import Random

from simulator.http_client import Json
from simulator.story import entitlements, orders
from simulator.story.orders import Orders
from simulator.story.story import Story
from simulator.world.geography import COUNTIES
from simulator.world.people import BANDS, Person, address, home, person

OTHER_LIVINGS = ("ALONE", "SPOUSE_ONLY", "WITH_FAMILY", "LEFT_BEHIND")
PASSING_HARDSHIPS = ("DIBAO", "LOW_INCOME")  # those that come and go


async def change(story: Story, elder: Person, rng: Random) -> None:
    """Another household, or a hardship more or less."""
    change_part = _change_living if rng.random() < 0.5 else _change_hardship
    before = elder.hardships
    body = change_part(elder, rng)
    if elder.hardships != before:
        elder.former_hardships.append((story.today, before))
    await _change(story, elder, body)
    story.tally["changes"] += 1
    entitlements.entitle(story, elder)


def _change_living(elder: Person, rng: Random) -> Json:
    elder.living = rng.choice([living for living in OTHER_LIVINGS if living != elder.living])
    return {"living": f"LIVING_{elder.living}"}


def _change_hardship(elder: Person, rng: Random) -> Json:
    ended = set(PASSING_HARDSHIPS) & set(elder.hardships)
    kept = tuple(hardship for hardship in elder.hardships if hardship not in ended)
    elder.hardships = kept if ended else (*kept, rng.choice(PASSING_HARDSHIPS))
    return {"hardships": {"hardships": _hardships(elder)}}


async def relocate(story: Story, elder: Person, area_code: str, rng: Random) -> None:
    """Another home, also inside the own village; who comes tomorrow finds the elder there."""
    elder.area_code = area_code
    elder.lon, elder.lat = home(rng, area_code, story.roster.geography)
    body: Json = {"area_code": area_code, "lon": elder.lon, "lat": elder.lat}
    if elder.address:
        elder.address = address(rng, elder.number, area_code, story.roster.geography)
        body["address"] = elder.address
    await _change(story, elder, body)
    story.tally["moves"] += 1
    expected = any(order.person is elder for order in story.state(Orders).open.values())
    story.tally["moves before a visit"] += expected


async def move_out(story: Story, elder: Person) -> None:
    """The elder leaves the city."""
    await _change(story, elder, {"moved_out": True})
    elder.gone_on = story.today
    entitlements.end_all(story, elder)
    orders.end_all(story, elder, "moved away")
    story.tally["moved out"] += 1


async def arrive(story: Story, rng: Random) -> None:
    """Somebody comes to the city and is registered, by an official where there is a hardship, which
    the hotline may not state; a second registration is refused.
    """
    elder = person(
        rng,
        len(story.world.people),
        rng.choice(COUNTIES),
        rng.choice(BANDS[:2]),
        rng.random() < 0.5,
        story.today,
        story.roster.geography,
        story.roster.serials,
    )
    body = _registration(elder)
    token = story.tokens["hotline"]
    if elder.hardships:
        await story.expect_refusal(token, "/v1/elders", body, status=403)
        token = story.tokens["office"]
    answer = await story.gateway.post(token, "/v1/elders", body)
    elder.elder_id = answer["elder"]["elder_id"]
    story.world.add(elder)
    story.tally["arrivals"] += 1
    await story.expect_refusal(token, "/v1/elders", body)


async def _change(story: Story, elder: Person, body: Json) -> None:
    path = f"/v1/elders/{elder.elder_id}:change"
    await story.gateway.post(story.tokens["office"], path, body)


def _registration(elder: Person) -> Json:
    return {
        "name": elder.name,
        "id_number": elder.id_number,
        "address": elder.address,
        "area_code": elder.area_code,
        "lon": elder.lon,
        "lat": elder.lat,
        "living": f"LIVING_{elder.living}",
        "hardships": _hardships(elder),
        "local_register": elder.local_register,
        "contact_name": elder.contact_name,
        "contact_phone": elder.contact_phone,
        "phone": elder.phone,
    }


def _hardships(elder: Person) -> list[str]:
    return [f"HARDSHIP_{hardship}" for hardship in elder.hardships]
