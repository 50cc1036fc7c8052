"""What happens to applications, and the figure DC02 with its parts by channel."""

from dataclasses import dataclass
from datetime import date

from simulator.truth.figures import Count, Counts, Fact, Flow, flow
from simulator.world.channels import CHANNELS

ONLINE = frozenset({"PORTAL", "MOBILE"})


@dataclass(frozen=True, slots=True)
class Applied(Fact):
    """An application, or an appeal, which is an application for a review."""

    month: str
    area_code: str
    channel: str


@dataclass(frozen=True, slots=True)
class ApplicationEnded(Fact):
    """An application was withdrawn, or the elder died, before there was a result."""

    applied_on: date
    area_code: str


@flow("DC02")
def online(fact: Fact) -> Counts:
    """Share of applications that came by portal or mobile phone."""
    match fact:
        case Applied(month, area_code, channel):
            yield Count(month, area_code, int(channel in ONLINE), 1)


def _by_channel(name: str) -> Flow:
    def share(fact: Fact) -> Counts:
        match fact:
            case Applied(month, area_code, channel):
                yield Count(month, area_code, int(channel == name), 1)

    return share


for _name, _ in CHANNELS:
    flow(f"DC02_{_name}")(_by_channel(_name))
