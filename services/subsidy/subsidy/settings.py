"""The knobs of this service."""

from datetime import timedelta

from pydantic import Field

from kit.runtime import settings

GROUP = "subsidy"  # of consumers and timers


class Settings(settings.Settings):
    """`personal_keys` seal the answers of commands."""

    service: str = "subsidy"
    sweep_pause: timedelta = Field(
        timedelta(seconds=5),
        description="between two looks for holds nobody confirmed; they end after minutes",
    )
