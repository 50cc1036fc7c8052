"""A service is cut into modules, one per aggregate, with the same file names inside: this finds the
files of one name.
"""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType


def import_all(package: str, name: str) -> list[ModuleType]:
    """Imports `<package>.….<name>` of every module of a service, in order of their names.

    What registers itself at import (tables, consumers, timers) is known afterwards.
    """
    return [import_module(found) for found in _named(package, name)]


def _named(package: str, name: str) -> Iterator[str]:
    root = import_module(package)
    for found in walk_packages(root.__path__, f"{package}."):
        if found.name.rpartition(".")[2] == name:
            yield found.name
