"""A headless Chromium for the tests of this folder, spoken to over WebDriver."""

import base64
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

# nothing but the page may be asked for, and no sandbox is to be had in a container
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--no-proxy-server",
)
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the name that the protocol gives to a reference
# past the setter that React puts over the browser's own, so that it notices
_FILL = """
const field = document.querySelector(arguments[0]);
const own = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value");
own.set.call(field, arguments[1]);
field.dispatchEvent(new Event(field.tagName === "SELECT" ? "change" : "input", {bubbles: true}));
"""


class Browser:
    """One window. Raises: AssertionError where the driver refuses."""

    def __init__(self, driver: str, folder: Path) -> None:
        self._http = httpx.Client(base_url=driver, timeout=60, trust_env=False)
        options = {
            "binary": shutil.which("chromium"),
            "args": [*ARGUMENTS, f"--user-data-dir={folder}"],
        }
        wanted = {
            "capabilities": {
                "alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}
            }
        }
        self._session = f"/session/{self._tell('/session', wanted)['sessionId']}"

    def _tell(self, path: str, body: dict[str, Any]) -> Any:
        answer = self._http.post(path, json=body)
        assert answer.status_code == 200, f"{path} {body}: {answer.text[:2000]}"
        return answer.json()["value"]

    def _devtools(self, command: str, **parameters: Any) -> Any:
        return self._tell(
            f"{self._session}/goog/cdp/execute", {"cmd": command, "params": parameters}
        )

    def size(self, width: int, height: int, *, phone: bool = False) -> None:
        """The size of the window in points; a phone has two pixels to a point."""
        self._devtools(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2 if phone else 1,
            mobile=phone,
        )

    def open(self, address: str) -> None:
        """Goes to a page and waits until it is loaded; what its scripts fetch then may still be
        under way.
        """
        self._tell(f"{self._session}/url", {"url": address})

    def run(self, script: str, *arguments: Any) -> Any:
        """What a script returns, `arguments` being its own."""
        return self._tell(
            f"{self._session}/execute/sync", {"script": script, "args": list(arguments)}
        )

    def click(self, selector: str) -> None:
        """Presses the first element that a CSS selector finds, as a mouse does: it must be in sight
        and not covered.
        """
        self._tell(f"{self._element(selector)}/click", {})

    def fill(self, selector: str, value: str) -> None:
        """Puts a value into a field, as if it were typed or chosen."""
        self.run(_FILL, selector, value)

    def attach(self, selector: str, file: Path) -> None:
        """Chooses a file."""
        self._tell(f"{self._element(selector)}/value", {"text": str(file)})

    def _element(self, selector: str) -> str:
        found = self._tell(f"{self._session}/element", {"using": "css selector", "value": selector})
        return f"{self._session}/element/{found[_ELEMENT]}"

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements that a CSS selector finds, as they are shown."""
        found = "[...document.querySelectorAll(arguments[0])]"
        return list(
            self.run(
                f"return {found}.map(one => (one.innerText ?? one.textContent).trim())", selector
            )
        )

    def picture(self, file: Path, *, whole: bool = True) -> None:
        """Keeps the whole page as a picture, or what is in sight."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(
            base64.b64decode(
                self._devtools("Page.captureScreenshot", format="png", captureBeyondViewport=whole)[
                    "data"
                ]
            )
        )

    def offline(self, on: bool) -> None:
        """Whether the page's connections fail, as with a network that is down."""
        self._devtools("Network.enable")
        self._devtools(
            "Network.emulateNetworkConditions",
            offline=on,
            latency=0,
            downloadThroughput=-1,
            uploadThroughput=-1,
        )

    def close(self) -> None:
        """Ends Chromium."""
        self._http.delete(self._session)
        self._http.close()


@contextmanager
def chromium(profile: Path) -> Iterator[Browser]:
    """A browser that ends with the block. profile: an empty folder."""
    driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
    try:
        assert driver.stdout is not None
        ports = (re.search(r"started successfully on port (\d+)", line) for line in driver.stdout)
        started = next(port for port in ports if port)
        shown = Browser(f"http://127.0.0.1:{started.group(1)}", profile)
        yield shown
        shown.close()
    finally:
        driver.terminate()
        driver.wait(30)
        if driver.stdout:
            driver.stdout.close()
