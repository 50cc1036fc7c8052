"""Over a real gRPC channel, with real tokens."""

import uuid

import pytest
from eldercare.assessment.v1 import api_pb2 as api
from google.api.httpbody_pb2 import HttpBody

from assessment.context import GROUP
from assessment.testing import CITY, a_completion, a_registration, a_signature
from kit.contracts import numbers
from kit.contracts.refusals import Conflict, Denied, Malformed, NotFound, Refusal
from kit.rpc.client import Client
from testkit.delivery import fire

ELDERS, APPLICATIONS, ASSESSMENTS, IMPORTS = (
    f"eldercare.assessment.v1.{name}"
    for name in ("Elders", "Applications", "Assessments", "Imports")
)
OFFICIAL = {"roles": ["official"], "area": CITY}
ASSIGNING = {**OFFICIAL, "subject": "assigning"}
FIRST, SECOND = (str(uuid.UUID(int=number)) for number in (1, 2))


async def recorded(service):
    """Who looked, through which program, how, and at whom."""
    async with service.store.reading() as session:
        rows = await (await session.driver()).fetch(
            "select subject, client_id, method, elder_ids from audit_record order by audit_id"
        )
    return [tuple(row) for row in rows]


async def test_who_learns_that_somebody_is_registered_leaves_a_record(served):
    service = await served("assessment")
    first = a_registration()
    elder_id = (await service.call(f"{ELDERS}/Register", first, **OFFICIAL)).elder.elder_id
    digits = f"{first.id_number[:14]}99{first.id_number[16]}"
    other_number = a_registration(id_number=digits + numbers.resident_check(digits))
    assert await recorded(service) == []

    for command, caller in ((first, "one"), (other_number, "two")):
        del command.hardships[:]
        with pytest.raises(Refusal):
            await service.call(
                f"{ELDERS}/Register", command, roles=["hotline"], area=CITY, subject=caller
            )

    assert [(subject, whose) for subject, _, _, whose in await recorded(service)] == [
        ("one", [elder_id]),
        ("two", [elder_id]),
    ]


async def test_from_registration_to_a_result(served):
    service = await served("assessment")
    elder_id = (
        await service.call(f"{ELDERS}/Register", a_registration(), **OFFICIAL)
    ).elder.elder_id
    family = {"roles": ["family"], "elder_ids": [elder_id]}

    submitted = await service.call(
        f"{APPLICATIONS}/Submit",
        api.SubmitApplication(elder_id=elder_id, reason=1, channel=3),
        **family,
    )
    assign = api.AssignAssessors(
        application_id=submitted.application_id, assessor_ids=[FIRST, SECOND]
    )
    await service.call(f"{APPLICATIONS}/Assign", assign, **ASSIGNING)
    done = await service.call(
        f"{ASSESSMENTS}/Complete",
        a_completion(submitted.application_id),
        roles=["assessor"],
        area=CITY,
        subject=FIRST,
    )
    await service.call(
        f"{ASSESSMENTS}/Sign", a_signature(done), roles=["assessor"], area=CITY, subject=SECOND
    )

    seen = await service.call(
        f"{ASSESSMENTS}/Get", api.GetAssessment(assessment_id=done.assessment_id), **family
    )
    assert (seen.level, seen.HasField("level"), seen.state) == (
        0,
        True,
        api.Assessment.STATE_PUBLIC,
    )
    with pytest.raises(Refusal) as refused:
        await service.call(
            f"{ASSESSMENTS}/Approve",
            api.ApproveAssessment(assessment_id=done.assessment_id),
            **OFFICIAL,
        )
    assert refused.value.reason == "PUBLICITY_RUNNING"


async def test_the_same_key_twice_registers_once(served):
    service = await served("assessment")
    command = a_registration()

    first = await service.call(f"{ELDERS}/Register", command, key="k1", **OFFICIAL)

    assert await service.call(f"{ELDERS}/Register", command, key="k1", **OFFICIAL) == first
    with pytest.raises(Conflict) as refused:
        await service.call(f"{ELDERS}/Register", command, key="k2", **OFFICIAL)
    assert (refused.value.reason, refused.value.field) == ("KNOWN_ALREADY", "id_number")


async def test_a_missing_answer_gives_no_result(served):
    service = await served("assessment")
    completion = a_completion(FIRST)
    completion.answers.ClearField("memory")

    with pytest.raises(Malformed) as refused:
        await service.call(f"{ASSESSMENTS}/Complete", completion, roles=["assessor"], area=CITY)
    assert refused.value.field == "answers.memory"


async def test_contact_is_for_services_alone_and_leaves_a_record(served, issuer):
    service = await served("assessment")
    elder_id = (
        await service.call(f"{ELDERS}/Register", a_registration(), **OFFICIAL)
    ).elder.elder_id
    question = api.GetElder(elder_id=elder_id)

    contact = await service.call(
        f"{ELDERS}/Contact", question, token=issuer.service_token("dispatch")
    )

    assert (contact.name, contact.phone, contact.lon) == ("李小明", "13800000001", 118.3)
    with pytest.raises(Denied):
        await service.call(f"{ELDERS}/Contact", question, **OFFICIAL)
    assert await recorded(service) == [("dispatch", "dispatch", f"{ELDERS}.Contact", [elder_id])]


async def test_the_contact_asked_on_a_users_behalf_is_recorded_as_the_users(served, issuer):
    service = await served("assessment")
    elder_id = (
        await service.call(f"{ELDERS}/Register", a_registration(), **OFFICIAL)
    ).elder.elder_id

    client = Client(service.address)
    await client.call(
        f"{ELDERS}/Contact",
        api.GetElder(elder_id=elder_id),
        token=issuer.service_token("dispatch"),
        on_behalf_of=issuer.token(("hotline",), subject="li", area=CITY),
    )
    await client.close()

    assert await recorded(service) == [("li", "dispatch", f"{ELDERS}.Contact", [elder_id])]


async def test_who_reads_files_or_searches_for_them_is_recorded(served):
    service = await served("assessment")
    elder_ids = [
        (await service.call(f"{ELDERS}/Register", a_registration(), **OFFICIAL)).elder.elder_id
        for _ in range(2)
    ]
    li = {**OFFICIAL, "subject": "li"}

    await service.call(f"{ELDERS}/Get", api.GetElder(elder_id=elder_ids[0]), **li)
    await service.call(f"{ELDERS}/List", api.ListElders(), **li)
    await service.call(f"{ELDERS}/List", api.ListElders(phone="13999999999"), **li)
    with pytest.raises(NotFound):
        await service.call(f"{ELDERS}/Get", api.GetElder(elder_id=FIRST), **li)

    records = await recorded(service)
    assert {record[0] for record in records} == {"li"}
    assert [record[2:] for record in records] == [
        (f"{ELDERS}.Get", elder_ids[:1]),
        (f"{ELDERS}.List", sorted(elder_ids)),
        (f"{ELDERS}.List", []),
    ]


async def test_contact_of_nobody_is_not_found(served, issuer):
    service = await served("assessment")

    with pytest.raises(NotFound):
        await service.call(
            f"{ELDERS}/Contact",
            api.GetElder(elder_id=FIRST),
            token=issuer.service_token("dispatch"),
        )


async def test_an_import_answers_at_once_and_shows_its_progress(served):
    service = await served("assessment")
    command = a_registration()
    header = "name,id_number,area_code,living\n"
    good = f"{command.name},{command.id_number},{command.area_code},ALONE\n"
    bad = f"x,1,{command.area_code},ALONE\n"

    started = await service.call(
        f"{IMPORTS}/Start",
        HttpBody(content_type="text/csv", data=(header + good + bad).encode()),
        **OFFICIAL,
    )
    assert (started.state, started.rows, started.done) == (api.Import.STATE_RUNNING, 2, 0)
    await fire(service.store, GROUP)

    question = api.GetImport(import_id=started.import_id)
    job = await service.call(f"{IMPORTS}/Get", question, **OFFICIAL)
    assert (job.state, job.registered, job.failed) == (api.Import.STATE_DONE, 1, 1)
    failed = await service.call(f"{IMPORTS}/FailedRows", question, **OFFICIAL)
    assert (
        failed.data.decode("utf-8-sig").splitlines()[0]
        == "name,id_number,area_code,living,error_field,error_rule,error_text,error_text_zh"
    )
    assert [record[2] for record in await recorded(service)] == [f"{IMPORTS}.FailedRows"]


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        ("ListElders", "Elders"),
        ("ListApplications", "Applications"),
        ("ListAssessments", "Assessments"),
    ],
)
async def test_a_list_shows_no_row_of_another_county(served, question: str, reply: str):
    service = await served("assessment")
    elder_id = (
        await service.call(f"{ELDERS}/Register", a_registration(), **OFFICIAL)
    ).elder.elder_id
    submitted = await service.call(
        f"{APPLICATIONS}/Submit",
        api.SubmitApplication(elder_id=elder_id, reason=1, channel=1),
        **OFFICIAL,
    )
    assign = api.AssignAssessors(
        application_id=submitted.application_id, assessor_ids=[FIRST, SECOND]
    )
    await service.call(f"{APPLICATIONS}/Assign", assign, **ASSIGNING)
    done = await service.call(
        f"{ASSESSMENTS}/Complete",
        a_completion(submitted.application_id),
        roles=["assessor"],
        area=CITY,
        subject=FIRST,
    )
    await service.call(
        f"{ASSESSMENTS}/Sign", a_signature(done), roles=["assessor"], area=CITY, subject=SECOND
    )
    method, empty = f"eldercare.assessment.v1.{reply}/List", getattr(api, question)()

    assert len((await service.call(method, empty, **OFFICIAL)).rows) == 1
    assert (
        len((await service.call(method, empty, roles=["official"], area="341102000000")).rows) == 1
    )
    assert not (await service.call(method, empty, roles=["official"], area="341182000000")).rows
    assert not (await service.call(method, empty, roles=["family"], elder_ids=[FIRST])).rows
