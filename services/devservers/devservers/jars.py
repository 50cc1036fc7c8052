"""The jars of Apache Kafka, brought by Maven once per machine."""

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
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "eldercare" / f"kafka-{VERSION}"


def fetch_jars() -> Path:
    """Copies the jars of the broker once per machine with Maven. Raises: Missing, StartFailed."""
    lacking = missing()
    if lacking:
        raise Missing(
            f"Apache Kafka needs {' and '.join(lacking)}, not found on this machine. {INSTEAD}"
        )
    home = jars()
    if (home / "complete").exists():
        return home
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent) as scratch:
        pom = Path(__file__).with_name("kafka.pom")
        folder = f"-DoutputDirectory={scratch}/jars"
        goal = ["dependency:copy-dependencies", folder, f"-Dkafka.version={VERSION}"]
        command = ["mvn", "-q", "-B", "-f", str(pom), *goal]
        done = subprocess.run(command, capture_output=True, text=True, cwd=scratch, check=False)
        if done.returncode:
            raise StartFailed(
                "Maven could not fetch the jars of Kafka "
                f"{VERSION}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}\n{INSTEAD}"
            )
        Path(scratch, "jars", "complete").touch()
        try:
            Path(scratch, "jars").rename(home)
        except OSError:  # another process was faster
            if not (home / "complete").exists():
                raise
    return home
