"""Files of elders: good rows are kept, bad rows come back, the same file twice changes nothing, and
a kill in between loses nothing.
"""

import csv
import io
import re
import uuid
from datetime import date

import pytest
from eldercare.assessment.v1 import api_pb2 as api
from google.api.httpbody_pb2 import HttpBody

from assessment.context import GROUP
from assessment.elders import flows as elders
from assessment.imports import files, flows, queries
from assessment.imports.errors import ImportEnded, NoAreaOfYourOwn, NotACsv
from assessment.testing import (
    CONTEXT,
    ELSEWHERE,
    HOME,
    OFFICIAL,
    a_registration,
    a_ring,
    an_id_number,
    an_official,
)
from kit.contracts.clock import Clock
from kit.contracts.modules import import_all
from kit.contracts.refusals import NotFound
from kit.db.store import Store
from kit.runtime.timers import Timers
from kit.security.access import Caller

import_all("assessment", "jobs")
CHINESE = re.compile("[\u4e00-\u9fff]")
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
    "hardships_on",
    "hardships_document",
)


@pytest.fixture
async def store(database, clock: Clock):
    """A store with keys: imports seal what they keep."""
    opened = Store(await database(), service="assessment", clock=clock, vault=a_ring())
    yield opened
    await opened.close()


def a_row(**given: str) -> dict[str, str]:
    row = {
        "name": "张三",
        "id_number": given.get("id_number") or an_id_number(),
        "phone": "13800000002",
        "address": "花园路2号",
        "area_code": HOME,
        "lon": "118.3",
        "lat": "32.3",
        "living": "ALONE",
        "hardships": "DIBAO;LOW_INCOME",
        "local_register": "true",
        "contact_name": "张小三",
        "contact_phone": "13900000002",
        "hardships_on": "2025-11-03",
        "hardships_document": "低保 341102-17",
    }
    return row | given


def a_file(
    *rows: dict[str, str],
    columns: tuple[str, ...] = COLUMNS,
    encoding: str = "utf-8",
    newline: str = "\n",
) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator=newline, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


async def start(store: Store, data: bytes, caller: Caller | None = None) -> str:
    async with store.transaction() as session:
        return (
            await flows.start(session, HttpBody(data=data), caller or an_official(), CONTEXT)
        ).import_id


async def seen(store: Store, import_id: str) -> api.Import:
    async with store.reading() as session:
        row = await queries.import_row(session, api.GetImport(import_id=import_id), an_official())
        return await queries.progress(session, row, OFFICIAL)


async def taken(store: Store, data: bytes, caller: Caller | None = None) -> api.Import:
    """The import when its timers have nothing left to do."""
    import_id = await start(store, data, caller)
    timers = Timers(store, GROUP)
    while await timers.fire():
        pass
    return await seen(store, import_id)


async def failed_file(store: Store, import_id: str) -> bytes:
    async with store.reading() as session:
        return (
            await flows.failed_rows(
                session, api.GetImport(import_id=import_id), an_official(), CONTEXT
            )
        ).data


async def count(store: Store, what: str = "elder") -> int:
    async with store.reading() as session:
        return await (await session.driver()).fetchval(f"select count(*) from {what}")  # noqa: S608


def counts(job: api.Import) -> tuple[int, int, int, int]:
    return job.rows, job.registered, job.unchanged, job.failed


async def test_good_rows_are_registered_as_register_would(store: Store):
    job = await taken(
        store,
        a_file(
            a_row(),
            a_row(living="LIVING_SPOUSE_ONLY", hardships="", local_register="否", lon="", lat=""),
        ),
    )

    assert job.state == api.Import.STATE_DONE
    assert counts(job) == (2, 2, 0, 0)
    assert job.done == 2
    assert await count(store) == await count(store, "outbox") == 2


async def test_the_answer_comes_before_the_work(store: Store):
    import_id = await start(store, a_file(a_row()))

    assert (await seen(store, import_id)).state == api.Import.STATE_RUNNING
    assert await count(store) == 0


async def test_a_cancelled_import_registers_no_more_rows(store: Store):
    import_id = await start(store, a_file(*(a_row() for _ in range(flows.CHUNK + 1))))
    await Timers(store, GROUP).fire()
    command = api.CancelImport(import_id=import_id)

    async with store.transaction() as session:
        cancelled = await flows.cancel(session, command, an_official())
    while await Timers(store, GROUP).fire():
        pass

    job = await seen(store, import_id)
    assert (cancelled.state, job.state) == (api.Import.STATE_CANCELLED,) * 2
    assert (job.done, await count(store), await count(store, "import_chunk")) == (500, 500, 0)
    with pytest.raises(ImportEnded):
        async with store.transaction() as session:
            await flows.cancel(session, command, an_official())


async def test_a_check_character_in_either_case_is_one_person(store: Store):
    number = next(
        number
        for serial in range(99)
        if (number := an_id_number(date(1951, 1, 1), serial)).endswith("X")
    )

    job = await taken(store, a_file(a_row(id_number=number.lower()), a_row(id_number=number)))

    assert (job.state, *counts(job)) == (api.Import.STATE_DONE, 2, 1, 1, 0)
    assert await count(store) == 1


async def test_the_same_file_twice_changes_nothing(store: Store):
    data = a_file(*(a_row() for _ in range(5)))
    await taken(store, data)

    again = await taken(store, data)

    assert counts(again) == (5, 0, 5, 0)
    assert await count(store) == await count(store, "outbox") == 5


async def test_a_row_names_all_that_is_wrong_with_it(store: Store):
    job = await taken(
        store,
        a_file(a_row(), a_row(name="", living="CASTLE", phone="no", area_code="341102000000")),
    )

    assert counts(job) == (2, 1, 0, 1)
    assert {(error.line, error.field) for error in job.errors} == {
        (3, "name"),
        (3, "living"),
        (3, "phone"),
        (3, "area_code"),
    }
    assert {error.rule for error in job.errors} == {
        "string.min_len",
        "UNREADABLE",
        "string.pattern",
        "NOT_A_COMMUNITY",
    }


@pytest.mark.parametrize(
    ("given", "field", "rule"),
    [
        ({"id_number": "341102195001010018"}, "id_number", "WRONG_CHECK_CHARACTER"),
        ({"lat": ""}, "lat", "HALF_POSITION"),
        ({"lon": "far"}, "lon", "UNREADABLE"),
        ({"local_register": "maybe"}, "local_register", "UNREADABLE"),
        ({"hardships": "DIBAO;RICH"}, "hardships", "UNREADABLE"),
        ({"hardships": "DIBAO;DIBAO"}, "hardships", "repeated.unique"),
        ({"area_code": ELSEWHERE}, "area_code", "AREA_NOT_YOURS"),
        ({"name": "王?"}, "name", "UNREADABLE"),
        ({"phone": "no"}, "phone", "string.pattern"),
        ({"name": ""}, "name", "string.min_len"),
    ],
)
async def test_a_wrong_cell_names_field_and_rule(
    store: Store, given: dict[str, str], field: str, rule: str
):
    job = await taken(store, a_file(a_row(**given)), an_official("341102000000"))

    assert [(error.field, error.rule) for error in job.errors] == [(field, rule)]
    assert counts(job) == (1, 0, 0, 1)
    assert CHINESE.search(job.errors[0].text_zh)
    assert not CHINESE.search(job.errors[0].text)


async def test_failed_rows_corrected_can_be_sent_again_as_they_are(store: Store):
    job = await taken(store, a_file(a_row(), a_row(phone="no")))

    text = (await failed_file(store, job.import_id)).decode("utf-8-sig")
    row = next(csv.DictReader(io.StringIO(text)))
    assert (row["name"], row["error_field"], row["error_rule"]) == (
        "张三",
        "phone",
        "string.pattern",
    )
    again = await taken(store, ("\ufeff" + text.replace(",no,", ",13800000003,")).encode())
    assert counts(again) == (1, 1, 0, 0)


async def test_one_person_with_two_numbers_is_refused(
    store: Store,
):
    born_on = date(1948, 5, 6)
    row = a_row(id_number=an_id_number(born_on))
    assert counts(await taken(store, a_file(row))) == (1, 1, 0, 0)
    other, third = an_id_number(born_on), an_id_number(born_on)

    job = await taken(
        store,
        a_file(
            row | {"id_number": other},
            row | {"id_number": other, "another_person": "是"},
            a_row(name="王五", id_number=an_id_number(born_on)),
            a_row(name="王 五", id_number=third),
            columns=(*COLUMNS, "another_person"),
        ),
    )

    assert counts(job) == (4, 2, 0, 2)
    assert {(error.line, error.field, error.rule) for error in job.errors} == {
        (2, "another_person", "LIKELY_KNOWN"),
        (5, "another_person", "LIKELY_KNOWN"),
    }


async def test_failed_rows_hold_no_formula(store: Store):
    given = a_row(name='=HYPERLINK("a.example")', address="@SUM(A1)", phone="no")
    job = await taken(store, a_file(given))

    text = (await failed_file(store, job.import_id)).decode("utf-8-sig")
    row = next(csv.DictReader(io.StringIO(text)))
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row.values())


async def test_another_statement_about_a_known_person_is_refused_by_field(store: Store):
    row = a_row()
    await taken(store, a_file(row))

    job = await taken(store, a_file(row | {"address": "花园路3号", "living": "WITH_FAMILY"}))

    assert {(error.field, error.rule) for error in job.errors} == {
        ("living", "KNOWN_WITH_OTHER_FIELDS"),
        ("address", "KNOWN_WITH_OTHER_FIELDS"),
    }
    assert counts(job) == (1, 0, 0, 1)


async def test_what_a_file_states_of_known_people_is_an_access_to_their_data(store: Store):
    row = a_row()
    await taken(store, a_file(row))
    assert await accesses(store) == []

    job = await taken(store, a_file(row | {"phone": "13900000009"}, a_row()))

    [(subject, elder_ids, purpose)] = await accesses(store)
    assert (subject, purpose) == (an_official().subject, f"import {job.import_id}")
    assert len(elder_ids) == 1


async def accesses(store: Store) -> list[tuple[object, ...]]:
    async with store.reading() as session:
        driver = await session.driver()
        rows = await driver.fetch("select subject, elder_ids, purpose from audit_record")
    return [tuple(row) for row in rows]


async def test_guesses_about_one_person_are_refused_with_their_file(store: Store):
    row = a_row()
    guesses = [row | {"phone": f"1390000000{digit}"} for digit in range(6)]

    with pytest.raises(NotACsv, match="ID number of line 7 stands in 5 lines"):
        await taken(store, a_file(*guesses))


async def test_somebody_of_another_area_is_not_described(store: Store):
    row = a_row(area_code=ELSEWHERE)
    await taken(store, a_file(row))

    job = await taken(
        store,
        a_file(row | {"area_code": HOME, "phone": "13800000009"}),
        an_official("341102000000"),
    )

    assert [(error.field, error.rule) for error in job.errors] == [("id_number", "KNOWN_ALREADY")]


async def test_an_elder_who_was_registered_by_hand_is_known(store: Store):
    command = a_registration()
    async with store.transaction() as session:
        await elders.register(session, command, an_official(), CONTEXT)
    row = a_row(
        id_number=command.id_number,
        name=command.name,
        phone=command.phone,
        address=command.address,
        hardships="1",
        hardships_on="",
        contact_name=command.contact_name,
        contact_phone=command.contact_phone,
    )

    assert counts(await taken(store, a_file(row))) == (1, 0, 1, 0)


async def test_a_person_twice_in_one_file_is_registered_once(store: Store):
    row = a_row()

    job = await taken(store, a_file(row, row, row | {"phone": "13800000009"}))

    assert counts(job) == (3, 1, 1, 1)


async def test_a_spreadsheets_file_is_read(store: Store):
    data = (
        a_file(a_row(id_number=an_id_number().lower()), encoding="utf-8-sig", newline="\r\n")
        + b"\r\n,,,,,,,,,,,\r\n"
    )

    assert counts(await taken(store, data)) == (1, 1, 0, 0)


async def test_a_line_break_inside_a_cell_keeps_line_numbers_right(store: Store):
    job = await taken(store, a_file(a_row(address="花园路\n2号"), a_row(phone="no")))

    assert [error.line for error in job.errors] == [4]


async def test_a_row_with_a_cell_too_many_is_refused(store: Store):
    data = a_file(a_row()).rstrip() + b",extra\n"

    assert [(error.line, error.rule) for error in (await taken(store, data)).errors] == [
        (2, "CELLS")
    ]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\n", "empty"),
        (
            a_file(columns=tuple(name for name in COLUMNS if name != "living")),
            "column living is missing",
        ),
        (a_file(columns=(*COLUMNS, "adress")), "'adress' is unknown"),
        (a_file(columns=(*COLUMNS, "name")), "name stands twice"),
        (a_file() + b"\xff\xff", "line 2 is not UTF-8 and not GB18030"),
        (a_file() + b'"open', "line 2"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_as_a_whole(
    store: Store, data: bytes, why: str
):
    with pytest.raises(NotACsv, match=why):
        await start(store, data)


async def test_a_file_of_nothing_but_a_header_is_done_at_once(store: Store):
    job = await seen(store, await start(store, a_file()))

    assert (job.state, job.rows) == (api.Import.STATE_DONE, 0)


async def test_an_import_needs_an_area(store: Store):
    with pytest.raises(NoAreaOfYourOwn):
        await start(store, a_file(), Caller("x", "portal", frozenset({"official"})))


async def test_another_countys_official_does_not_see_an_import(store: Store):
    import_id = await start(store, a_file(a_row()))

    async with store.reading() as session:
        with pytest.raises(NotFound):
            await queries.import_row(
                session, api.GetImport(import_id=import_id), an_official("341182000000")
            )


async def test_imports_are_listed_the_newest_first_to_their_area_alone(store: Store):
    ids = [await start(store, a_file(a_row(name=name))) for name in ("张三", "李四", "王五")]
    async with store.transaction() as session:
        await flows.cancel(session, api.CancelImport(import_id=ids[1]), an_official())

    async def listed(official: Caller, **asked: object) -> tuple[list[str], str]:
        async with store.reading() as session:
            found = await queries.imports(session, api.ListImports(**asked), official)
        return [row.import_id for row in found.rows], found.next

    newest, following = await listed(an_official(), limit=2)
    rest, last = await listed(an_official(), limit=2, after=following)
    cancelled, _ = await listed(an_official(), state=api.Import.STATE_CANCELLED)
    foreign, _ = await listed(an_official("341182000000"))

    assert newest + rest == ids[::-1]
    assert last == ""
    assert cancelled == [ids[1]]
    assert foreign == []


async def test_what_waits_and_what_failed_is_sealed(store: Store):
    await start(store, a_file(a_row(name="诸葛亮")))
    await taken(store, a_file(a_row(name="诸葛亮", phone="no")))

    async with store.reading() as session:
        driver = await session.driver()
        stored = [
            row[0]
            for table, column in (
                ("import_chunk", "rows_sealed"),
                ("import_failure", "cells_sealed"),
            )
            for row in await driver.fetch(f"select {column} from {table}")  # noqa: S608
        ]
    assert not any("诸葛亮".encode() in value for value in stored)


class Killed(Exception):
    pass


async def taken_and_killed(store: Store, import_id: str) -> None:
    async with store.transaction() as session:
        await flows.take_chunk(session, uuid.UUID(import_id), CONTEXT)
        raise Killed


async def test_a_kill_between_any_two_steps_loses_and_doubles_nothing(store: Store):
    rows = [a_row() for _ in range(2 * flows.CHUNK + 10)]
    import_id = await start(store, a_file(*rows))

    for _ in range(3):  # a process dies before its commit, again and again
        with pytest.raises(Killed):
            await taken_and_killed(store, import_id)
        assert await Timers(store, GROUP).fire() == 1  # the next process finds the timer

    job = await seen(store, import_id)
    assert job.state == api.Import.STATE_DONE
    assert counts(job) == (len(rows), len(rows), 0, 0)
    assert await count(store) == await count(store, "outbox") == len(rows)
    assert await count(store, "import_chunk") == await count(store, "due") == 0


async def test_two_imports_of_one_file_at_once_register_each_person_once(store: Store):
    data = a_file(*(a_row() for _ in range(20)))
    first, second = await start(store, data), await start(store, data)

    timers = Timers(store, GROUP)
    while await timers.fire():
        pass

    jobs = [await seen(store, import_id) for import_id in (first, second)]
    assert sorted(counts(job) for job in jobs) == [(20, 0, 20, 0), (20, 20, 0, 0)]


@pytest.mark.parametrize("field", sorted(set(files.COLUMNS) - {"id_number", "another_person"}))
def test_what_a_file_may_state_otherwise_can_be_changed_in_the_register(field: str):
    assert field in api.ChangeElder.DESCRIPTOR.fields_by_name
