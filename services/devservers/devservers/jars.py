"""The jars of Apache Kafka, and those of other poms, brought by Maven once per machine."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from devservers.process import Missing, StartFailed

VERSION = "4.1.0"
INSTEAD = (
    "Install it (Debian: apt-get install default-jre-headless maven), name a broker with "
    "--kafka HOST:PORT, or use --kafka memory."
)


def missing() -> list[str]:
    """The programs that Apache Kafka lacks on this machine; empty when it can run."""
    needed = ["java"] if (jars() / "complete").exists() else ["java", "mvn"]
    return [program for program in needed if shutil.which(program) is None]


def jars() -> Path:
    """The folder of the jars, outside any checkout, shared by all of them."""
    return cache() / f"kafka-{VERSION}"


def cache() -> Path:
    """Where a machine keeps what every checkout needs."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "eldercare"


def fetch_jars() -> Path:
    """Copies the jars of the broker once per machine with Maven. Raises: Missing, StartFailed."""
    lacking = missing()
    if lacking:
        raise Missing(
            f"Apache Kafka needs {' and '.join(lacking)}, not found on this machine. {INSTEAD}"
        )
    pom = Path(__file__).with_name("kafka.pom")
    try:
        return copied(pom, jars(), f"-Dkafka.version={VERSION}")
    except StartFailed as failed:
        raise StartFailed(f"{failed}\n{INSTEAD}") from None


def copied(pom: Path, home: Path, *properties: str) -> Path:
    """Copies what a pom names into a folder, which is there whole or not at all; does nothing where
    it is there. Raises: StartFailed.
    """
    if (home / "complete").exists():
        return home
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent) as scratch:
        goal = ["dependency:copy-dependencies", f"-DoutputDirectory={scratch}/jars", *properties]
        command = ["mvn", "-q", "-B", "-f", str(pom), *goal]
        done = subprocess.run(command, capture_output=True, text=True, cwd=scratch, check=False)
        if done.returncode:
            raise StartFailed(
                f"Maven could not fetch the jars of {home.name}:\n"
                f"{done.stdout[-2000:]}{done.stderr[-2000:]}"
            )
        Path(scratch, "jars", "complete").touch()
        try:
            Path(scratch, "jars").rename(home)
        except OSError:  # another process was faster
            if not (home / "complete").exists():
                raise
    return home
