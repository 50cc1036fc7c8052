"""Routes and documents follow from the contracts."""

import re
from functools import cache

import protovalidate
import pytest
from buf.validate import validate_pb2

from gateway.contracts import openapi, transcode
from gateway.contracts.methods import Method, methods

document = cache(openapi.openapi)  # the same for all tests; it takes a while


def test_every_public_method_has_one_route() -> None:
    routes = [(method.verb, method.path) for method in methods()]

    assert len(routes) == len(set(routes))
    assert ("POST", "/v1/elders/{elder_id}:report-death") in routes


def test_every_field_of_a_path_is_a_field_of_the_request() -> None:
    for method in methods():
        assert set(re.findall(r"{(\w+)}", method.path)) <= set(
            method.request.DESCRIPTOR.fields_by_name
        ), method.full_name


def test_every_route_declares_who_may_call() -> None:
    for method in methods():
        assert method.access.open or (method.access.roles and not method.access.internal), (
            method.full_name
        )


def test_what_changes_something_is_a_post() -> None:
    for method in methods():
        assert not method.access.writes or method.verb == "POST", method.full_name


def test_the_document_refers_only_to_what_it_holds() -> None:
    whole = document()
    names = set(whole["components"]["schemas"])

    assert set(re.findall(r"#/components/schemas/([\w.]+)", repr(whole))) <= names
    assert whole["paths"]["/v1/elders"]["post"]["requestBody"]["content"]["application/json"][
        "schema"
    ]["$ref"].endswith("RegisterElder")


def test_comments_of_the_contracts_are_in_the_document() -> None:
    schema = document()["components"]["schemas"]["assessment.v1.RegisterElder"]

    assert "check character" in schema["properties"]["id_number"]["description"]
    assert schema["properties"]["id_number"]["pattern"] == "^[0-9]{17}[0-9Xx]$|^[0-9]{15}$"
    assert {"name", "id_number", "area_code", "living"} <= set(schema["required"])


@pytest.mark.parametrize("method", methods(), ids=lambda one: one.full_name)
def test_a_request_requires_what_the_contract_refuses_it_without(method: Method) -> None:
    operation = document()["paths"][method.path][method.verb.lower()]
    required = {
        one["name"] for one in operation["parameters"] if one["required"] and one["in"] != "header"
    }
    if method.body and not method.takes_file:
        required |= set(_body_of(operation["requestBody"]).get("required", ()))

    violations = protovalidate.collect_violations(method.request())

    refused = {
        one.proto.field.elements[0].field_name for one in violations if one.proto.field.elements
    }
    assert required == refused | set(re.findall(r"{(\w+)}", method.path))


@pytest.mark.parametrize(
    "method",
    [method for method in methods() if not method.gives_file],
    ids=lambda one: one.full_name,
)
def test_an_answer_requires_what_is_always_printed(method: Method) -> None:
    operation = document()["paths"][method.path][method.verb.lower()]
    schema = _body_of(operation["responses"]["202" if method.is_job else "200"])

    always = set(transcode.document(method.reply()))

    declared = {
        field.name
        for field in method.reply.DESCRIPTOR.fields
        if field.GetOptions().Extensions[validate_pb2.field].required
    }
    assert set(schema.get("required", ())) == always | declared


def _body_of(holder: dict) -> dict:
    schema = holder["content"]["application/json"]["schema"]
    name = schema.get("$ref", "").rpartition("/")[2]
    return document()["components"]["schemas"][name] if name else schema
