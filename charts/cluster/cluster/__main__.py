"""Runs a command beside a fresh cluster: `python -m cluster COMMAND…`; KUBECONFIG names the way in.
The cluster ends with the command.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from cluster.controlplane import ControlPlane


def main(command: list[str]) -> int:
    """The exit code of the command."""
    # SIGTERM ends the command and then the cluster, as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()
    with ControlPlane() as plane:
        sizes = ", ".join(f"{server.name} {server.rss_mb():.0f} MB" for server in plane.servers)
        sys.stdout.write(f"cluster: ready in {time.monotonic() - began:.1f} s ({sizes})\n")
        sys.stdout.flush()
        running = subprocess.Popen(command, env={**os.environ, "KUBECONFIG": str(plane.kubeconfig)})
        try:
            return running.wait()
        except BaseException:
            running.terminate()
            running.wait()
            raise


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
