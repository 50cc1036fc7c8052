"""Brings databases to their newest revisions: `python -m city.migrate SERVICE…`, each address in `<SERVICE>_DATABASE`."""

import os
import sys

from kit import migrations


def main(names: list[str]) -> None:
    """Prints one line a service."""
    for name in names:
        changed = migrations.upgrade(os.environ[f"{name.upper()}_DATABASE"], name)
        print(f"{name}: {'brought to' if changed else 'is at'} {migrations.head(name)}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
