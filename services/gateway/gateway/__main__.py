"""Composition: settings → store → clients of the services → HTTP."""

from kit.runtime import entry

entry.install_signal_handlers()

import asyncio
import gc
import hashlib
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from gateway import app, consumers, feed, issuer, onebox, retention, routes  # noqa: F401 – consumers fill a table
from gateway.settings import Settings
from kit.runtime.parts import Parts


async def http(parts: Parts) -> None:
    """Answers HTTP until cancelled; requests under way are finished first."""
    settings = parts.settings
    assert isinstance(settings, Settings)
    clients = {
        package.split(".")[1]: parts.client(address)
        for package, address in settings.services.items()
    }
    # derived, so that a key of personal data never marks a cursor itself
    given = settings.hash_keys.get_secret_value().split(",")
    cursor_keys = [
        hashlib.blake2b(key.strip().encode(), person=b"feed-cursor").digest() for key in given
    ]
    api = [
        *routes.routes(clients, parts.identity),
        *feed.routes(parts.store, parts.identity, cursor_keys),
    ]
    async with httpx.AsyncClient(timeout=5, trust_env=False) as inside:
        if settings.signing_key is not None:
            built_in = issuer.Issuer.made(
                settings.issuer, settings.audience, settings.signing_key, settings.clients
            )
            api += issuer.routes(built_in, parts.store, parts.identity, one_box=settings.one_box)
        if settings.one_box:
            api += onebox.routes(parts.clock, parts.identity, settings.peers, inside)
        bounds = settings.bounds()
        _may_open(bounds.connections)
        application = app.app(api, bounds, identity=parts.identity, traces_url=settings.traces_url)
        server = app.server(application, settings.listen, bounds)
        server.capture_signals = _left_to_the_kit  # type: ignore[method-assign]
        gc.collect()
        # what is loaded by now stays: looking through it again and again took a twelfth of the time
        gc.freeze()
        serving = asyncio.create_task(server.serve())
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            server.should_exit = True
            await serving
            raise


def _may_open(connections: int) -> None:
    """Raises the soft limit of open files, so that clients cannot take the files that databases and
    neighbours need.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + 512
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(
            resource.RLIMIT_NOFILE,
            (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard),
        )


@contextmanager
def _left_to_the_kit() -> Iterator[None]:
    yield


def main() -> None:
    entry.run(entry.settings(Settings), group="gateway", also=(http, retention.forgetting))


if __name__ == "__main__":
    main()
