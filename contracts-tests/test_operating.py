"""What operators do to a running city: a poisoned record is found, mended and replayed in order;
states are published again.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from collector import Collector
from running_city import CITY, RunningCity

from city.operations.topics import COMPACTED
from simulator.world.days import START
from simulator.world.geography import Geography
from simulator.world.people import population

pytest_plugins = ["city_fixtures"]
pytestmark = [
    pytest.mark.rehearsal,
    pytest.mark.city,
    pytest.mark.connected,
    pytest.mark.timeout(900),
]

# "thing" bears when a state was published last; all that is counted from it is compared
NOTES = (
    "outbox",
    "sent",
    "position",
    "inbox",
    "due",
    "audit_record",
    "command",
    "archive",
    "heard",
    "projection",
    "feed_",
    "proof",
    "thing",
)
POISON = "alter table elder add constraint poison check (living <> 1) not valid"
CURE = "alter table elder drop constraint poison"


@pytest.fixture(scope="module")
def small(collector: Collector) -> Iterator[RunningCity]:
    """A city of its own, since what is published again counts twice; a few elders, firms and places
    live in it.
    """
    with TemporaryDirectory(prefix="eldercare-small-", ignore_cleanup_errors=True) as folder:
        running = RunningCity(Path(folder))
        try:
            running.start(os.environ.get("KAFKA") or "auto", collector.endpoint)
            running.live(elders=60, days=2)
            yield running
        finally:
            code = running.end()
        assert code == 0, running.log.read_text()[-4000:]


def printed(town: RunningCity, *command: str) -> str:
    """What an operator's command prints."""
    program = [sys.executable, "-m", "city", *command, "--state", str(town.state.folder)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def contents(town: RunningCity) -> dict[str, Any]:
    """Every table of every service as one hash, what only notes its own progress left out."""
    found = {}
    for service in (
        "assessment",
        "subsidy",
        "facility",
        "dispatch",
        "supervision",
        "datacenter",
        "gateway",
    ):
        named = "select tablename from pg_tables where schemaname = 'public' order by 1"
        tables = [row[0] for row in town.query(service, named)[0] if not row[0].startswith(NOTES)]
        hashes = [
            "select count(*), md5(string_agg(md5(t::text), '' order by md5(t::text))) "  # noqa: S608
            f'from "{table}" t'
            for table in tables
        ]
        found |= {
            f"{service}.{table}": tuple(rows[0])
            for table, rows in zip(tables, town.query(service, *hashes), strict=True)
        }
    return found


def test_what_is_republished_reaches_every_group_and_changes_nothing(small: RunningCity) -> None:
    before, read = contents(small), records_read(small)

    lines = {master: printed(small, "republish", master).strip() for master in sorted(COMPACTED)}
    small.quiet()

    republished = {
        master: int(line.removesuffix(f" of {master} are republished"))
        for master, line in lines.items()
    }
    assert all(republished.values())
    assert records_read(small)["datacenter"] - read["datacenter"] == sum(republished.values())
    assert contents(small) == before
    assert "accounted for" in printed(small, "check")


def records_read(town: RunningCity) -> dict[str, int]:
    return {
        name: sum(one["next"] - one["begin"] for one in service["positions"])
        for name, service in town.quiet().items()
    }


def test_a_poisoned_record_holds_its_key_until_it_is_mended_and_replayed_in_order(
    small: RunningCity,
) -> None:
    office = small.token("official", area=CITY)
    person = population(4000, 1, START, Geography(1))[-1]
    elder = small.post(
        "/v1/elders",
        office,
        {
            "name": person.name,
            "id_number": person.id_number,
            "area_code": person.area_code,
            "living": "LIVING_WITH_FAMILY",
            "local_register": True,
        },
    )["elder"]["elder_id"]
    small.quiet()
    small.query("dispatch", POISON)

    for change in (
        {"living": "LIVING_ALONE"},
        {"hardships": {"hardships": ["HARDSHIP_DIBAO"]}},
        {"living": "LIVING_WITH_FAMILY"},
    ):
        small.post(f"/v1/elders/{elder}:change", office, change)
    state = small.until(
        lambda: (own := small.quiet()["dispatch"])["held"] == 2 and own,
        60,
        "one is parked and two stand behind it",
    )
    listed = printed(small, "parked", "list", "dispatch")
    small.query("dispatch", CURE)
    replayed = printed(small, "parked", "replay", "dispatch")

    assert (state["parked"], state["held"]) == (1, 2)
    assert elder in listed
    assert "ElderChanged" in listed
    assert "2 behind it" in listed
    assert f"key={elder}: 3 went through, 0 are left" in replayed
    owned, replica = (
        small.query(service, f"select version, living from elder where elder_id = '{elder}'")[0]  # noqa: S608
        for service in ("assessment", "dispatch")
    )
    assert [tuple(row) for row in replica] == [tuple(row) for row in owned]
    assert replica[0]["version"] == 4
    assert (small.quiet()["dispatch"]["parked"], small.quiet()["dispatch"]["held"]) == (0, 0)
    assert "accounted for" in printed(small, "check")
