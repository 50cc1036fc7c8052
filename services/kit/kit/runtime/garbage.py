"""What Python's search for objects that only hold each other may leave out."""

import gc


def settle() -> None:
    """Leaves out what is loaded by now, since it stays: scanning it again and again took an eighth
    of a consumer's time, and a twelfth of the gateway's.
    """
    gc.collect()
    gc.freeze()
