"""Counts that programs of other rules had a part in are noticed and made anew from the archive,
whoever runs beside whom.
"""

import ast
import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

import datacenter
from datacenter.counts import jobs
from datacenter.counts.flows import renewing
from datacenter.counts.flows.rebuild import rebuild
from datacenter.proofruns.flows import daily
from datacenter.proofs.recount.figures import Figures
from datacenter.testing.history import History
from datacenter.testing.records import DatedEvent, Record, records
from datacenter.testing.villages import CITY
from kit.db.store import Store
from testkit import until

Hear = Callable[[Sequence[Record]], Awaitable[None]]
Shown = Callable[[str], Awaitable[Figures]]
MONTH = "2025-03"


async def test_what_one_program_has_counted_is_not_counted_anew(store: Store, hear: Hear) -> None:
    stream = list(records(History(5).grow(20).ordered()))

    assert not await outdated(store)
    for half in (stream[:100], stream[100:]):
        await hear(half)
        assert not await outdated(store)


async def test_counts_of_other_rules_are_noticed_and_what_is_counted_anew_is_this_programs(
    store: Store,
    hear: Hear,
    shown: Shown,
    recount: Callable[[Sequence[DatedEvent], str], Figures],
) -> None:
    events = History(5).grow(20).ordered()
    stream = list(records(events))
    await hear(stream[:100])
    await changed(store, "update projection set counted_by = 'rules of before'")
    await changed(store, "update count set alive = 7, finished = 9")

    await hear(stream[100:200])
    assert await outdated(store)
    await rebuild(store)
    assert not await outdated(store)
    await hear(stream[200:])

    assert not await outdated(store)
    assert await shown(MONTH) == recount(events, MONTH)


@pytest.mark.parametrize(
    ("statement", "arguments"),
    [(renewing.NUMBER, ["other rules"]), ("update projection set batch = batch + 1", [])],
)
async def test_a_batch_of_a_release_that_still_runs_beside_is_noticed_after_the_rebuild_too(
    statement: str,
    arguments: list[str],
    store: Store,
    hear: Hear,
) -> None:
    """One that has other rules, and one from before anybody noted whose they are."""
    stream = list(records(History(5).grow(20).ordered()))
    await hear(stream[:100])
    await rebuild(store)

    await changed(store, statement, *arguments)
    await hear(stream[100:])

    assert await outdated(store), "a batch of our own must not cover it"


async def test_a_running_service_renews_by_itself_and_goes_on_where_that_fails(
    store: Store,
    hear: Hear,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    await hear(list(records(History(5).grow(20).ordered())))
    await changed(store, "update projection set counted_by = 'rules of before'")
    for name, value in {
        "KAFKA": "127.0.0.1:9",
        "ISSUER": "http://127.0.0.1",
        "KEYS_URL": "http://127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DATABASE", "postgresql://nobody@127.0.0.1:9/none")

    async def renewed_by_now() -> bool:
        return not await outdated(store)

    async def failed() -> bool:
        return "counts are renewed later" in capfd.readouterr().out

    renewed = asyncio.create_task(jobs.keep_renewed(store, 0.1))
    try:
        await until(failed, timeout=30)
        assert await outdated(store)
        monkeypatch.setenv("DATABASE", store.dsn)
        await until(renewed_by_now, timeout=30)
        assert not renewed.done()
    finally:
        renewed.cancel()
        await asyncio.gather(renewed, return_exceptions=True)


@pytest.mark.parametrize(
    "stored",
    [
        '{"e":[[24302,1,1738400000000000,"341102001001",1,23400]],"v":[24302]}',
        '{"registrations":[[24302,"another form"]]}',
        "[]",
    ],
)
async def test_what_another_release_has_stored_of_a_thing_is_never_read(
    store: Store,
    hear: Hear,
    shown: Shown,
    recount: Callable[[Sequence[DatedEvent], str], Figures],
    stored: str,
) -> None:
    """Its letters, its entries, whatever they are: the batch is kept, and the rebuild counts it."""
    events = History(5).grow(20).ordered()
    stream = list(records(events))
    half = len(stream) // 2
    await hear(stream[:half])
    before = await shown(MONTH)
    await changed(store, "update thing set known = $1", stored)
    await changed(store, "update projection set counted_by = '1+5f7c1a2b'")

    await hear(stream[half:])

    assert await shown(MONTH) == before
    assert await outdated(store)
    await rebuild(store)
    assert await shown(MONTH) == recount(events, MONTH)


async def test_the_daily_proof_waits_for_counts_that_are_made_anew(
    store: Store, hear: Hear
) -> None:
    await hear(list(records(History(5).grow(20).ordered())))
    await changed(store, "update projection set counted_by = 'rules of before'")

    with pytest.raises(daily.Outdated):
        await daily.prove_due(store, CITY, None)
    await rebuild(store)
    await daily.prove_due(store, CITY, None)


def test_the_rules_have_a_new_name_where_the_code_that_counts_is_another() -> None:
    before = "def late(order, limits):\n    return order.late_min <= limits.late_min\n"

    for line, another in (("<=", "<"), ("late_min\n", "late_min + 1\n"), ("order.", "limits.")):
        assert renewing.normal(before.replace(line, another)) != renewing.normal(before)


def test_comments_docstrings_and_layout_are_no_other_rules() -> None:
    before = "def late(order, limits):\n    return order.late_min <= limits.late_min\n"
    after = '''
"""When a visit is late."""
def late(order, limits):
    """By the norm."""
    # minutes
    return (
        order.late_min <= limits.late_min
    )
'''

    assert renewing.normal(after) == renewing.normal(before)


def test_every_module_that_the_fold_is_made_of_is_in_its_name() -> None:
    """What it imports of this package, except what only tells the numbers and names that are in
    the digest themselves.
    """
    folder = Path(datacenter.__file__).parent
    waiting, found = ["counts/flows/folding.py"], set[str]()
    while waiting:
        if (name := waiting.pop()) not in found:
            found.add(name)
            waiting += imported(folder, folder / name)
    apart = {
        "counts/measures.py",  # the columns
        "indicators/catalogue.py",  # the columns and the limits
        "indicators/rules.py",  # of figures, above the counts
        "limits.py",  # names of the limits
    }

    named = {
        str(source.relative_to(folder))
        for name in renewing.SOURCES
        for source in ([folder / name] if name.endswith(".py") else (folder / name).glob("*.py"))
    }
    assert found - apart <= named
    assert "subjects/elder.py" in named


def imported(folder: Path, file: Path) -> list[str]:
    """The modules of this package that a file imports."""
    names = [
        f"{node.module}.{alias.name}"
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    ]
    paths = [name.removeprefix("datacenter.").split(".") for name in names]
    files = {"/".join(path[:end]) + ".py" for path in paths for end in (len(path), len(path) - 1)}
    return [name for name in files if (folder / name).is_file()]


async def outdated(store: Store) -> bool:
    async with store.reading() as session:
        return await renewing.outdated(session)


async def changed(store: Store, statement: str, *arguments: str) -> None:
    async with store.transaction() as session:
        await (await session.driver()).execute(statement, *arguments)
