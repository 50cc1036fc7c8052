"""The verbs of a container need the environment alone, say what they lack, and end when they are
told to.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from eldercare import options_pb2
from google.protobuf.descriptor import Descriptor
from running_city import RunningCity

from city.cli import options
from city.names import BUSINESS, NAMES
from city.operations import smoke
from city.operations.waiting import behind, reason
from devservers.postgres import Postgres, execute
from devservers.process import free_port
from gateway.contracts.methods import methods
from gateway.issuer.users import CLIENTS
from kit.db import migrations
from kit.db.migrations import LOCK
from testkit import until

pytest_plugins = ["city_fixtures"]


class Job:
    """`eldercare ARGUMENTS` with these variables and no others of ours, in an empty folder that
    cannot be written.
    """

    def __init__(self, folder: Path, *arguments: str, **variables: str) -> None:
        clean = {
            name: value
            for name, value in os.environ.items()
            if name in ("PATH", "HOME", "LANG", "PYTHONPATH")
        }
        self.output = folder / f"{'-'.join(arguments[:2])}.log"
        with self.output.open("wb") as log:
            command = [sys.executable, "-m", "city", *arguments]
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd="/", env=clean | variables
            )

    def printed(self) -> str:
        return self.output.read_text()

    async def ended(self) -> int:
        return await asyncio.to_thread(self.process.wait, 60)


@pytest_asyncio.fixture
async def empty(postgres: Postgres) -> AsyncIterator[str]:
    """The address of a database without anything in it."""
    await execute(postgres.dsn(), "create database jobs_empty")
    yield postgres.dsn("jobs_empty")
    await execute(postgres.dsn(), "drop database jobs_empty with (force)")


def answered(port: int, path: str) -> dict[str, Any]:
    """What the management port answers; nothing where it does not."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
            return dict(json.load(answer))
    except OSError:
        return {}


async def test_a_service_runs_from_the_environment_alone_as_the_process_that_was_started(
    tmp_path: Path, empty: str
) -> None:
    port = free_port()
    variables = {
        "DATABASE": empty,
        "KAFKA": "127.0.0.1:9",
        "MANAGEMENT": f"127.0.0.1:{port}",
        "ISSUER": "http://issuer",
        "KEYS_URL": "http://127.0.0.1:9/keys",
    }
    job = Job(tmp_path, "run", "supervision", **variables)
    status = await until(
        lambda: (
            (printed := answered(port, "/status")).get("reason", "starting") != "starting"
            and printed
        ),
        60,
        pause=0.2,
    )

    assert status["pid"] == job.process.pid
    assert "run the migration of supervision" in status["reason"]

    job.process.send_signal(signal.SIGTERM)
    assert await job.ended() == 0


async def test_a_setting_that_is_missing_is_named(tmp_path: Path) -> None:
    job = Job(tmp_path, "run", "supervision", KAFKA="127.0.0.1:9")

    assert await job.ended() == 2
    assert "setting DATABASE: Field required" in job.printed()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["migrate"], "set ASSESSMENT_DATABASE, SUBSIDY_DATABASE"),
        (["migrate", "subsidy"], "set SUBSIDY_DATABASE or DATABASE"),
        (["migrate", "nosuch"], "service: nosuch is none of assessment"),
        (["wait", "subsidy"], "set DATABASE or SUBSIDY_DATABASE"),
        (["smoke"], "set GATEWAY=http://HOST:PORT"),
        (["topics", "apply"], "set KAFKA=HOST:PORT"),
    ],
)
async def test_what_a_verb_lacks_is_named_with_the_way_to_give_it(
    tmp_path: Path, arguments: list[str], text: str
) -> None:
    job = Job(tmp_path, *arguments)

    assert await job.ended() in (options.WRONG, options.NOT_RUNNING)
    assert text in job.printed()


async def test_every_database_that_is_named_is_migrated_and_no_other(
    tmp_path: Path, empty: str
) -> None:
    first = Job(tmp_path, "migrate", SUPERVISION_DATABASE=empty)
    assert await first.ended() == 0, first.printed()
    assert first.printed().startswith(f"supervision: brought to {migrations.head('supervision')}")

    again = Job(tmp_path, "migrate", "supervision", DATABASE=empty)
    assert await again.ended() == 0
    assert again.printed().startswith("supervision: is at")
    assert again.printed().count("\n") == 1


async def test_a_release_that_is_deployed_again_leaves_the_schema_of_its_successor_and_succeeds(
    tmp_path: Path, empty: str
) -> None:
    await asyncio.to_thread(migrations.upgrade, empty, "supervision")
    await execute(
        empty, "update alembic_version set version_num = 'supervision_of_the_next_release'"
    )

    job = Job(tmp_path, "migrate", "supervision", DATABASE=empty)

    assert await job.ended() == 0, job.printed()
    assert job.printed().startswith(
        "supervision: is at supervision_of_the_next_release, which is newer than this "
        "release: nothing is changed"
    )


async def test_the_role_that_the_service_runs_as_is_granted_what_was_made(
    tmp_path: Path, empty: str
) -> None:
    await execute(empty, "create role supervision_app login")
    try:
        for _ in range(2):
            job = Job(
                tmp_path, "migrate", "supervision", DATABASE=empty, RUNTIME_ROLE="SERVICE_app"
            )
            assert await job.ended() == 0, job.printed()
            assert ", granted to supervision_app (" in job.printed()
        reader = await asyncpg.connect(empty)
        assert await reader.fetchval(
            "select has_table_privilege('supervision_app', 'outbox', 'insert')"
        )
        assert not await reader.fetchval(
            "select has_table_privilege('supervision_app', 'alembic_version', 'update')"
        )
        await reader.close()
    finally:
        await execute(empty, "drop owned by supervision_app", "drop role supervision_app")


async def test_a_migrator_that_is_asked_to_end_ends_and_has_not_succeeded(
    tmp_path: Path, empty: str
) -> None:
    holder = await asyncpg.connect(empty)
    try:
        await holder.execute("select pg_advisory_lock($1)", LOCK)
        job = Job(tmp_path, "migrate", SUPERVISION_DATABASE=empty)
        waits = (
            "select count(*) from pg_stat_activity where query like '%pg_try_advisory_lock%' "
            "and pid <> pg_backend_pid()"
        )
        await until(lambda: holder.fetchval(waits), 60, what="the migrator waits for the other one")

        job.process.send_signal(signal.SIGTERM)

        assert await job.ended() == 128 + signal.SIGTERM
    finally:
        await holder.close()
    assert await migrations.revision(empty) is None


async def test_waiting_prints_why_and_ends_when_the_schema_is_there(
    tmp_path: Path, empty: str
) -> None:
    job = Job(tmp_path, "wait", "supervision", DATABASE=empty)
    await until(lambda: "the schema is at nothing" in job.printed(), 60)

    await asyncio.to_thread(migrations.upgrade, empty, "supervision")

    assert await job.ended() == 0
    assert job.printed().count("\n") == 2, "a reason is told once, not at every look"


async def test_waiting_gives_up_after_its_time(tmp_path: Path) -> None:
    job = Job(
        tmp_path,
        "wait",
        "supervision",
        "--timeout",
        "0",
        SUPERVISION_DATABASE=f"postgresql://nobody@127.0.0.1:{free_port()}/none",
    )

    assert await job.ended() == 1
    assert "the database does not answer" in job.printed()
    assert "given up after 0 s" in job.printed()


async def test_a_schema_that_is_ahead_of_us_will_do_and_one_of_another_service_will_not(
    empty: str,
) -> None:
    head = migrations.head("supervision")

    assert behind(head, "supervision") == ""
    assert behind("supervision_of_next_year", "supervision") == ""
    assert behind(None, "supervision") == f"the schema is at nothing, not at {head}"
    assert "the schema is at nothing" in await reason(empty, "supervision")


def test_every_service_has_a_list_that_the_smoke_test_can_read() -> None:
    read = {method.service for method in methods() if smoke._plain(method)}

    assert read == set(BUSINESS)


def test_the_issuers_client_for_it_reads_nothing_personal_and_changes_nothing() -> None:
    roles = set(CLIENTS["smoke"]["roles"])
    admitted = [method for method in methods() if roles & {*method.access.roles}]

    assert {method.path for method in admitted} == {"/v1/boards/{area_code}", "/v1/organisations"}
    assert not [method for method in admitted if method.access.writes]
    assert [field for method in admitted for field in personal(method.reply.DESCRIPTOR)] == []


def personal(message: Descriptor) -> Iterator[str]:
    """The fields of a message, and of those in it, that are personal or an elder's id."""
    for field in message.fields:
        if field.GetOptions().Extensions[options_pb2.personal] or field.name == "elder_id":
            yield field.full_name
        if field.message_type and field.message_type is not message:
            yield from personal(field.message_type)


async def test_a_platform_that_is_not_there_fails_every_check(tmp_path: Path) -> None:
    job = Job(tmp_path, "smoke", "--timeout", "0", GATEWAY=f"http://127.0.0.1:{free_port()}")

    assert await job.ended() == 1
    assert "ok  " not in job.printed()
    assert f"0 of {5 + len(BUSINESS)} checks passed" in job.printed()


@pytest.mark.city
@pytest.mark.timeout(900)  # the first one waits for the town
async def test_a_running_city_passes_for_the_smoke_test_and_fails_for_who_may_not_read(
    town: RunningCity, tmp_path: Path
) -> None:
    facts, state = town.facts(), town.state
    given = {
        "GATEWAY": facts["gateway"],
        "PEERS": json.dumps({name: facts["children"][name]["management"] for name in NAMES}),
    }

    client = Job(
        tmp_path, "smoke", **given, CLIENT_ID="smoke", CLIENT_SECRET=state.secret("smoke.client")
    )
    assert await client.ended() == 0, client.printed()
    assert client.printed().count("ok  ") == len(NAMES) + 5 + len(BUSINESS)
    assert "events behind" in client.printed()

    official = Job(tmp_path, "smoke", **given, USERNAME="city", PASSWORD="demo")
    assert await official.ended() == 1
    assert [
        line.split()[1] for line in official.printed().splitlines() if line.startswith("FAIL")
    ] == ["feed"], official.printed()

    program = Job(
        tmp_path,
        "smoke",
        **given,
        CLIENT_ID="subsidy",
        CLIENT_SECRET=state.secret("subsidy.client"),
    )
    assert await program.ended() == 1
    assert "FAIL  board" in program.printed()
    assert "these roles may read no list of it; needed is one of" in program.printed()

    stranger = Job(tmp_path, "smoke", **given, CLIENT_ID="subsidy", CLIENT_SECRET="guessed")
    assert await stranger.ended() == 1
    assert "FAIL  token" in stranger.printed()
