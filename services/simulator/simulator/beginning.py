"""The first day: organisations, places, workers and the whole population enter the platform."""

import asyncio
import csv
import io
from collections.abc import Callable
from random import Random

from simulator.client import Gateway
from simulator.people import Person
from simulator.story import Story
from simulator.things import Home

COLUMNS = ("name", "id_number", "phone", "address", "area_code", "lon", "lat", "living", "hardships", "local_register", "contact_name",
           "contact_phone")
BAD_ROWS = 0.004
ROWS_A_FILE = 20_000


async def register(story: Story, progress: Callable[[int], None]) -> None:
    """Organisations, facilities and workers, by the city's civil affairs office."""
    gateway, office = story.gateway, story.office

    async def firm(one: object) -> None:
        told = await gateway.post(office, "/v1/organisations", {
            "credit_code": one.credit_code, "name": one.name, "kind": f"KIND_{one.kind}", "area_code": f"{one.county}000000",
            "home_services": one.home_services, "lon": one.lon, "lat": one.lat,
        })
        one.organisation_id = told["organisation"]["organisation_id"]
        progress(1)

    async def place(home: Home) -> None:
        told = await gateway.post(office, "/v1/facilities", {
            "organisation_id": home.firm.organisation_id, "area_code": home.area_code, "name": home.name, "tier": f"TIER_{home.tier}",
            "operation": f"OPERATION_{home.operation}", "beds": home.beds, "nursing_beds": home.nursing_beds,
        })
        home.facility_id = told["facility"]["facility_id"]
        progress(1)

    async def worker(pair: tuple) -> None:
        firm, visitor = pair
        body = {
            "organisation_id": firm.organisation_id, "name": visitor.name, "id_number": visitor.id_number, "phone": visitor.phone,
            "skills": [f"HELP_{skill}" for skill in visitor.skills], "caregiver": visitor.caregiver,
            "shift_from_min": visitor.shift[0], "shift_to_min": visitor.shift[1],
        }
        if visitor.certified_until:
            body["certified_until"] = visitor.certified_until.isoformat()
        visitor.worker_id = (await gateway.post(office, "/v1/workers", body))["worker"]["worker_id"]
        story.world.visitors.append((visitor, f"{firm.county}000000"))
        progress(1)

    await gateway.each(firm, [*story.firms, *story.keepers])
    await gateway.each(place, story.world.homes)
    await gateway.each(worker, [(firm, visitor) for firm in story.firms for visitor in firm.workers])


def sheet(people: list[Person], wrong: set[int] = frozenset()) -> str:
    """A CSV file; the ID numbers of `wrong` persons have a wrong check character."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for person in people:
        number = person.id_number
        if person.number in wrong:
            number = number[:17] + ("0" if number[17] != "0" else "1")
        writer.writerow((
            person.name, number, person.phone, person.address, person.area_code, person.lon, person.lat, f"LIVING_{person.living}",
            ";".join(f"HARDSHIP_{group}" for group in person.hardships), str(person.local_register).lower(), person.contact_name,
            person.contact_phone,
        ))
    return file.getvalue()


async def people(story: Story, progress: Callable[[int], None]) -> None:
    """The population, by files with some mistyped rows, which come back, are corrected and sent again; and once a file by mistake twice."""
    gateway, office, everyone = story.gateway, story.office, list(story.world.people)
    random = Random(f"import:{story.seed}")
    for at in range(0, len(everyone), ROWS_A_FILE):
        part = everyone[at : at + ROWS_A_FILE]
        wrong = {person.number for person in part if random.random() < BAD_ROWS}
        done = await _imported(gateway, office, sheet(part, wrong), progress)
        story.expect(f"import of {len(part)} rows", (done["registered"], done["failed"]), (len(part) - len(wrong), len(wrong)))
        if wrong:
            failed = list(csv.DictReader(io.StringIO(await gateway.text(office, f"/v1/elder-imports/{done['import_id']}/failed-rows"))))
            story.expect("failed rows come back", {row["error_field"] for row in failed}, {"id_number"})
            again = await _imported(gateway, office, sheet([person for person in part if person.number in wrong]), progress)
            story.expect("corrected rows", (again["registered"], again["failed"]), (len(wrong), 0))
    twice = await _imported(gateway, office, sheet(everyone[:500]), lambda _: None)
    story.expect("the same rows twice", (twice["registered"], twice["unchanged"], twice["failed"]), (0, min(500, len(everyone)), 0))
    await learn_ids(story, {person.id_number: person for person in everyone})


async def _imported(gateway: Gateway, token: str, text: str, progress: Callable[[int], None]) -> dict:
    told, seen = await gateway.upload(token, "/v1/elder-imports", text), 0
    while told["state"] != "STATE_DONE":
        await asyncio.sleep(0.2)
        told = await gateway.get(token, f"/v1/elder-imports/{told['import_id']}")
        progress(told["done"] - seen)
        seen = told["done"]
    return told


async def learn_ids(story: Story, by_number: dict[str, Person]) -> None:
    """Reads the register page by page; the masked number and the birth day tell who is who."""
    after = ""
    while True:
        page = await story.gateway.get(story.office, "/v1/elders", limit=500, after=after)
        for row in page["rows"]:
            elder, masked = row["elder"], row["id_number"]
            person = by_number.get(masked[:6] + elder["born_on"].replace("-", "") + masked[-4:])
            if person:
                person.elder_id = elder["elder_id"]
        after = page["next"]
        if not after:
            break
    story.expect("everybody is in the register", sum(not person.elder_id for person in by_number.values()), 0)


async def stays(story: Story) -> None:
    """Those who live in institutions get their beds."""

    async def admit(pair: tuple[Person, Home]) -> None:
        person, home = pair
        await story.gateway.post(story.office, "/v1/stays", {
            "facility_id": home.facility_id, "elder_id": person.elder_id, "began_on": story.today.isoformat()})
        story.world.stays[person.number] = home

    await story.gateway.each(admit, story.residents)
