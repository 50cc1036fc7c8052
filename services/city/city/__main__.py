"""The entry of `eldercare`: what a container runs does not wait for the imports of the rest."""

import sys

from city.cli import jobs


def main() -> None:
    """Runs the verb that the arguments name."""
    if sys.argv[1:2] and sys.argv[1] in jobs.VERBS:
        jobs.app()
    else:
        from city.cli.app import app

        app()


if __name__ == "__main__":
    main()
