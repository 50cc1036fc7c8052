"""Composition: settings → store → clients of the services → HTTP."""

from kit.runtime import entry

if __name__ == "__main__":
    entry.prepare()

import asyncio
import hashlib
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from gateway.calls import api as calls
from gateway.feed import api as feed
from gateway.feed import consumers, jobs  # noqa: F401 – consumers fill a table
from gateway.feed.cursors import Cursors
from gateway.http import app
from gateway.issuer import api as issuer
from gateway.issuer.tokens import Issuer
from gateway.onebox import api as onebox
from gateway.onebox.parts import Parts as OneBoxParts
from gateway.settings import Settings
from kit.runtime import collector
from kit.runtime.parts import Parts


async def http(parts: Parts) -> None:
    """Answers HTTP until cancelled; requests under way are finished first."""
    settings = parts.settings
    assert isinstance(settings, Settings)
    clients = {
        package.split(".")[1]: parts.client(address)
        for package, address in settings.services.items()
    }
    cursors = Cursors(_cursor_keys(settings))
    api = [
        *calls.routes(clients, parts.identity),
        *feed.routes(parts.store, parts.identity, cursors),
    ]
    async with httpx.AsyncClient(timeout=5, trust_env=False) as inside:
        if settings.signing_key is not None:
            built_in = Issuer.from_settings(
                settings.issuer, settings.audience, settings.signing_key, settings.clients
            )
            one_box = settings.one_box
            api += issuer.routes(built_in, parts.store, parts.identity, one_box=one_box)
        if settings.one_box:
            others = OneBoxParts(settings.peers, inside)
            api += onebox.routes(parts.clock, parts.identity, others)
        bounds = settings.bounds()
        _raise_file_limit(bounds.connections)
        application = app.app(api, bounds, identity=parts.identity, traces_url=settings.traces_url)
        server = app.server(application, settings.listen, bounds)
        server.capture_signals = _no_signal_handlers  # type: ignore[method-assign]
        collector.settle()
        serving = asyncio.create_task(server.serve())
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            server.should_exit = True
            await serving
            raise


def _cursor_keys(settings: Settings) -> list[bytes]:
    """Derived, so that a key of personal data never signs a cursor itself."""
    keys = settings.hash_keys.get_secret_value().split(",")
    return [hashlib.blake2b(key.strip().encode(), person=b"feed-cursor").digest() for key in keys]


def _raise_file_limit(connections: int) -> None:
    """Raises the soft limit of open files, so that clients cannot take the files that databases and
    neighbours need.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + 512
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    raised = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))


@contextmanager
def _no_signal_handlers() -> Iterator[None]:
    """Signals are the process's: it drains, and then cancels `http`."""
    yield


def main() -> None:
    entry.run(entry.settings(Settings), group="gateway", also=(http, jobs.remove_old_events))


if __name__ == "__main__":
    main()
