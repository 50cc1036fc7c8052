"""The population enters the platform by files, some rows of which are mistyped."""

import asyncio
import csv
import io
from collections import defaultdict
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass

from simulator.http_client import Json
from simulator.story.story import Story
from simulator.world.people import Person

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
    "another_person",
)
BAD_ROWS = 0.004
ROWS_A_FILE = 20_000
TWICE = 500
PAGE = 500
POLL_S = 0.2  # between two looks at an import
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Import:
    """How far an import of a file is, in rows."""

    import_id: str
    state: str
    done: int
    registered: int
    unchanged: int
    failed: int

    @classmethod
    def read(cls, document: Json) -> "Import":
        """From the platform's answer; what it does not count yet is 0."""
        counts = {
            name: int(document.get(name, 0))
            for name in ("done", "registered", "unchanged", "failed")
        }
        return cls(document["import_id"], document["state"], **counts)


def sheet(people: list[Person], wrong: Set[int] = frozenset()) -> str:
    """A CSV file; the ID numbers of `wrong` persons have a wrong check character."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for person in people:
        writer.writerow(_row(person, mistyped=person.number in wrong))
    return file.getvalue()


def _row(person: Person, *, mistyped: bool) -> tuple[str | float, ...]:
    id_number = person.id_number
    if mistyped:
        id_number = id_number[:17] + ("0" if id_number[17] != "0" else "1")
    return (
        person.name,
        id_number,
        person.phone,
        person.address,
        person.area_code,
        person.lon,
        person.lat,
        f"LIVING_{person.living}",
        ";".join(f"HARDSHIP_{hardship}" for hardship in person.hardships),
        str(person.local_register).lower(),
        person.contact_name,
        person.contact_phone,
        str(person.alike).lower(),
    )


async def register_all(story: Story, progress: Progress) -> None:
    """The population, by files with some mistyped rows, which come back, are corrected and sent
    again; and once a file by mistake twice.
    """
    everyone = list(story.world.people)
    for at in range(0, len(everyone), ROWS_A_FILE):
        await story.tokens.renew()
        await _register(story, everyone[at : at + ROWS_A_FILE], progress)
    twice = await _import(story, sheet(everyone[:TWICE]), lambda _: None)
    story.expect(
        "the same rows twice",
        (twice.registered, twice.unchanged, twice.failed),
        (0, min(TWICE, len(everyone)), 0),
    )
    await _read_ids(story, everyone)


async def _register(story: Story, part: list[Person], progress: Progress) -> None:
    rng = story.rng("file", part[0].number)
    wrong = {person.number for person in part if rng.random() < BAD_ROWS}
    done = await _import(story, sheet(part, wrong), progress)
    story.expect(
        f"import of {len(part)} rows",
        (done.registered, done.failed),
        (len(part) - len(wrong), len(wrong)),
    )
    if wrong:
        await _correct(story, done, [one for one in part if one.number in wrong], progress)


async def _correct(story: Story, done: Import, people: list[Person], progress: Progress) -> None:
    """The mistyped rows come back by field, and are sent again."""
    path = f"/v1/elder-imports/{done.import_id}/failed-rows"
    text = await story.gateway.text(story.tokens["office"], path)
    fields = {row["error_field"] for row in csv.DictReader(io.StringIO(text))}
    story.expect("failed rows come back", fields, {"id_number"})
    again = await _import(story, sheet(people), progress)
    story.expect("corrected rows", (again.registered, again.failed), (len(people), 0))


async def _import(story: Story, text: str, progress: Progress) -> Import:
    token = story.tokens["office"]
    state = Import.read(await story.gateway.upload(token, "/v1/elder-imports", text))
    seen = 0
    while state.state != "STATE_DONE":
        await asyncio.sleep(POLL_S)
        path = f"/v1/elder-imports/{state.import_id}"
        state = Import.read(await story.gateway.get(token, path))
        progress(state.done - seen)
        seen = state.done
    return state


async def _read_ids(story: Story, people: list[Person]) -> None:
    """Reads the register page by page; community, birth day and the ends of the phone number tell
    who is who. Those who share them are asked for by their ID numbers, which no answer tells.
    """
    alike: defaultdict[tuple[str, ...], list[Person]] = defaultdict(list)
    for person in people:
        phone = f"{person.phone[:3]}{person.phone[-4:]}"
        alike[person.area_code, person.id_number[6:14], phone].append(person)
    by_ends = {ends: found[0] for ends, found in alike.items() if len(found) == 1}
    after = ""
    while True:
        page = await story.gateway.get(
            story.tokens["office"], "/v1/elders", limit=PAGE, after=after
        )
        for row in page["rows"]:
            _read_id(row, by_ends)
        after = page["next"]
        if not after:
            break
    await story.gateway.each(
        lambda person: _ask_for(story, person), [one for one in people if not one.elder_id]
    )
    missing = sum(not person.elder_id for person in people)
    story.expect("everybody is in the register", missing, 0)


def _read_id(row: Json, by_ends: Mapping[tuple[str, ...], Person]) -> None:
    elder, phone = row["elder"], row["phone"].replace("*", "")
    person = by_ends.get((elder["area_code"], elder["born_on"].replace("-", ""), phone))
    if person:
        person.elder_id = elder["elder_id"]


async def _ask_for(story: Story, person: Person) -> None:
    token = story.tokens["office"]
    page = await story.gateway.get(token, "/v1/elders", id_number=person.id_number)
    for row in page["rows"]:
        person.elder_id = row["elder"]["elder_id"]
