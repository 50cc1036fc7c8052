"""`python -m observability CHART` writes rules and dashboards into the chart's `files`; what is
there and no longer written is removed.
"""

import sys
from pathlib import Path

from observability.files import written


def main(chart: Path) -> None:
    """Writes all of them."""
    texts = written()
    for folder in {path.parent for path in texts}:
        (chart / folder).mkdir(parents=True, exist_ok=True)
        for old in (chart / folder).iterdir():
            if old.relative_to(chart) not in texts:
                old.unlink()
    for path, text in texts.items():
        (chart / path).write_text(text, "utf-8")
        sys.stdout.write(f"{path}  {len(text.encode()) / 1000:.0f} kB\n")


main(Path(sys.argv[1]))
