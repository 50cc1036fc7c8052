"""Which of several levels counts."""

import uuid
from datetime import date, timedelta

from eldercare.assessment.v1 import events_pb2 as assessment_events

from facility.replicas import flows as replicas
from facility.replicas.tables import Elder
from facility.testing import elder
from kit.db.store import Session


async def test_the_latest_level_counts_in_whatever_order_it_comes(session: Session):
    person = await elder(session)
    for valid_from, level in (("2026-02-01", 3), ("2025-02-01", 1)):
        until = (date.fromisoformat(valid_from) + timedelta(days=365)).isoformat()
        await replicas.keep_level(
            session,
            assessment_events.AssessmentApproved(
                elder_id=person, level=level, valid_from=valid_from, valid_to=until
            ),
        )

    driver = await session.driver()
    assert (
        await driver.fetchval("select level from ability where elder_id = $1", uuid.UUID(person))
        == 3
    )
    assert (await session.get(Elder, uuid.UUID(person))).area_code
