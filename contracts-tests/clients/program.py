"""What a firm's software does first, over the generated client: CITY LATER TOKEN ORDER_ID."""

import inspect
import sys
import uuid

import openapi_client
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


def lists_read(here: ApiClient) -> int:
    """Of the lists that can be asked for without a parameter, how many are read; the others are
    refused to this caller.
    """
    read = 0
    for name, kind in vars(openapi_client).items():
        for method in vars(kind) if name.endswith("Api") else ():
            if not method.endswith("_list"):
                continue
            ask = getattr(kind(here), method)
            given = inspect.signature(ask).parameters.values()
            if any(one.default is one.empty for one in given):
                continue
            try:
                ask()
                read += 1
            except ApiException as refused:
                if refused.status != 403:
                    raise
    return read


with client(city) as here:
    print("lists", lists_read(here))
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
