"""A role and its scope are a pair: over every method and every two roles, the role that does not
admit the call adds nothing to it.
"""

from contracts import files

from kit.contracts.refusals import Denied
from kit.rpc.methods import Method, methods_of
from kit.security.access import ROLES, UNSCOPED_ROLES, Caller, sees_all

METHODS = [
    method
    for file in files()
    for service in file.services_by_name.values()
    for method in methods_of(service.full_name).values()
    if not method.open and not method.internal
]


def admitted(method: Method, *roles: str) -> frozenset[str]:
    """The roles in which a caller with these roles is admitted; none where the call is denied."""
    try:
        caller, _ = method.admit(Caller("s", "c", frozenset(roles)), None)
    except Denied:
        return frozenset()
    return caller.roles


def test_a_caller_acts_in_the_roles_alone_that_admit_the_call() -> None:
    assert METHODS
    for method in METHODS:
        for first in ROLES:
            for second in ROLES:
                assert admitted(method, first, second) == method.roles & {first, second}, (
                    f"{method.full_name} called as {first} and {second}"
                )


def test_who_sees_everything_does_so_only_where_the_method_is_for_them() -> None:
    for method in METHODS:
        for scoped in method.roles - UNSCOPED_ROLES:
            for unscoped in UNSCOPED_ROLES - method.roles:
                caller, _ = method.admit(Caller("s", "c", frozenset({scoped, unscoped})), None)
                assert not sees_all(caller), f"{method.full_name} as {scoped} and {unscoped}"
