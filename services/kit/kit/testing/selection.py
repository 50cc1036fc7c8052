"""Says which tests need a real broker or a whole city, and names aloud what a run leaves out."""

import os

import pytest
from hypothesis import settings

from kit.servers.kafka import missing

NEEDS_BROKER = frozenset({"kafka", "own_kafka", "topics"})
_left_out = pytest.StashKey[int]()

settings.register_profile("eldercare", deadline=None, print_blob=True)
settings.load_profile("eldercare")


def lacks_broker() -> str:
    """Why this run has no real Kafka; empty if it has one."""
    if os.environ.get("KAFKA") == "memory":
        return "KAFKA=memory"
    lacking = missing()
    return f"{' and '.join(lacking)} not found on this machine" if lacking else ""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if NEEDS_BROKER & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.connected)
    if not lacks_broker():
        return
    kept = [item for item in items if not item.get_closest_marker("connected")]
    gone = [item for item in items if item.get_closest_marker("connected")]
    config.stash[_left_out] = len(gone)
    if gone:
        config.hook.pytest_deselected(items=gone)
        items[:] = kept


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    count = config.stash.get(_left_out, 0)
    if count:
        terminalreporter.section("not part of this run", yellow=True)
        terminalreporter.line(f"{count} tests need a real Kafka broker and did not run ({lacks_broker()})")
