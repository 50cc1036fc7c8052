"""Over a real gRPC channel, with real tokens."""

import uuid

import pytest
from eldercare.assessment.v1 import events_pb2 as assessment_events
from eldercare.facility.v1 import api_pb2 as api

from facility.context import GROUP
from facility.testing import CITY, a_facility, a_worker, an_elder_state, an_organisation
from kit.contracts.refusals import Conflict, Denied, NotFound, Refusal
from testkit.delivery import deliver

ORGANISATIONS, FACILITIES, STAYS, WORKERS = (
    f"eldercare.facility.v1.{name}" for name in ("Organisations", "Facilities", "Stays", "Workers")
)
OFFICIAL = {"roles": ["official"], "area": CITY}


@pytest.fixture
async def service(served):
    return await served("facility")


@pytest.fixture
async def firm(service) -> str:
    return (
        await service.call(f"{ORGANISATIONS}/Register", an_organisation(), **OFFICIAL)
    ).organisation.organisation_id


async def test_from_a_firm_to_a_stay_and_its_end(service, firm: str):
    home = {"roles": ["home"], "organisation_id": firm}
    facility_id = (
        await service.call(f"{FACILITIES}/Open", a_facility(firm), **OFFICIAL)
    ).facility.facility_id
    state = an_elder_state()
    admit = api.AdmitElder(facility_id=facility_id, elder_id=state.elder_id, began_on="2026-03-01")
    with pytest.raises(Conflict) as refused:
        await service.call(f"{STAYS}/Admit", admit, **home)
    assert (refused.value.reason, refused.value.retry_after_s) == ("ELDER_NOT_KNOWN_YET", 2)
    await deliver(service.store, GROUP, assessment_events.ElderRegistered(elder=state))

    began = await service.call(f"{STAYS}/Admit", admit, **home)

    family = {"roles": ["family"], "elder_ids": [state.elder_id]}
    assert [
        row.stay_id for row in (await service.call(f"{STAYS}/List", api.ListStays(), **family)).rows
    ] == [began.stay_id]
    ended = await service.call(
        f"{STAYS}/Discharge",
        api.DischargeElder(stay_id=began.stay_id, ended_on="2026-03-02"),
        **home,
    )
    assert ended.ended_on == "2026-03-02"


async def test_a_credit_code_with_a_wrong_check_character_names_the_field(service):
    with pytest.raises(Refusal) as refused:
        await service.call(
            f"{ORGANISATIONS}/Register",
            an_organisation(credit_code="91341100MA00002851"),
            **OFFICIAL,
        )

    assert (refused.value.reason, refused.value.field) == ("WRONG_CHECK_CHARACTER", "credit_code")


async def test_a_certificate_without_an_end_is_taken_and_one_of_a_far_day_is_refused(
    service, firm: str
):
    for day in ("0001-01-01", "2200-01-01", "9999-12-30"):
        with pytest.raises(Refusal) as refused:
            await service.call(
                f"{WORKERS}/Register", a_worker(firm, certified_until=day), **OFFICIAL
            )
        assert refused.value.violations == (
            ("certified_until", "lies from 1976-03-01 to 2076-03-02, or is 9999-12-31 for no end"),
        )

    reply = await service.call(
        f"{WORKERS}/Register", a_worker(firm, certified_until="9999-12-31"), **OFFICIAL
    )
    assert reply.worker.certified_until == "9999-12-31"


async def test_another_firm_sees_nothing_and_changes_nothing(service, firm: str):
    facility_id = (
        await service.call(f"{FACILITIES}/Open", a_facility(firm), **OFFICIAL)
    ).facility.facility_id
    worker_id = (
        await service.call(f"{WORKERS}/Register", a_worker(firm), **OFFICIAL)
    ).worker.worker_id
    stranger = {"roles": ["home"], "organisation_id": str(uuid.uuid4())}

    for method, question in (
        (f"{FACILITIES}/Get", api.GetFacility(facility_id=facility_id)),
        (f"{FACILITIES}/ListBeds", api.GetFacility(facility_id=facility_id)),
        (f"{ORGANISATIONS}/Get", api.GetOrganisation(organisation_id=firm)),
        (f"{ORGANISATIONS}/GetStaffing", api.GetOrganisation(organisation_id=firm)),
        (f"{WORKERS}/Get", api.GetWorker(worker_id=worker_id)),
        (f"{WORKERS}/Leave", api.LeaveWorker(worker_id=worker_id)),
    ):
        with pytest.raises(NotFound):
            await service.call(method, question, **stranger)
    for method, question in (
        (f"{FACILITIES}/List", api.ListFacilities()),
        (f"{ORGANISATIONS}/List", api.ListOrganisations()),
        (f"{WORKERS}/List", api.ListWorkers()),
        (f"{STAYS}/List", api.ListStays()),
    ):
        assert not (await service.call(method, question, **stranger)).rows


async def test_two_firms_may_make_up_the_same_key(service, firm: str):
    """One program speaks for both; each has its own effect, and its own answer again."""
    reply = await service.call(f"{ORGANISATIONS}/Register", an_organisation(), **OFFICIAL)
    workers = [a_worker(firm), a_worker(reply.organisation.organisation_id)]

    async def register(worker: api.RegisterWorker) -> str:
        answer = await service.call(
            f"{WORKERS}/Register",
            worker,
            roles=["provider"],
            organisation_id=worker.organisation_id,
            subject="the office",
            client_id="a program of many firms",
            key="2026-03-02-1",
        )
        return answer.worker.worker_id

    first = [await register(worker) for worker in workers]
    again = [await register(worker) for worker in workers]

    assert first == again
    assert len(set(first)) == 2


async def test_a_provider_opens_no_facility(service, firm: str):
    with pytest.raises(Denied):
        await service.call(
            f"{FACILITIES}/Open", a_facility(firm), roles=["provider"], organisation_id=firm
        )


async def test_staffing_of_an_empty_house_needs_nobody(service, firm: str):
    staffing = await service.call(
        f"{ORGANISATIONS}/GetStaffing", api.GetOrganisation(organisation_id=firm), **OFFICIAL
    )

    assert (staffing.residents, staffing.required_caregivers, staffing.HasField("share")) == (
        0,
        0,
        False,
    )
