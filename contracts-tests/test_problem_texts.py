"""Whatever the platform refuses, it tells in both languages, and a page explains it. The texts
stand beside the refusals; here all of them are walked.

Where one is missing: `text = Phrase("…", "…")` in the class, or a module's
`RULE = Phrase("…", "…", key="RULE")` for a rule of a field (CONTRIBUTING, "Refuse something").
"""

import ast
import re
import string
from collections.abc import Iterator

import httpx
import pytest
from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from sources import Source, called, packages
from starlette.applications import Starlette

from city.operations import problems
from gateway.contracts.methods import descriptor_of, methods
from gateway.http import catalogue
from gateway.http.problems import page_of
from kit.contracts import rules
from kit.contracts.phrases import Phrase, terms

CHINESE = re.compile("[\u4e00-\u9fff]")
HOW = 'is told in both languages by `text = Phrase("…", "…")` of its class'
# names in code and in facts are no sentence
LATIN_SENTENCE = re.compile(r"[a-z]{2,} [a-z]{2,}")
_CODE = re.compile(r"`[^`]*`|\{[^}]*\}")
# first argument, or keyword, that names what is not found
_NAMING = {"get_locked": 0, "get_seen": 0, "NotFound": 0, "check": None}


def literal(node: ast.expr) -> str | None:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return value if isinstance(value, str) else None


def phrases() -> Iterator[tuple[str, str, str]]:
    """Where, English, Chinese of each phrase that the source writes down."""
    for source in packages():
        for node in ast.walk(source.tree):
            if called(node).rpartition(".")[2] == "Phrase" and isinstance(node, ast.Call):
                texts = [literal(argument) for argument in node.args]
                if len(texts) == 2 and texts[0] is not None and texts[1] is not None:
                    yield f"{source.name}:{node.lineno}", texts[0], texts[1]


def facts(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_phrase_is_the_same_in_both_languages() -> None:
    found = list(phrases())

    assert len(found) > 200
    assert [
        (where, en, zh)
        for where, en, zh in found
        if not (CHINESE.search(zh) or facts(zh) == facts(en) != set())
        or CHINESE.search(en)
        or facts(en) != facts(zh)
        or LATIN_SENTENCE.search(_CODE.sub("", zh))
    ] == []


def test_every_refusal_has_a_text_of_its_own() -> None:
    silent = [
        f"{kind.__module__}.{kind.__name__} {HOW}"
        for kind in problems.refusals()
        if "text" not in vars(kind) or not getattr(kind.text, "zh", "")
    ]

    assert silent == []


def test_a_rule_has_one_key_and_a_key_one_rule() -> None:
    found: dict[str, set[str]] = {}
    for module in problems.modules():
        for name, value in vars(module).items():
            # a private one is another with its facts
            if isinstance(value, Phrase) and value.key and not name.startswith("_"):
                found.setdefault(value.key, set()).add(str(value))

    assert {key: texts for key, texts in found.items() if len(texts) > 1} == {}
    assert [key for key in found if not re.fullmatch("[A-Z][A-Z0-9_]+", key)] == []


def test_a_broken_rule_is_a_phrase_with_a_key() -> None:
    """A sentence that is written where it is raised has none, and is lost in the other language."""
    wrong = [
        f"{source.name}:{node.lineno} names its rule by a phrase of the module"
        for source in packages()
        for node in ast.walk(source.tree)
        if called(node).rpartition(".")[2] == "Malformed" and isinstance(node, ast.Call)
        for rule in node.args[1:2]
        if isinstance(rule, ast.Constant | ast.JoinedStr) or called(rule) == "Phrase"
    ]

    assert wrong == []


def constrained(kind: Descriptor, seen: set[str]) -> Iterator[FieldDescriptor]:
    if kind.full_name in seen:
        return
    seen.add(kind.full_name)
    for field in kind.fields:
        yield field
        if field.message_type is not None:
            yield from constrained(field.message_type, seen)


def test_every_constraint_of_a_contract_has_words() -> None:
    seen: set[str] = set()
    checked = 0
    for method in methods():
        for field in constrained(descriptor_of(method.request), seen):
            for name in _constraints(field):
                rule = rules.of_contract(name, field)
                checked += 1
                assert rule.key not in ("", "FORM", "CONTRACT"), f"{field.full_name}: {name}"
                assert CHINESE.search(rule.zh), f"{field.full_name}: {name}"
                assert "{" not in rule, f"{field.full_name}: {name}"

    assert checked > 200


def _constraints(field: FieldDescriptor) -> Iterator[str]:
    """What protovalidate may call the rules of a field."""
    whole = field.GetOptions().Extensions[validate_pb2.field]
    yield from ["required"] if whole.required else []
    for rules_ in (whole, whole.repeated.items) if field.is_repeated else (whole,):
        kind = rules_.WhichOneof("type")
        names = {one.name for one, _ in (getattr(rules_, kind).ListFields() if kind else ())} - {
            "items"
        }
        if {"gte", "lte"} <= names:
            names = names - {"gte", "lte"} | {"gte_lte"}
        yield from (f"{kind}.{name}" for name in sorted(names))


def named(source: Source) -> Iterator[tuple[int, str]]:
    for node in ast.walk(source.tree):
        function = called(node).rpartition(".")[2]
        if function not in _NAMING or not isinstance(node, ast.Call):
            continue
        place = _NAMING[function]
        given = [keyword.value for keyword in node.keywords if keyword.arg == "kind"]
        given += node.args[place : place + 1] if place is not None else []
        for one in given:
            name = literal(one) or (one.id if isinstance(one, ast.Name) else "")
            if name and (literal(one) or name[0].isupper()) and not name.isupper():
                yield node.lineno, re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def test_whatever_is_not_found_has_a_chinese_name() -> None:
    """`protos/eldercare/terms.yaml` has it."""
    business = [source for source in packages() if source.name.split(".")[0] in problems.NAMES]

    assert {
        f"{source.name}:{line} {name}"
        for source in business
        for line, name in named(source)
        if name not in terms()
    } == set()


@pytest.fixture(scope="module")
def collected() -> catalogue.Catalogue:
    return problems.catalogue()


@pytest.mark.parametrize(("wanted", "tag"), [("zh-CN,zh;q=0.9", "zh-CN"), ("en-GB", "en")])
async def test_every_type_of_problem_has_a_page_in_both_languages(
    collected: catalogue.Catalogue, wanted: str, tag: str
) -> None:
    application = Starlette(routes=catalogue.routes(collected))
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        pages = {
            reason: await http.get(page_of(reason), headers={"Accept-Language": wanted})
            for reason in collected
        }
        index = await http.get("/problems", headers={"Accept-Language": wanted})
        listed = await http.get("/problems", headers={"Accept": "application/json"})
        nobody = await http.get("/problems/nobody-knows", headers={"Accept-Language": wanted})

    assert {page.status_code for page in pages.values()} == {200}
    assert {page.headers["content-language"] for page in pages.values()} == {tag}
    language = "zh" if tag == "zh-CN" else "en"
    for reason, page in pages.items():
        assert all(_plain(text[language]) in page.text for text in collected[reason]["texts"]), (
            reason
        )
    assert all(page_of(reason) in index.text for reason in collected)
    assert listed.json()["problems"].keys() == collected.keys()
    assert (nobody.status_code, nobody.headers["content-language"]) == (404, tag)


def _plain(text: str) -> str:
    """As HTML has it."""
    return text.replace("&", "&amp;").replace("'", "&#x27;").replace('"', "&quot;")


def test_a_fact_that_is_a_sentence_is_a_phrase() -> None:
    wrong = [
        f"{source.name}:{node.lineno} {keyword.arg} is a phrase of the module"
        for source in packages()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and called(node).rpartition(".")[2][:1].isupper()
        for keyword in node.keywords
        if keyword.arg == "why" and isinstance(keyword.value, ast.Constant | ast.JoinedStr)
    ]

    assert wrong == []
