"""Becomes the command it is given, as the user it is given, and dies when its parent dies; run as a
script, never imported.

Arguments: the parent's pid, the signal sent at the parent's death, "uid:gid" or "-", then the
command.
A script of its own, because code between fork and exec is unsafe in a process that has threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, last_signal, user, *command = sys.argv[1:]
    if user != "-":
        uid, gid = (int(part) for part in user.split(":"))
        os.setgroups([gid])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":  # after setuid, which clears it
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.Signals[last_signal]), 0, 0, 0)
    if os.getppid() != int(parent):
        raise SystemExit("the parent died before its child began")
    os.execvp(command[0], command)


main()
