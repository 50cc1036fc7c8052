"""Says which tests need a real broker, a browser or a whole city, which belong together and begin
first, and names aloud what a run leaves out.
"""

import os
import shutil
from collections import Counter
from collections.abc import Callable
from typing import Protocol

import pytest
from hypothesis import settings

from devservers.jars import missing

NEEDS_BROKER = frozenset({"kafka", "own_kafka", "topics"})
NEEDS_BROWSER = frozenset({"browser"})
SHARED_BY_FILES = ("town",)  # made once, for tests of several files: they run in one process
_left_out = pytest.StashKey[dict[str, int]]()  # marker → how many

settings.register_profile("eldercare", deadline=None, print_blob=True)
settings.load_profile("eldercare")


def lacks_broker() -> str:
    """Why this run has no real Kafka; empty if it has one."""
    if os.environ.get("KAFKA") == "memory":
        return "KAFKA=memory"
    lacking = missing()
    return f"{' and '.join(lacking)} not found on this machine" if lacking else ""


def lacks_browser() -> str:
    """Why this machine has no browser that tests can drive; empty if it has one."""
    lacking = [program for program in ("chromium", "chromedriver") if shutil.which(program) is None]
    return f"{' and '.join(lacking)} not found on this machine" if lacking else ""


LACKS: dict[str, tuple[str, Callable[[], str]]] = {
    "connected": ("a real Kafka broker", lacks_broker),
    "browser": ("a browser", lacks_browser),
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        for marker, fixtures in (("connected", NEEDS_BROKER), ("browser", NEEDS_BROWSER)):
            if fixtures & set(getattr(item, "fixturenames", ())):
                item.add_marker(marker)
        shared = [name for name in SHARED_BY_FILES if name in getattr(item, "fixturenames", ())]
        item.add_marker(
            pytest.mark.xdist_group(
                shared[0] if shared else str(item.path.relative_to(config.rootpath))
            )
        )
    for marker, (_, lacks) in LACKS.items():
        if lacks():
            _leave_out(config, items, marker)
    if hasattr(config, "workeroutput"):
        _longest_first(items)
        config.workeroutput["left_out"] = config.stash.get(_left_out, {})


def _longest_first(items: list[pytest.Item]) -> None:
    """Puts the groups whose tests may take longest first, then those of many tests: a long one at
    the end would leave one process alone with it.
    """
    longest: dict[str, float] = {}
    tests = Counter(map(_group, items))
    for item in items:
        allowed = item.get_closest_marker("timeout")
        seconds = float(allowed.args[0]) if allowed else 0.0
        longest[_group(item)] = max(seconds, longest.get(_group(item), 0.0))
    items.sort(key=lambda item: (-longest[_group(item)], -tests[_group(item)], _group(item)))


def _group(item: pytest.Item) -> str:
    """The group that pytest-xdist keeps together: of several markers it takes the nearest."""
    marker = item.get_closest_marker("xdist_group")
    return str(marker.args[0]) if marker else ""


def _leave_out(config: pytest.Config, items: list[pytest.Item], marker: str) -> None:
    gone = [item for item in items if item.get_closest_marker(marker)]
    config.stash.setdefault(_left_out, {})[marker] = len(gone)
    if gone:
        config.hook.pytest_deselected(items=gone)
        items[:] = [item for item in items if not item.get_closest_marker(marker)]


class Worker(Protocol):
    """A process of pytest-xdist, as the one that started it sees it."""

    config: pytest.Config


class Several:
    """Of a run in several processes: only they collect, and each collects everything."""

    def pytest_xdist_node_collection_finished(self, node: object, ids: list[str]) -> None:
        """Refuses to begin where the groups did not arrive: each process would make a city of its
        own.

        pytest-xdist hands a group on at the end of a test's id, and does so in silence or not at
        all.
        """
        if torn := next((one for one in ids if "@" not in one.rpartition("]")[2]), None):
            raise pytest.UsageError(
                f"{torn} lost its group: several processes need --dist loadgroup, and a "
                "pytest and a pytest-xdist that fit each other",
            )

    def pytest_testnodedown(self, node: Worker, error: object) -> None:
        """Takes over what a process has left out; one that died has reported nothing."""
        node.config.stash[_left_out] = getattr(node, "workeroutput", {}).get("left_out", {})


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("dist", "no") != "no":
        config.pluginmanager.register(Several())
        config.option.loadscopereorder = False  # groups begin in the order of `_longest_first`


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    left_out = {marker: count for marker, count in config.stash.get(_left_out, {}).items() if count}
    if left_out:
        terminalreporter.section("not part of this run", yellow=True)
    for marker, count in left_out.items():
        needed, lacks = LACKS[marker]
        terminalreporter.line(f"{count} tests need {needed} and did not run ({lacks()})")
