"""Finds a route by the first words of its path: asking all of them one after the other took a sixth of the gateway's time."""

from collections.abc import Iterable

from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

_CHOSEN = "gateway.route"


class Index(BaseRoute):
    """Many routes as one; among those with the same first words the first that fits is taken, as Starlette does.

    Raises: ValueError for a route with a parameter in its first two segments.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_stem: dict[tuple[str, str], list[Route]] = {}
        for route in routes:
            stem = _stem(route.path)
            if "{" in "".join(stem):
                raise ValueError(f"the first two segments of {route.path} are words")
            self._by_stem.setdefault(stem, []).append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        partial: tuple[Match, Scope] = Match.NONE, {}
        for route in self._by_stem.get(_stem(scope.get("path", "")), ()):
            match, child = route.matches(scope)
            if match is Match.FULL:
                return match, {**child, _CHOSEN: route}
            if match is Match.PARTIAL and partial[0] is Match.NONE:
                partial = match, {**child, _CHOSEN: route}
        return partial

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope[_CHOSEN].handle(scope, receive, send)


def _stem(path: str) -> tuple[str, str]:
    """The first two segments, without the verb that may follow a colon."""
    _, _, path = path.partition("/")
    first, _, rest = path.partition("/")
    return first, rest.partition("/")[0].partition(":")[0]
