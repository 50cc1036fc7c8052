"""Who may get a token of the built-in issuer: programs by a secret, demo users of one box."""

from collections.abc import Mapping

from gateway.issuer.tokens import SCOPE, Claims
from kit.contracts import texts
from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Malformed
from kit.security.access import NAME_MOST, ROLES

LIST_OF = Phrase("is a list of {names}", "应为列表，成员为 {names}", key="LIST_OF")
SHORT_TEXT = Phrase(
    "is a text of 1 to {most} characters", "应为 1 至 {most} 个字符的文本", key="SHORT_TEXT"
)
SIMULATOR = "simulator"
# What a client is: `smoke` reads a board, the register of organisations, what is open to everybody
# and a feed without events, and changes nothing; the rest are services.
CLIENTS: dict[str, Claims] = {
    SIMULATOR: {"roles": ["operator"]},
    "smoke": {
        "roles": ["monitor"],
        "area": "341100000000",
    },
}
SERVICE: Claims = {"roles": ["service"]}
DEMO_PASSWORD = "demo"  # the demo users of a city that forgets; no other account has a default
# roles that need no one registered; a user of an organisation, a worker, an elder is added by
# whoever registered them
DEMO_USERS: tuple[Claims, ...] = (
    {
        "username": "city",
        "title": "滁州市民政局 City civil affairs",
        "roles": ["official", "inspector"],
        "area": "341100000000",
    },
    {
        "username": "langya",
        "title": "琅琊区民政局 County civil affairs",
        "roles": ["official", "inspector"],
        "area": "341102000000",
    },
    {
        "username": "tianchang",
        "title": "天长市民政局 County civil affairs, Tianchang",
        "roles": ["official"],
        "area": "341181000000",
    },
    {
        "username": "hotline",
        "title": "12349 热线坐席 Hotline operator",
        "roles": ["hotline"],
        "area": "341100000000",
    },
    {
        "username": "inspector",
        "title": "市级监管员 City inspector",
        "roles": ["inspector"],
        "area": "341100000000",
    },
    {
        "username": "assessor",
        "title": "评估员 Assessor",
        "roles": ["assessor"],
        "area": "341100000000",
        "worker_id": "00000000-0000-7000-8000-00000000a55e",
    },
    # one signs, the other countersigns; who registers, assigns and approves: `hotline`, `langya`
    # or `tianchang`, `city`
    {
        "username": "assessor2",
        "title": "第二评估员 Second assessor",
        "roles": ["assessor"],
        "area": "341100000000",
        "worker_id": "00000000-0000-7000-8000-00000000a55f",
    },
    {"username": "operator", "title": "平台运维 Platform operator", "roles": ["operator"]},
)


def claims_of(person: Mapping[str, object]) -> dict[str, str | list[str]]:
    """The roles and the scope of a person, out of JSON.

    Raises: Malformed.
    """
    roles = person.get("roles")
    if not isinstance(roles, list) or not roles or not all(str(role) in ROLES for role in roles):
        raise Malformed("roles", LIST_OF.of(names=", ".join(sorted(ROLES))))
    claims: dict[str, str | list[str]] = {"roles": [str(role) for role in roles]}
    for name in SCOPE:
        if given := person.get(name):
            claims[name] = (
                [text_of(name, one) for one in given]
                if isinstance(given, list) and name == "elder_ids"
                else text_of(name, given)
            )
    return claims


def text_of(name: str, value: object) -> str:
    """A text of a person's that can be stored. Raises: Malformed."""
    if not isinstance(value, str) or not value or len(value) > NAME_MOST:
        raise Malformed(name, SHORT_TEXT.of(most=NAME_MOST))
    if rule := texts.fault(value):
        raise Malformed(name, rule)
    return value
