"""Spares the garbage collector what a program imports: nearly all of it stays for as long as the
process. To look through it again and again took 0.7 of 2.7 s of CPU until a service had begun, and
to take it apart at the end another 0.9 s.
"""

import gc


def rest() -> None:
    """Nothing is collected from now on. Before the imports."""
    gc.disable()


def resume() -> None:
    """What is there now is never looked at again; what comes is collected as usual."""
    gc.freeze()
    gc.enable()


def settle() -> None:
    """The same of all that has begun, once a process is at work: scanning it again and again took
    an eighth of a consumer's time, and a twelfth of the gateway's.
    """
    gc.collect()
    gc.freeze()
