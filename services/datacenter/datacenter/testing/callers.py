"""Who asks."""

from datacenter.testing.villages import CITY
from kit.security.access import Caller


def an_operator() -> Caller:
    """Somebody who sees everything."""
    return Caller(subject="operator", client_id="tests", roles=frozenset({"operator"}))


def an_official(area: str = CITY) -> Caller:
    """Somebody of a civil affairs office."""
    return Caller(subject="official", client_id="tests", roles=frozenset({"official"}), area=area)
