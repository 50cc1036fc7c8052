"""Applications and their assessors, on a real PostgreSQL."""

import pytest
from eldercare.assessment.v1 import api_pb2 as api

from assessment.applications import flows as applications
from assessment.applications.errors import ApplicationNotOpen, ApplicationOpen
from assessment.testing import FIRST, OFFICIAL, SECOND, an_application, an_elder, assign
from kit.db.store import Session


async def test_one_elder_has_one_open_application(session: Session):
    elder = await an_elder(session)
    there = await an_application(session, elder.elder_id)

    with pytest.raises(ApplicationOpen, match=there):
        await an_application(session, elder.elder_id)


async def test_a_withdrawn_application_cannot_be_assigned(session: Session):
    application_id = await an_application(session, (await an_elder(session)).elder_id)
    await applications.withdraw(
        session, api.WithdrawApplication(application_id=application_id), OFFICIAL
    )

    with pytest.raises(ApplicationNotOpen):
        await assign(session, application_id, FIRST, SECOND)
