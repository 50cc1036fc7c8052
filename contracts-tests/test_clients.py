"""Clients that openapi-generator makes from the published document, of this release and of the
last, do a firm's first steps in the city: list, command, read a problem, and read what a later
release would answer.
"""

import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from typing import Any

import generated_clients
import httpx
import pytest
from running_city import CITY, RunningCity

from gateway.contracts.methods import methods

pytest_plugins = ["city_fixtures"]
pytestmark = [pytest.mark.city, pytest.mark.timeout(900)]

NEW = "OF_A_LATER_RELEASE"


def grown(value: Any) -> Any:
    """An answer as a later release might give it: each object has a field more, each member of an
    enumeration is a new one.
    """
    if isinstance(value, dict):
        return {name: grown(inner) for name, inner in value.items()} | {"a_later_field": {"a": [1]}}
    if isinstance(value, list):
        return [grown(inner) for inner in value]
    is_member = isinstance(value, str) and "_" in value and value.isupper()
    return NEW if is_member else value


@pytest.fixture(scope="module")
def later(town: RunningCity) -> Iterator[str]:
    """The address of a gateway of a later release, as far as its answers go."""
    city = httpx.Client(base_url=town.facts()["gateway"], trust_env=False)

    class Later(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            token = self.headers["Authorization"]
            answer = city.get(self.path, headers={"Authorization": token})
            body = json.dumps(grown(answer.json())).encode()
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers["content-type"])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Later) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
    city.close()


@pytest.fixture(scope="module")
def served(town: RunningCity) -> Iterator[str]:
    """Orders that were served, one for each client; an elder may complain again of the same."""
    orders = town.rows("/v1/orders", town.token("official", area=CITY))
    return cycle([row["order_id"] for row in orders if row["state"] == "STATE_DONE"])


def printed(
    town: RunningCity, document: bytes, languages: tuple[str, ...], language: str, *given: str
) -> list[str]:
    """What a language's program prints. given: LATER and ORDER_ID."""
    folder = generated_clients.made(document, languages)
    later, order_id = given
    token = town.token("official", "hotline", area=CITY)
    words = generated_clients.command(folder, language)
    done = subprocess.run(
        [*words, town.facts()["gateway"], later, token, order_id],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-4000:]}"
    return done.stdout.splitlines()


def lists(language: str, document: bytes) -> list[str]:
    """What Python's program, which finds the methods of its client by itself, says of lists: the
    number of those that stand in the document and are for its caller.
    """
    if language != "python":
        return []
    paths = json.loads(document)["paths"]
    free = {
        path
        for path, verbs in paths.items()
        if "get" in verbs
        and not any(one.get("required") for one in verbs["get"].get("parameters", ()))
    }
    own = {"official", "hotline"}
    read = [
        method
        for method in methods()
        if method.full_name.endswith("/List")
        and method.path in free
        and (method.access.open or own & {*method.access.roles})
    ]
    assert read
    return [f"lists {len(read)}"]


@pytest.mark.parametrize("language", generated_clients.GENERATORS)
def test_a_generated_client_works_in_the_city_and_in_one_of_a_later_release(
    town: RunningCity, later: str, served: Iterator[str], language: str
) -> None:
    document, languages = generated_clients.document(), tuple(generated_clients.GENERATORS)
    order_id = next(served)

    lines = printed(town, document, languages, language, later, order_id)

    assert lines == [
        *lists(language, document),
        "elders 3",
        f"complaint of {order_id}",
        "problem 422 MALFORMED name",
        f"later {NEW}",
    ]


@pytest.mark.parametrize("language", generated_clients.OF_RELEASED)
def test_a_client_of_the_last_release_works_in_the_city(
    town: RunningCity, served: Iterator[str], language: str
) -> None:
    document, languages = generated_clients.released(), generated_clients.OF_RELEASED
    order_id = next(served)

    lines = printed(town, document, languages, language, "-", order_id)

    assert lines == [
        *lists(language, document),
        "elders 3",
        f"complaint of {order_id}",
        "problem 422 MALFORMED name",
    ]
