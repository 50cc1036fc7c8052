"""A seeded small city."""

from datacenter.testing.elders import an_elder_lives
from datacenter.testing.facilities import a_facility_opens, a_worker_works
from datacenter.testing.organisations import RESIDENTS, a_house_is_staffed, an_organisation_moves
from datacenter.testing.story import Story


class History(Story):
    """A seeded small city: what its services say, each thing's events in their order."""

    def grow(self, elders: int) -> "History":
        """Adds facilities, workers and this many elders with all that becomes of them."""
        an_organisation_moves(self, self.organisation)
        for residents, level in RESIDENTS:
            a_house_is_staffed(self, residents, level)
        for worker_id in self.worker_ids:
            a_worker_works(self, worker_id)
        for _ in range(4):
            a_facility_opens(self)
        for _ in range(elders):
            an_elder_lives(self)
        return self
