"""What the slow proof of the image rests on, without an image: its judgement of a drain, and the
list of the base's packages.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

IMAGE = Path(__file__).parents[1] / "services/image"
DRAINED = '{"event": "draining"}\n{"event": "ended"}\n'


@pytest.fixture(autouse=True)
def _found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(IMAGE))


@pytest.mark.parametrize(
    ("left", "readiness", "printed"),
    [
        (0, 503, '{"event": "ended"}\n'),
        (0, 503, '{"event": "ended"}\n{"event": "draining"}\n'),
        (0, 503, '{"event": "draining"}\n'),
        (0, 0, DRAINED),
        (0, 200, DRAINED),
        (3, 503, DRAINED),
    ],
)
def test_a_drain_that_was_not_logged_or_not_seen_is_none(
    left: int, readiness: int, printed: str
) -> None:
    from prove import orderly

    assert orderly(0, 503, DRAINED)
    assert not orderly(left, readiness, printed)


def test_the_list_of_packages_holds_what_dpkg_holds_the_same_each_time() -> None:
    first, second = (
        subprocess.run(
            [sys.executable, IMAGE / "packages.py"], capture_output=True, check=True
        ).stdout
        for _ in range(2)
    )
    asked = ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\n"]
    installed = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    bom = json.loads(first)

    assert first == second
    assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.6")
    assert sorted(part["name"] for part in bom["components"]) == sorted(
        line.split()[1] for line in installed.splitlines() if line.startswith("installed ")
    )
    dpkg = next(part for part in bom["components"] if part["name"] == "dpkg")
    assert dpkg["purl"].startswith("pkg:deb/debian/dpkg@")
    assert "distro=debian-" in dpkg["purl"]
