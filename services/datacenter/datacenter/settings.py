"""The knobs of the data center."""

from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from kit.runtime import settings as kit_settings

BATCH = 2000  # about a tenth of a second; above it a batch gains little and its locks last longer


class Settings(kit_settings.Settings):
    """Of the environment."""

    keeps_personal: ClassVar[bool] = False

    service: str = "datacenter"
    batch: int = Field(BATCH, ge=1, le=5000, description="most records of one transaction")
    proof_pause: timedelta = Field(
        timedelta(minutes=1),
        description="real time between two looks whether today's proof is made",
    )
    city: str = Field(
        "341100000000",
        pattern="^[0-9]{12}$",
        description="the area whose figures are proved every day",
    )
    archive_files: Path | None = Field(
        None,
        description=(
            "folder of the days that were exported, for proofs and rebuilds; see day-two.md"
        ),
    )
