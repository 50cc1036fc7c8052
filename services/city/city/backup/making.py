"""A backup of a living city into one folder: every database at one instant, the tail of Kafka; of a
city on one machine also the keys and the clock.

postgres/        a base backup: the data directory with the log that makes it consistent
tail             what not every group had read, raw (city.backup.tail)
secrets.json     keys and passwords of a city on one machine; beside it its clock and its ports
manifest.json    written last: a folder without it is no backup
"""

import asyncio
import hashlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from city.backup import positions, tail
from city.backup.tail import Partition
from city.operations import topics
from kit.contracts import ids
from kit.contracts.clock import Clock
from kit.messaging.bootstrap import Bootstrap
from kit.messaging.clusters import cluster_of

FORM = 1
MANIFEST = "manifest.json"
TAIL = "tail"
BASE = "postgres"
KEPT = ("secrets.json", "clock", "ports.json")  # of the state folder of a city on one machine
Say = Callable[[str], None]


class NoBackup(Exception):
    """The folder holds something else, or a backup that is unfinished or damaged."""


class Failed(Exception):
    """PostgreSQL's own program could not make or verify the base backup; the text is its output."""


@dataclass(frozen=True)
class Source:
    """What is backed up.

    server: PostgreSQL, by an address of a role that may replicate; empty where somebody else copies
    it. databases: addresses by service. programs: folder of PostgreSQL's own; None for those of the
    PATH. state: the state folder of a city on one machine; None of any other.
    """

    server: str
    kafka: Bootstrap
    databases: Mapping[str, str]
    programs: Path | None = None
    state: Path | None = None


@dataclass
class Manifest:
    """What a backup holds. starts, ends: offsets of the tail; before: what lies below is true in
    any case.
    """

    backup_id: str
    began_at: str
    ended_at: str
    cluster: str
    services: list[str]
    starts: dict[Partition, int]
    ends: dict[Partition, int]
    before: dict[Partition, int]
    digests: dict[str, str]

    @property
    def partitions(self) -> int:
        """Of each topic."""
        return 1 + max(partition for _, partition in self.ends)

    def write(self, folder: Path) -> None:
        content: dict[str, object] = {**self.__dict__, "form": FORM}
        content |= {
            name: [[*place, offset] for place, offset in sorted(offsets.items())]
            for name, offsets in (
                ("starts", self.starts),
                ("ends", self.ends),
                ("before", self.before),
            )
        }
        _private(folder / MANIFEST, json.dumps(content, indent=1).encode())

    @classmethod
    def of(cls, folder: Path) -> "Manifest":
        """Raises: NoBackup, also where a file is not as it was written."""
        try:
            content = json.loads((folder / MANIFEST).read_text())
        except FileNotFoundError:
            raise NoBackup(
                f"backup: {folder} holds no {MANIFEST}, so it is no backup, or one that "
                "was not finished"
            ) from None
        if content.pop("form", None) != FORM:
            raise NoBackup(f"backup: {folder} was made by another release: its form is not {FORM}")
        content |= {
            name: {(topic, partition): offset for topic, partition, offset in content[name]}
            for name in ("starts", "ends", "before")
        }
        for name, digest in content["digests"].items():
            if not (folder / name).exists() or _digest(folder / name) != digest:
                raise NoBackup(f"backup: {folder / name} is absent or not as it was written")
        return cls(**content)


def backup(folder: Path, source: Source, say: Say) -> Manifest:
    """Makes it while everybody goes on. Blocks.

    Raises: NoBackup where the folder is not empty; Failed, tail.Lost, KafkaException.
    """
    if folder.exists() and any(folder.iterdir()):
        raise NoBackup(f"backup: {folder} is not empty; name a new folder")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    began_at = Clock.real()
    since = time.monotonic()
    cluster = asyncio.run(cluster_of(source.kafka))
    names = [topic.name for topic in topics.declared()]
    before = tail.bounds(source.kafka, names)
    nexts = asyncio.run(positions.look(source.databases, cluster)).nexts
    starts = {place: nexts.get(place, begin) for place, (begin, _) in before.items()}
    if source.server:
        base_backup(folder / BASE, source, say)
        say(f"the base backup is made and verified ({time.monotonic() - since:.1f} s)")
    # behind the databases' instant: no clock may show less than an instant that they hold
    kept = KEPT if source.state else ()
    if source.state:
        for name in kept:
            _private(folder / name, (source.state / name).read_bytes())
    ends = tail.copy(source.kafka, folder / TAIL, starts, say)
    # a base backup that begins now holds all that Kafka holds now; of databases that somebody else
    # keeps, nobody knows the instant
    known = {place: end if source.server else begin for place, (begin, end) in before.items()}
    made = Manifest(
        str(ids.new()),
        began_at.isoformat(),
        Clock.real().isoformat(),
        cluster,
        sorted(source.databases),
        starts,
        ends,
        known,
        {name: _digest(folder / name) for name in (TAIL, *kept)},
    )
    made.write(folder)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    copied = sum(ends.values()) - sum(starts.values())
    held = f"{len(made.services)} databases" if source.server else "no databases"
    say(
        f"{folder} holds {held}, {copied} records of Kafka, {size / 1e6:.1f} MB "
        f"({time.monotonic() - since:.1f} s)"
    )
    return made


def base_backup(folder: Path, source: Source, say: Say) -> None:
    """The base backup of the whole server with the log that was written meanwhile, verified.
    Blocks. Raises: Failed.
    """
    parts = urlsplit(source.server)
    user, _, places = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    # without the password: the list of processes shows it
    shown = urlunsplit((parts.scheme, f"{name}@{places}", "/postgres", parts.query, ""))
    options = {
        "pgdata": str(folder),
        "dbname": shown,
        "format": "plain",
        "wal-method": "stream",
        "checkpoint": "fast",
        "manifest-checksums": "SHA256",
        "label": "eldercare",
    }
    arguments = ["--no-password", *(f"--{key}={value}" for key, value in options.items())]
    secret = {"PGPASSWORD": unquote(password)} if password else {}
    _run(source.programs, "pg_basebackup", arguments, secret)
    say("the base backup is copied; it is verified")
    verify(folder, source.programs)


def verify(folder: Path, programs: Path | None) -> None:
    """Compares a base backup with PostgreSQL's own manifest, and reads the log that it needs.
    Blocks. Raises: Failed.

    pg_verifybackup does the same; that of the wheel does not start.
    """
    manifest = json.loads((folder / "backup_manifest").read_text())
    for file in manifest["Files"]:
        path = folder / os.fsdecode(
            bytes.fromhex(file["Encoded-Path"]) if "Encoded-Path" in file else file["Path"].encode()
        )
        if (
            not path.exists()
            or path.stat().st_size != file["Size"]
            or _digest(path) != file["Checksum"]
        ):
            raise Failed(f"{path} is absent or not as PostgreSQL wrote it")
    for needed in manifest["WAL-Ranges"]:
        start = f"--start={needed['Start-LSN']}"
        end = f"--end={needed['End-LSN']}"
        arguments = ["--quiet", f"--path={folder / 'pg_wal'}", f"--timeline={needed['Timeline']}"]
        _run(programs, "pg_waldump", [*arguments, start, end], {})


def _run(
    programs: Path | None, program: str, arguments: list[str], secret: Mapping[str, str]
) -> None:
    path = str(programs / program) if programs else shutil.which(program)
    if path is None:
        raise Failed(
            f"{program} is not on this machine: it belongs to PostgreSQL's client programs"
        )
    variables = {**os.environ, **secret}
    done = subprocess.run(
        [path, *arguments], env=variables, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Failed(f"{program} ended with {done.returncode}: {done.stderr.strip()[-2000:]}")


def _private(file: Path, content: bytes) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
