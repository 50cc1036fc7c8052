"""The knobs of dispatch."""

from datetime import timedelta

from pydantic import Field

from kit.runtime.settings import Settings as KitSettings

GROUP = "dispatch"  # its consumer group; its timers are kept under the same name


class Settings(KitSettings):
    """Beside the kit's: its two neighbours and what a plan may cost."""

    service: str = "dispatch"
    assessment_address: str = Field(
        description="host:port of assessment's gRPC: name, phone and address of an elder"
    )
    subsidy_address: str = Field(description="host:port of subsidy's gRPC: holds a voucher")
    solve_budget: timedelta = Field(
        timedelta(seconds=20), description="for a county's day; 300 visits with 60 workers need 5 s"
    )
