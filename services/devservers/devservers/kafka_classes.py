"""The classes of Apache Kafka as Java has read and checked them, kept in a file once per machine: a
broker starts with 3.1 instead of 5.1 s of CPU, and formats its storage with 1.1 instead of 2.2.
"""

import shutil
from pathlib import Path

from devservers.jars import jars


def kept() -> Path:
    """The file for the Java of this machine; of another one it would be left unread.

    Beside the folder of the jars: Java takes their order from that folder, and a file made in there
    may change it.
    """
    java = Path(shutil.which("java") or "java").resolve()
    made = java.stat().st_mtime_ns if java.exists() else 0
    return jars().with_name(f"{jars().name}-{made:x}.jsa")


def read() -> str:
    """The option with which Java reads them; where there is no such file it does without."""
    return f"-XX:SharedArchiveFile={kept()}"


def written(file: Path) -> str:
    """The option with which Java writes what it has read, when it ends in good order."""
    return f"-XX:ArchiveClassesAtExit={file}"
