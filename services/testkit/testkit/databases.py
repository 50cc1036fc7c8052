"""One PostgreSQL per run; each package migrated once as a template; a test that commits gets a
clone of its own.
"""

import asyncio
import base64
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio

from devservers.postgres import Postgres, execute
from kit.contracts.clock import Clock
from kit.db.personal import KeyRing
from kit.db.store import Session, Store

Databases = Callable[..., Awaitable[str]]
_clones = count(1)
_MEMORY = Path("/dev/shm")
_ROOM = 4 << 30  # bytes: the cluster, its log and the clones of the moment take a tenth of it
# Our servers have no certificate. Asking for one takes half of the time of connecting, 1.5 of 3 ms
# of CPU, and nearly every test connects some five times.
os.environ.setdefault("PGSSLMODE", "disable")


def key_ring() -> str:
    """One random key in the form of the settings personal_keys and hash_keys."""
    return "test:" + base64.b64encode(os.urandom(32)).decode()


@pytest.fixture
def ring() -> KeyRing:
    """Keys for personal text and for answers of commands; `store` and `session` have the same."""
    return KeyRing(key_ring(), key_ring())


def _folder() -> str | None:
    """Where files are in memory, if there is room, else the usual place: a clone is 300 files, and
    making and removing them costs twice as much on a disk.
    """
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM
    return str(_MEMORY) if roomy and os.access(_MEMORY, os.W_OK) else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The cluster of this run, without durability.

    Not in pytest's own folder: as root the server runs as another user, and every other pytest that
    starts shuts that folder again.
    """
    with tempfile.TemporaryDirectory(
        prefix="eldercare-postgres-", dir=_folder(), ignore_cleanup_errors=True
    ) as folder:
        cluster = Postgres(Path(folder) / "data", durable=False)
        cluster.start()
        yield cluster
        cluster.stop()


@pytest.fixture(scope="session")
def template(postgres: Postgres) -> Callable[[str], Awaitable[str]]:
    """`await template(package)` = name of that package's migrated database, made at the first call;
    never written to.
    """
    made: set[str] = set()

    async def migrated(package: str) -> str:
        from kit.db import migrations

        if package not in made:
            await execute(postgres.dsn(), f"create database template_{package}")
            await asyncio.to_thread(
                migrations.upgrade, postgres.dsn(f"template_{package}"), package
            )
            made.add(package)
        return f"template_{package}"

    return migrated


@pytest.fixture(scope="session")
def shared(
    postgres: Postgres, template: Callable[[str], Awaitable[str]]
) -> Callable[[str], Awaitable[str]]:
    """`await shared(package)` = DSN of the one database in which nobody commits; the template
    itself must have no visitors.
    """
    made: set[str] = set()

    async def cloned(package: str) -> str:
        if package not in made:
            await execute(
                postgres.dsn(),
                f"create database shared_{package} template {await template(package)}",
            )
            made.add(package)
        return postgres.dsn(f"shared_{package}")

    return cloned


@pytest.fixture(scope="module")
def package(request: pytest.FixtureRequest) -> str:
    """The package whose tests run: the folder above `tests`. A module elsewhere overrides it."""
    tests = next(folder for folder in request.path.parents if folder.name == "tests")
    return tests.parent.name


@pytest_asyncio.fixture
async def database(
    postgres: Postgres, template: Callable[[str], Awaitable[str]], package: str
) -> AsyncIterator[Databases]:
    """`await database()` or `await database("subsidy")` = DSN of an empty, migrated database that
    this test owns.
    """
    made = []

    async def clone(of: str | None = None) -> str:
        name = f"clone_{next(_clones)}"
        await execute(
            postgres.dsn(),
            f"create database {name} template {await template(of or package)} strategy file_copy",
        )
        made.append(name)
        return postgres.dsn(name)

    yield clone
    await execute(postgres.dsn(), *(f"drop database {name} with (force)" for name in made))


@pytest_asyncio.fixture
async def store(
    database: Databases, package: str, clock: Clock, ring: KeyRing
) -> AsyncIterator[Store]:
    """The package's store on a database that this test owns: what it commits stays until the test
    ends.
    """
    opened = Store(await database(), service=package, clock=clock, vault=ring)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def session(
    shared: Callable[[str], Awaitable[str]], package: str, clock: Clock, ring: KeyRing
) -> AsyncIterator[Session]:
    """A transaction on the package's migrated database that is rolled back at the end: for flows
    and queries, which never commit.
    """
    opened = Store(await shared(package), service=package, clock=clock, vault=ring, pool_size=1)
    try:
        async with opened.rehearsal() as session:
            yield session
    finally:
        await opened.close()
