"""What a firm's software does first, over the generated client: CITY LATER TOKEN ORDER_ID."""

import sys
import uuid

from openapi_client import (
    ApiClient,
    ApiException,
    ComplaintsApi,
    Configuration,
    EldersApi,
    Problem,
    SupervisionV1FileComplaint,
)

city, later, token, order_id = sys.argv[1:]


def client(address: str) -> ApiClient:
    return ApiClient(Configuration(host=address, access_token=token))


with client(city) as here:
    print("elders", len(EldersApi(here).assessment_v1_elders_list(limit=3).rows))
    filed = ComplaintsApi(here).supervision_v1_complaints_file(
        uuid.uuid4().hex,
        SupervisionV1FileComplaint(order_id=order_id, channel="CHANNEL_HOTLINE"),
    )
    print("complaint of", filed.order_id)
    try:
        EldersApi(here).assessment_v1_elders_list(name="\u202e")
    except ApiException as refused:
        problem = Problem.from_json(refused.body)
        print("problem", refused.status, problem.reason, problem.errors[0].var_field)
if later != "-":
    with client(later) as there:
        first = EldersApi(there).assessment_v1_elders_list(limit=3).rows[0]
        print("later", first.elder.living)
