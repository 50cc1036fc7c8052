from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Select, String, Table, Uuid, select

from devservers.postgres import Postgres
from kit.contracts.refusals import NotFound
from kit.db.store import Store
from kit.security import access
from kit.security.access import Caller, check, scoped, within

ROWS = Table(
    "scope_row",
    MetaData(),
    Column("id", String),
    Column("area", String),
    Column("organisation", Uuid),
    Column("person", Uuid),
)
PREFIXES = {
    "340000000000": "34",
    "341100000000": "3411",
    "341102000000": "341102",
    "341102001000": "341102001",
    "341102001003": "341102001003",
    "341103000000": "341103",
    "341200000000": "3412",
    "341110000000": "341110",
    "341102100000": "341102100",
}
AREAS = list(PREFIXES)
IDS = [UUID(int=number) for number in range(1, 4)]

callers = st.builds(
    Caller,
    subject=st.just("s"),
    client_id=st.just("c"),
    roles=st.frozensets(st.sampled_from(sorted(access.ROLES)), max_size=3),
    area=st.none() | st.sampled_from(AREAS),
    organisation_id=st.none() | st.sampled_from([str(key) for key in IDS] + ["not an id"]),
    elder_ids=st.frozensets(st.sampled_from([str(key) for key in IDS])),
)
columns = st.fixed_dictionaries(
    {name: st.booleans() for name in ("area", "organisation", "person")}
)


def _expected(
    caller: Caller, used: dict[str, bool], area: str, organisation: UUID, person: UUID
) -> bool:
    """The rule in its own words: the union of what each role sees."""
    sees = not caller.roles.isdisjoint({"operator", "service"})
    if (
        used["area"]
        and caller.area
        and caller.roles & {"official", "hotline", "inspector", "assessor", "monitor"}
    ):
        sees |= area.startswith(PREFIXES[caller.area])
    if used["organisation"] and caller.roles & {"provider", "worker", "home"}:
        sees |= str(organisation) == caller.organisation_id
    if used["person"] and caller.roles & {"elder", "family"}:
        sees |= str(person) in caller.elder_ids
    return sees


@pytest.fixture(scope="module")
def rows(postgres: Postgres):
    return [
        (f"{area}-{firm.int}-{person.int}", area, firm, person)
        for area in AREAS
        for firm in IDS
        for person in IDS
    ]


async def test_sql_and_python_see_the_same_rows(postgres: Postgres, rows, clock):
    store = Store(postgres.dsn(), service="kit", clock=clock)
    generated: list[tuple[Caller, dict[str, bool]]] = []
    given(callers, columns)(lambda caller, used: generated.append((caller, used)))()
    async with store.rehearsal() as session:
        connection = await session.connection()
        await connection.run_sync(ROWS.metadata.create_all)
        names = ("id", "area", "organisation", "person")
        await connection.execute(
            ROWS.insert(), [dict(zip(names, row, strict=True)) for row in rows]
        )
        for caller, used in generated:
            chosen = {name: ROWS.c[name] for name, wanted in used.items() if wanted}
            found = set(
                (await connection.execute(scoped(select(ROWS.c.id), caller, **chosen))).scalars()
            )
            values = {
                row[0]: {name: row[1 + names[1:].index(name)] for name in chosen} for row in rows
            }

            assert found == {
                key for key, chosen_values in values.items() if within(caller, **chosen_values)
            }
            assert found == {row[0] for row in rows if _expected(caller, used, *row[1:])}
    await store.close()


@pytest.mark.parametrize(
    "role", sorted(access.AREA_ROLES | access.ORGANISATION_ROLES | access.PERSON_ROLES)
)
def test_a_role_without_a_column_it_can_use_sees_no_row(role):
    caller = Caller(
        "s",
        "c",
        frozenset({role}),
        area="341100000000",
        organisation_id="1",
        elder_ids=frozenset({"1"}),
    )

    assert "false" in str(scoped(select(ROWS), caller).compile()).lower()


async def test_a_worker_alone_sees_of_the_organisation_only_what_is_the_workers_own(
    postgres: Postgres, rows, clock
):
    store = Store(postgres.dsn(), service="kit", clock=clock)
    firm, worker = str(IDS[0]), str(IDS[1])

    def seen_by(*roles: str, worker_id: str | None = worker) -> Select[tuple[str]]:
        caller = Caller(
            "s", "c", frozenset(roles), organisation_id=firm, worker_id=worker_id, area=AREAS[4]
        )
        return scoped(
            select(ROWS.c.id),
            caller,
            area=ROWS.c.area,
            organisation=ROWS.c.organisation,
            worker=ROWS.c.person,
        )

    of_firm = {row[0] for row in rows if str(row[2]) == firm}
    own = {row[0] for row in rows if str(row[2]) == firm and str(row[3]) == worker}
    in_area = {row[0] for row in rows if row[1] == AREAS[4]}
    async with store.rehearsal() as session:
        connection = await session.connection()
        await connection.run_sync(ROWS.metadata.create_all)
        names = ("id", "area", "organisation", "person")
        await connection.execute(
            ROWS.insert(), [dict(zip(names, row, strict=True)) for row in rows]
        )

        async def found(query: Select[tuple[str]]) -> set[str]:
            return set((await connection.execute(query)).scalars())

        assert await found(seen_by("worker")) == own
        assert await found(seen_by("worker", "provider")) == of_firm
        assert await found(seen_by("worker", "official")) == own | in_area
        assert await found(seen_by("worker", worker_id=None)) == set()
        assert await found(seen_by("worker", worker_id="no id")) == set()
    await store.close()


def test_outside_the_scope_nothing_is_found():
    caller = Caller("s", "c", frozenset({"official"}), area="341102000000")

    check(caller, area="341102001000")
    with pytest.raises(NotFound, match="no Bed 7"):
        check(caller, area="341103000000", kind="Bed", key=7)


def test_claims_that_are_not_well_formed_give_no_right():
    caller = Caller.from_claims(
        {
            "sub": "s",
            "roles": ["official", "emperor"],
            "area": "3411",
            "organisation_id": "",
            "elder_ids": None,
        }
    )

    assert caller == Caller("s", "s", frozenset({"official"}))


@given(st.text("0123456789", min_size=12, max_size=12))
def test_an_area_lies_in_itself_and_in_its_range(code):
    least, greatest = access.area_range(code)

    assert code.startswith(access.area_prefix(code))
    assert least <= code <= greatest
