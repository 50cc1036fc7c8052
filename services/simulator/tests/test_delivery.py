"""No record of the log may be missing from what a service counted, and none may be left unread."""

from typing import Any

import pytest

from simulator.client import Gateway
from simulator.delivery import COUNTED, check_delivery
from simulator.story.story import Story
from simulator.world.geography import Geography


@pytest.fixture
async def story() -> Any:
    gateway = Gateway("http://127.0.0.1:9", client_id="simulator", secret="none", seed=1)
    yield Story(gateway, 100, 1, Geography(1))
    await gateway.close()


def position(**but: int) -> dict[str, Any]:
    return (
        {"topic": "t", "partition": 0, "begin": 5, "next": 15, "end": 15}
        | dict.fromkeys(COUNTED, 0)
        | {"applied": 10}
        | but
    )


@pytest.mark.parametrize(
    ("found", "failures"),
    [
        (position(), 0),
        (position(applied=6, gaps=4), 0),
        (position(applied=9), 1),
        (position(end=16), 1),
        (position(gaps=1), 1),
    ],
)
async def test_a_record_that_nobody_counted_or_read_is_noticed(
    story: Story, found: dict[str, Any], failures: int
) -> None:
    records = check_delivery(story, {"subsidy": {"parked": 0, "positions": [found]}})

    assert len(story.failures) == failures
    assert records == 10 - found["gaps"]
