"""The knobs of the data center."""

import kit.settings
from pydantic import Field

BATCH = 1000  # above it a batch gains little and its locks last longer


class Settings(kit.settings.Settings):
    """Of the environment."""

    service: str = "datacenter"
    batch: int = Field(BATCH, ge=1, le=5000, description="most records of one transaction")
    city: str = Field("341100000000", pattern="^[0-9]{12}$", description="the area whose figures are proved every day")
