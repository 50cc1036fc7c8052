"""Sets that a command changes: as a whole, or by members, which loses nobody else's change."""

from collections.abc import Collection

from kit.contracts.refusals import Malformed


def changed(
    before: Collection[int],
    field: str,
    *,
    whole: Collection[int] | None,
    added: Collection[int],
    removed: Collection[int],
) -> list[int]:
    """The members after a command, in order.

    field: the name of the set; `add_` and `remove_` stand before it in those of its members. whole:
    what replaces the set; None where the command does not.
    Raises: Malformed where a command says two things at once.
    """
    if whole is not None and (added or removed):
        raise Malformed(field, f"does not stand beside add_{field} and remove_{field}")
    if twice := set(added) & set(removed):
        raise Malformed(f"remove_{field}", f"names none that add_{field} names: {sorted(twice)}")
    kept = before if whole is None else whole
    return sorted((set(kept) | set(added)) - set(removed))
