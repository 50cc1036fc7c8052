"""Why a cursor leads nowhere."""

from uuid import UUID


class CursorExpired(Exception):
    """Events behind the cursor are older than what is kept.

    epoch: of the feed now. earliest: the position behind which everything is kept.
    """

    def __init__(self, epoch: UUID, earliest: int) -> None:
        super().__init__(f"kept from position {earliest} on")
        self.epoch = epoch
        self.earliest = earliest


class FeedRestored(CursorExpired):
    """The feed was restored from a backup since the cursor was given.

    resume: the last position of the cursor's epoch that is still true. lost: how many positions the
    cursor has passed beyond it.
    """

    def __init__(self, epoch: UUID, earliest: int, resume: int, lost: int) -> None:
        super().__init__(epoch, earliest)
        self.resume = resume
        self.lost = lost
