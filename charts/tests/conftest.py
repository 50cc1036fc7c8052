"""One option: golden manifests are compared, or renewed."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--renew",
        action="store_true",
        help="write the golden manifests anew instead of comparing them",
    )
