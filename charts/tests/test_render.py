"""A render is a pure function of the values, the same by both Helms."""

import re

import pytest
from chart import CHART, HELMS, SCENARIOS, objects, render, text_of

TEMPLATES = sorted(path for path in (CHART / "templates").rglob("*") if path.is_file())
# What would make two renders differ, or a render without a cluster differ from one with it.
IMPURE = re.compile(
    r"\b(lookup|rand(Alpha|AlphaNum|Numeric|Ascii|Bytes|Int)|now|date|ago|unixEpoch|uuidv4|gen(PrivateKey|CA|SelfSignedCert|SignedCert)\w*"
    r"|derivePassword|htpasswd|getHostByName)\b|\.Capabilities|\.Release\.(Revision|IsInstall|IsUpgrade)",
)


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("helm", HELMS)
def test_two_renders_are_the_same_to_the_byte(scenario: str, helm: str) -> None:
    assert render(SCENARIOS[scenario], with_helm=helm) == text_of(scenario, helm)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_both_helms_render_the_same_objects(scenario: str) -> None:
    by_helm4, by_helm3 = (
        {
            str((found["kind"], found["metadata"]["name"])): found
            for found in objects(text_of(scenario, helm))
        }
        for helm in HELMS
    )

    assert by_helm4 == by_helm3


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_asks_neither_cluster_nor_clock_nor_luck(path: object) -> None:
    text = re.sub(
        r"{{-?\s*/\*.*?\*/\s*-?}}",
        "",
        (CHART / "templates" / str(path)).read_text(),
        flags=re.DOTALL,
    )
    code = " ".join(re.findall(r"{{.*?}}", text, flags=re.DOTALL))

    assert not IMPURE.search(code)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_object_is_rendered_once_and_into_the_namespace_of_the_release(scenario: str) -> None:
    found = objects(text_of(scenario))
    names = [(each["apiVersion"], each["kind"], each["metadata"]["name"]) for each in found]

    assert len(names) == len(set(names))
    assert {each["metadata"].get("namespace", "city") for each in found} == {"city"}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_number_is_written_as_a_power_of_ten(scenario: str) -> None:
    assert not re.search(r"\d[eE]\+\d", text_of(scenario))


def test_large_numbers_stay_whole_on_their_way_into_the_environment() -> None:
    text = render(
        SCENARIOS["minimal"],
        "kafka.partitions=1000000",
        "services.subsidy.terminationGracePeriodSeconds=1000000",
    )

    assert 'value: "1000000"' in text
    assert "terminationGracePeriodSeconds: 1000000\n" in text


def test_the_least_values_render_core_kinds_alone() -> None:
    kinds = {each["apiVersion"] for each in objects(text_of("minimal"))}

    assert kinds <= {"v1", "apps/v1", "batch/v1", "policy/v1"}


@pytest.mark.parametrize(
    "release",
    ["eldercare", "my-eldercare", "a", "a-name-that-is-as-long-as-helm-lets-one-be-that-is-53"],
)
def test_names_of_any_release_fit(release: str) -> None:
    found = [
        (each["kind"], each["metadata"]["name"])
        for each in objects(render(SCENARIOS["job-mode"], release=release))
    ]

    assert (
        max(len(name) for kind, name in found if kind != "ConfigMap") <= 63
    )  # these become labels or host names
    assert len(set(found)) == len(found)
