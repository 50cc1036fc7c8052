"""The first day: organisations, places, workers and the whole population enter the platform."""

import asyncio
import csv
import io
from collections.abc import Callable, Sequence, Set
from typing import Any, TypeVar

from simulator.people import COUNTIES, Person
from simulator.providers import Firm, Home, Visitor
from simulator.story.state import Story

T = TypeVar("T", Firm, Home)

COLUMNS = (
    "name",
    "id_number",
    "phone",
    "address",
    "area_code",
    "lon",
    "lat",
    "living",
    "hardships",
    "local_register",
    "contact_name",
    "contact_phone",
)
BAD_ROWS = 0.004
ROWS_A_FILE, TWICE, PAGE = 20_000, 500, 500
LOOK_S = 0.2  # between two looks at an import


async def register(story: Story, progress: Callable[[int], None]) -> None:
    """Organisations, facilities and workers, by the city's civil affairs office.

    Those of one county come one after the other, so that their ids are in the story's order:
    planners look at workers in that order.
    """
    homes, keepers, firms = (
        _by_county(story.world.homes),
        _by_county(story.keepers),
        _by_county(story.firms),
    )

    async def county(code: str) -> None:
        for firm in [*firms[code], *keepers[code]]:
            await _firm(story, firm)
            progress(1)
        for home in homes[code]:
            await _place(story, home)
            progress(1)
        for firm in firms[code]:
            for visitor in firm.workers:
                await _worker(story, firm, visitor)
                progress(1)

    await story.gateway.each(county, COUNTIES)
    story.world.visitors = [
        (visitor, f"{firm.county}000000") for firm in story.firms for visitor in firm.workers
    ]


def _by_county(things: Sequence[T]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = {county: [] for county in COUNTIES}
    for one in things:
        found[one.firm.county if isinstance(one, Home) else one.county].append(one)
    return found


async def _firm(story: Story, one: Firm) -> None:
    told = await story.gateway.post(
        story.tokens["office"],
        "/v1/organisations",
        {
            "credit_code": one.credit_code,
            "name": one.name,
            "kind": f"KIND_{one.kind}",
            "area_code": f"{one.county}000000",
            "home_services": one.home_services,
            "lon": one.lon,
            "lat": one.lat,
        },
    )
    one.organisation_id = told["organisation"]["organisation_id"]


async def _place(story: Story, home: Home) -> None:
    told = await story.gateway.post(
        story.tokens["office"],
        "/v1/facilities",
        {
            "organisation_id": home.firm.organisation_id,
            "area_code": home.area_code,
            "name": home.name,
            "tier": f"TIER_{home.tier}",
            "operation": f"OPERATION_{home.operation}",
            "beds": home.beds,
            "nursing_beds": home.nursing_beds,
        },
    )
    home.facility_id = told["facility"]["facility_id"]


async def _worker(story: Story, firm: Firm, visitor: Visitor) -> None:
    body = {
        "organisation_id": firm.organisation_id,
        "name": visitor.name,
        "id_number": visitor.id_number,
        "phone": visitor.phone,
        "skills": [f"HELP_{skill}" for skill in visitor.skills],
        "caregiver": visitor.caregiver,
        "shift_from_min": visitor.shift[0],
        "shift_to_min": visitor.shift[1],
    }
    if visitor.certified_until:
        body["certified_until"] = visitor.certified_until.isoformat()
    visitor.worker_id = (await story.gateway.post(story.tokens["office"], "/v1/workers", body))[
        "worker"
    ]["worker_id"]


def sheet(people: list[Person], wrong: Set[int] = frozenset()) -> str:
    """A CSV file; the ID numbers of `wrong` persons have a wrong check character."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for person in people:
        number = person.id_number
        if person.number in wrong:
            number = number[:17] + ("0" if number[17] != "0" else "1")
        writer.writerow(
            (
                person.name,
                number,
                person.phone,
                person.address,
                person.area_code,
                person.lon,
                person.lat,
                f"LIVING_{person.living}",
                ";".join(f"HARDSHIP_{group}" for group in person.hardships),
                str(person.local_register).lower(),
                person.contact_name,
                person.contact_phone,
            )
        )
    return file.getvalue()


async def people(story: Story, progress: Callable[[int], None]) -> None:
    """The population, by files with some mistyped rows, which come back, are corrected and sent
    again; and once a file by mistake twice.
    """
    everyone = list(story.world.people)
    for at in range(0, len(everyone), ROWS_A_FILE):
        await story.tokens.renew()
        await _file(story, everyone[at : at + ROWS_A_FILE], progress)
    twice = await _imported(story, sheet(everyone[:TWICE]), lambda _: None)
    story.expect(
        "the same rows twice",
        (twice["registered"], twice["unchanged"], twice["failed"]),
        (0, min(TWICE, len(everyone)), 0),
    )
    await _learn_ids(story, {person.id_number: person for person in everyone})


async def _file(story: Story, part: list[Person], progress: Callable[[int], None]) -> None:
    dice = story.dice("file", part[0].number)
    wrong = {person.number for person in part if dice.random() < BAD_ROWS}
    done = await _imported(story, sheet(part, wrong), progress)
    story.expect(
        f"import of {len(part)} rows",
        (done["registered"], done["failed"]),
        (len(part) - len(wrong), len(wrong)),
    )
    if wrong:
        text = await story.gateway.text(
            story.tokens["office"], f"/v1/elder-imports/{done['import_id']}/failed-rows"
        )
        story.expect(
            "failed rows come back",
            {row["error_field"] for row in csv.DictReader(io.StringIO(text))},
            {"id_number"},
        )
        again = await _imported(
            story, sheet([person for person in part if person.number in wrong]), progress
        )
        story.expect("corrected rows", (again["registered"], again["failed"]), (len(wrong), 0))


async def _imported(story: Story, text: str, progress: Callable[[int], None]) -> dict[str, Any]:
    told, seen = await story.gateway.upload(story.tokens["office"], "/v1/elder-imports", text), 0
    while told["state"] != "STATE_DONE":
        await asyncio.sleep(LOOK_S)
        told = await story.gateway.get(
            story.tokens["office"], f"/v1/elder-imports/{told['import_id']}"
        )
        progress(told["done"] - seen)
        seen = told["done"]
    return told


async def _learn_ids(story: Story, by_number: dict[str, Person]) -> None:
    """Reads the register page by page; the masked number and the birth day tell who is who."""
    after = ""
    while True:
        page = await story.gateway.get(
            story.tokens["office"], "/v1/elders", limit=PAGE, after=after
        )
        for row in page["rows"]:
            elder, masked = row["elder"], row["id_number"]
            person = by_number.get(masked[:6] + elder["born_on"].replace("-", "") + masked[-4:])
            if person:
                person.elder_id = elder["elder_id"]
        after = page["next"]
        if not after:
            break
    story.expect(
        "everybody is in the register", sum(not person.elder_id for person in by_number.values()), 0
    )


def demo_users(story: Story) -> list[dict[str, Any]]:
    """Who may log in besides the officials: one for each role whose scope exists only now. The firm
    is of the elder's county.
    """
    # applicants will have levels, some of them vouchers; the very first one waits long for the
    # assessors
    one, other, *_ = *story.applicants[1:], *story.world.people
    firm = next(firm for firm in story.firms if firm.county == one.area_code[:6] and firm.workers)
    keeper = story.residents[0][1].firm if story.residents else story.world.homes[0].firm
    visitor = firm.workers[0]
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
            "worker_id": visitor.worker_id,
        },
        {
            "username": "home",
            "title": "养老机构 Care home",
            "roles": ["home"],
            "organisation_id": keeper.organisation_id,
        },
        {
            "username": "elder",
            "title": "老年人 Elder",
            "roles": ["elder"],
            "elder_ids": [one.elder_id],
        },
        {
            "username": "family",
            "title": "家属 Family",
            "roles": ["family"],
            "elder_ids": [one.elder_id, other.elder_id],
        },
    ]


async def welcome(story: Story) -> None:
    """The demo users of the roles that belong to somebody registered are added."""
    for user in demo_users(story):
        await story.gateway.add_user(**user)


async def stays(story: Story) -> None:
    """Those who live in institutions get their beds."""

    async def admit(pair: tuple[Person, Home]) -> None:
        person, home = pair
        told = await story.gateway.post(
            story.tokens["office"],
            "/v1/stays",
            {
                "facility_id": home.facility_id,
                "elder_id": person.elder_id,
                "began_on": story.today.isoformat(),
            },
        )
        story.stay_ids[person.number] = told["stay_id"]
        story.world.stays[person.number] = home

    await story.gateway.each(admit, story.residents)
