"""What a machine cannot run is left out aloud."""

import subprocess
import sys
from pathlib import Path

TESTS = "def test_page(browser): ...\ndef test_sum(): ...\n"


def test_tests_without_a_browser_are_named(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nmarkers =\n  browser: x\n  connected: x\n  city: x\n  rehearsal: x\n"
    )
    (tmp_path / "test_pages.py").write_text(TESTS)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "testkit",
        "--strict-markers",
        "-p",
        "no:cacheprovider",
        "test_pages.py",
    ]

    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={"PATH": ""},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert "1 passed, 1 deselected" in done.stdout, done.stdout + done.stderr
    assert "not part of this run" in done.stdout
    assert (
        "1 tests need a browser and did not run (chromium and chromedriver not found on "
        "this machine)" in done.stdout
    )
