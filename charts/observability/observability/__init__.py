"""Rules and dashboards as code: written from the names that the services declare, so that neither
can drift from the other.
"""

import sys
from pathlib import Path

# Names come with the product's environment; Grafana's SDK is a tool and lies in that of the tools,
# behind it.
sys.path.extend(
    str(path)
    for path in sorted(Path(__file__).parents[3].glob(".venv-tools/lib/python3.*/site-packages"))
)
