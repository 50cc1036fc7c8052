"""Counts that programs of other rules had a part in are noticed and made anew from the archive,
whoever runs beside whom.
"""

import ast
import asyncio
from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256
from pathlib import Path

import pytest

import datacenter
from datacenter.flows import proving, renewing
from datacenter.flows.rebuild import rebuild
from datacenter.flows.recount.counting import Figures
from datacenter.testing import CITY, History, Record, Told, records
from kit.db.store import Store
from testkit import until

Hear = Callable[[Sequence[Record]], Awaitable[None]]
Shown = Callable[[str], Awaitable[Figures]]
MONTH = "2025-03"
# What decides what an event counts as, when `renewing.RULES` was set last.
RULES, DIGEST = 1, "c51daf159288"
SOURCES = ("rules", "flows/reading", "flows/folding.py")


async def test_what_one_program_has_counted_is_not_counted_anew(store: Store, hear: Hear) -> None:
    heard = list(records(History(5).grow(20).ordered()))

    assert not await outdated(store)
    for half in (heard[:100], heard[100:]):
        await hear(half)
        assert not await outdated(store)


async def test_counts_of_other_rules_are_noticed_and_what_is_counted_anew_is_this_programs(
    store: Store,
    hear: Hear,
    shown: Shown,
    recount: Callable[[Sequence[Told], str], Figures],
) -> None:
    told = History(5).grow(20).ordered()
    heard = list(records(told))
    await hear(heard[:100])
    await changed(store, "update projection set counted_by = 'rules of before'")
    await changed(store, "update count set alive = 7, finished = 9")

    await hear(heard[100:200])
    assert await outdated(store)
    await rebuild(store)
    assert not await outdated(store)
    await hear(heard[200:])

    assert not await outdated(store)
    assert await shown(MONTH) == recount(told, MONTH)


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
    heard = list(records(History(5).grow(20).ordered()))
    await hear(heard[:100])
    await rebuild(store)

    await changed(store, statement, *arguments)
    await hear(heard[100:])

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

    renewed = asyncio.create_task(renewing.keep_renewed(store, 0.1))
    try:
        await until(failed, timeout=30)
        assert await outdated(store)
        monkeypatch.setenv("DATABASE", store.dsn)
        await until(renewed_by_now, timeout=30)
        assert not renewed.done()
    finally:
        renewed.cancel()
        await asyncio.gather(renewed, return_exceptions=True)


async def test_the_daily_proof_waits_for_counts_that_are_made_anew(
    store: Store, hear: Hear
) -> None:
    await hear(list(records(History(5).grow(20).ordered())))
    await changed(store, "update projection set counted_by = 'rules of before'")

    with pytest.raises(proving.Outdated):
        await proving.prove_due(store, CITY, None)
    await rebuild(store)
    await proving.prove_due(store, CITY, None)


def test_rules_that_changed_have_a_new_number() -> None:
    """Where an event counts otherwise than before, raise `renewing.RULES` and write both here; else
    write the digest alone.
    """
    assert (renewing.RULES, digest()) == (RULES, DIGEST)


def digest() -> str:
    """Of the sources, without comments, docstrings and layout."""
    folder = Path(datacenter.__file__).parent
    files = sorted(
        file
        for name in SOURCES
        for file in ((folder / name).rglob("*.py") if (folder / name).is_dir() else [folder / name])
    )
    told = sha256()
    for file in files:
        module = ast.parse(file.read_text())
        for node in ast.walk(module):
            if (
                isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
                and ast.get_docstring(node) is not None
            ):
                node.body = node.body[1:]
        told.update(ast.unparse(module).encode())
    return told.hexdigest()[:12]


async def outdated(store: Store) -> bool:
    async with store.reading() as session:
        return await renewing.outdated(session)


async def changed(store: Store, statement: str, *arguments: str) -> None:
    async with store.transaction() as session:
        await (await session.driver()).execute(statement, *arguments)
