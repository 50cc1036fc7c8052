"""Rehearsed: a city is backed up while it lives, lives on, is destroyed, and comes back as it was;
then it does again what was lost.
"""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import owners_figures
import psutil
import pytest
import retrying
from eldercare.assessment.v1 import events_pb2 as assessment_events
from retrying import Retrying
from running_city import CITY, RunningCity

from city.box.facts import unbalanced
from city.box.republishing import pending
from city.box.services import SIMULATOR
from kit.messaging.outbox import EPOCH
from simulator import compare
from simulator.story import day
from simulator.story.story import Story

pytestmark = [
    pytest.mark.rehearsal,
    pytest.mark.city,
    pytest.mark.connected,
    pytest.mark.timeout(2400),
    pytest.mark.xdist_group("backup"),
]
ELDERS, DAYS, SEED = 150, 10, 21  # the first results are approved on the ninth day
MONTH = "2026-01"
ELDER = "eldercare.elder.v1"


@dataclass
class Rehearsal:
    """What the rehearsal leaves to be looked at. memory: the story as it was just before the
    backup; rounds: orders' rounds during it.
    """

    town: RunningCity
    runner: asyncio.Runner
    memory: Story
    sent: Any
    rounds: int
    output: str
    elders: dict[
        str, tuple[int, bytes]
    ]  # what a stranger who read the topic believed when everything was destroyed
    firm: str  # token of an organisation
    cursor: dict[str, Any] = field(default_factory=dict)  # the last page of its feed


@pytest.fixture(scope="module")
def rehearsal() -> Iterator[Rehearsal]:
    """Not in pytest's own folder: as root the servers run as another user, and every other pytest
    that starts shuts that folder again.
    """
    with (
        TemporaryDirectory(prefix="eldercare-backup-", ignore_cleanup_errors=True) as made,
        asyncio.Runner() as runner,
    ):
        lost = RunningCity(Path(made) / "lost")
        found = RunningCity(Path(made) / "found")
        try:
            _print_progress("a city lives")
            lost.state.folder.parent.mkdir()
            lost.start("apache", "")
            gateway = Retrying(lost.facts()["gateway"], lost.secret(SIMULATOR), SEED)
            story = retrying.new_story(gateway, ELDERS, SEED)
            runner.run(retrying.begin(story, DAYS))
            runner.run(retrying.wake(story))
            memory, counted = retrying.remembered(story), gateway.sent.copy()
            runner.run(retrying.apply(story, DAYS))
            _print_progress(
                "it is backed up while people order, and while the data center is frozen"
            )
            rounds, output = runner.run(_backed_up(lost, story, Path(made) / "backup"))
            _print_progress("it lives on")
            runner.run(_lived_on(story))
            elders = believed(lost, {})
            firm = next(one for one in story.roster.firms if one.cursor and one.position)
            page = lost.get(
                "/v1/feed", story.tokens[f"firm {firm.organisation_id}"], cursor=firm.cursor
            )
            runner.run(gateway.close())
            _print_progress("everything is killed and removed")
            _destroyed(lost)
            _print_progress("it is restored")
            found.state.folder.parent.mkdir()
            output += _eldercare(
                "restore", str(Path(made) / "backup"), "--state", str(found.state.folder)
            )
            found.start("apache", "")
            found.until(lambda: not pending(found.state), 900, "everything is republished")
            found.quiet()
            _print_progress("it is there again")
            token = found.token("provider", organisation_id=firm.organisation_id)
            yield Rehearsal(found, runner, memory, counted, rounds, output, elders, token, page)
        finally:
            lost.end()
            code = found.end()
        assert code == 0, found.log.read_text()[-4000:]


def test_the_figures_are_those_of_the_owners_as_of_the_backup(rehearsal: Rehearsal) -> None:
    town = rehearsal.town
    wanted = owners_figures.figures(town.query, MONTH)

    rows = [row for level in (2, 3, 4, 5) for row in _figures(town, level)]
    found = owners_figures.shown(rows, {code for code, _ in wanted})

    assert {
        key: (wanted.get(key), found.get(key))
        for key in wanted.keys() | found.keys()
        if wanted.get(key) != found.get(key)
    } == {}
    assert {"POP01", "AS03", "SU04", "SU05", "FA09"} <= {code for code, _ in wanted}
    proof = town.post(
        "/v1/proofs", town.token("official", area=CITY), {"area_code": CITY, "month": MONTH}
    )
    assert proof.get("differences", []) == []


def test_nothing_vanished_and_the_ledger_balances(rehearsal: Rehearsal) -> None:
    town = rehearsal.town
    balance = town.get("/v1/ledger/balance", town.token("official", area=CITY))
    true, copied = map(
        int, re.search(r"(\d+) of (\d+) records of the tail are true", rehearsal.output).groups()
    )  # type: ignore[union-attr]

    assert unbalanced(town.facts()) == []
    assert balance["debit_fen"] == balance["credit_fen"] != "0"
    assert 0 < true < copied, (
        "the tail held what a frozen group had not read, and what was published after the "
        "backup's instant"
    )


def test_a_stranger_who_consumed_the_lost_future_takes_what_is_published_again_for_newer(
    rehearsal: Rehearsal,
) -> None:
    before = rehearsal.elders
    after = believed(rehearsal.town, before)
    epoch = EPOCH * rehearsal.town.query("assessment", "select max(epoch) from epoch")[0][0][0]
    (rows,) = rehearsal.town.query(
        "assessment", "select elder_id, area_code, living, status from elder"
    )
    owners = {str(row[0]): tuple(row[1:]) for row in rows}

    true = {key: _state(payload) for key, (sequence, payload) in after.items() if sequence >= epoch}
    assert {
        key: (elder.area_code, elder.living, elder.status) for key, elder in true.items()
    } == owners
    changed = [key for key in owners if _state(before[key][1]) != true[key]]
    assert changed, "nobody was changed after the backup: the rehearsal shows nothing"
    assert before.keys() - owners.keys(), (
        "nobody was born after it; who was is told by the sequence: no epoch"
    )


def test_a_feed_of_the_lost_future_learns_where_to_go_on(rehearsal: Rehearsal) -> None:
    town, lost = rehearsal.town, rehearsal.cursor
    refused = town.request("GET", "/v1/feed", rehearsal.firm, params={"cursor": lost["cursor"]})
    head = town.query("gateway", "select position from feed_restore")[0][0][0]

    assert (refused.status_code, refused.json()["reason"]) == (410, "CURSOR_EXPIRED")
    page = town.get("/v1/feed", rehearsal.firm, cursor=refused.json()["facts"]["resume_cursor"])
    assert page["first"] == head + 1 <= lost["last"]


def test_who_does_again_what_was_lost_ends_where_the_truth_is(rehearsal: Rehearsal) -> None:
    town, story = rehearsal.town, rehearsal.memory
    compared, services = rehearsal.runner.run(_done_again(rehearsal))

    assert story.failures == []
    assert compared.differences == []
    assert compared.compared > 10_000
    assert sum(one["parked"] for one in services.values()) == 0
    assert unbalanced(town.facts()) == []
    balance = town.get("/v1/ledger/balance", town.token("official", area=CITY))
    assert balance["debit_fen"] == balance["credit_fen"]


async def _backed_up(town: RunningCity, story: Story, folder: Path) -> tuple[int, str]:
    """People order until the backup is made; meanwhile the data center reads nothing, so that much
    is in Kafka only.
    """
    gateway: Any = story.gateway
    gateway.free.clear()
    frozen = town.facts()["children"]["datacenter"]["pid"]
    os.kill(frozen, signal.SIGSTOP)
    rounds = 0
    try:
        backing = await asyncio.create_subprocess_exec(
            *_command("backup", str(folder), "--state", str(town.state.folder)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        run = asyncio.create_task(backing.communicate())
        while not run.done():
            await retrying.order(story, rounds)
            rounds += 1
    finally:
        os.kill(frozen, signal.SIGCONT)
    output = run.result()[0].decode()
    assert backing.returncode == 0, output
    gateway.free.set()
    return rounds, output


async def _lived_on(story: Story) -> None:
    """To the evening, and the next day to noon: all of it is lost."""
    await retrying.change_some(story)
    await retrying.rest(story, DAYS)
    await retrying.wake(story)
    await retrying.apply(story, DAYS)
    await story.gateway.quiet()


async def _done_again(rehearsal: Rehearsal) -> tuple[compare.Comparison, dict[str, Any]]:
    town, story = rehearsal.town, rehearsal.memory
    gateway = Retrying(town.facts()["gateway"], town.secret(SIMULATOR), SEED, rehearsal.sent)
    try:
        await retrying.goes_on_at(story, gateway)
        await retrying.apply(story, DAYS)
        for rounds in range(rehearsal.rounds):
            await retrying.order(story, rounds)
        await retrying.rest(story, DAYS)
        await day.live(story, DAYS, lambda _: None)
        await day.end(story)
        services = await gateway.quiet()
        assert gateway.resumed > 0
        found = await compare.compare(gateway, story.tokens["office"], story.truth, story.now)
        return found, services
    finally:
        await gateway.close()


def believed(
    town: RunningCity, known: dict[str, tuple[int, bytes]]
) -> dict[str, tuple[int, bytes]]:
    """The newest state of each elder, by key, for one who knows something and reads the topic from
    its beginning.
    """
    found = dict(known)
    for record in town.records([ELDER]):
        sequence = int(dict(record.headers())["ce_sequence"])
        if sequence > found.get(record.key().decode(), (0, b""))[0]:
            found[record.key().decode()] = sequence, record.value()
    return found


def _state(payload: bytes) -> Any:
    """Every event of this topic bears it in the same field."""
    return assessment_events.ElderChanged.FromString(payload).elder


def _destroyed(town: RunningCity) -> None:
    """SIGKILL to all at once, by pid, then no file is left."""
    assert town.process
    supervisor = psutil.Process(town.process.pid)
    family = [supervisor, *supervisor.children(recursive=True)]
    for one in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()
    town.process.wait(60)
    assert psutil.wait_procs(family, 60)[1] == []
    shutil.rmtree(town.state.folder)


def _figures(town: RunningCity, level: int) -> list[dict[str, Any]]:
    token = town.token("official", area=CITY)
    return list(
        town.get(
            "/v1/figures", token, area_code=CITY, month_from=MONTH, month_to=MONTH, level=level
        )["rows"]
    )


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "city", *arguments]


def _eldercare(*arguments: str) -> str:
    done = subprocess.run(
        _command(*arguments), capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


_printed_at: list[float] = []


def _print_progress(what: str) -> None:
    """Progress of minutes of work, with its seconds."""
    _printed_at.append(time.monotonic())
    sys.stderr.write(f"\n[{_printed_at[-1] - _printed_at[0]:4.0f} s] {what}")
