"""Sets that a command changes: as a whole, or by members, which loses nobody else's change."""

from collections.abc import Collection

from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Malformed

WHOLE_OR_PARTS = Phrase(
    "does not stand beside add_{field} and remove_{field}",
    "不能与 add_{field}、remove_{field} 同时给出",
    key="WHOLE_OR_PARTS",
)
ADDED_OR_REMOVED = Phrase(
    "names none that add_{field} names: {members}",
    "不得含有 add_{field} 中的 {members}",
    key="ADDED_OR_REMOVED",
)


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
        raise Malformed(field, WHOLE_OR_PARTS.of(field=field))
    if twice := set(added) & set(removed):
        raise Malformed(f"remove_{field}", ADDED_OR_REMOVED.of(field=field, members=sorted(twice)))
    kept = before if whole is None else whole
    return sorted((set(kept) | set(added)) - set(removed))
