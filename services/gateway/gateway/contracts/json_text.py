"""A JSON object out of bytes, read strictly: UTF-8, every name once, told in our own words."""

import json
from typing import cast

from kit.contracts import rules, texts
from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Malformed

_DIGITS_MOST = 30  # a longer number fits no field; Python refuses to read it beyond 4 300 digits
_NAME_MOST = 60

IN_UTF8 = Phrase("is text in UTF-8", "应为 UTF-8 文本", key="IN_UTF8")
JSON = Phrase("is JSON", "应为 JSON", key="JSON")
LESS_NESTED = Phrase("is not nested so deeply", "嵌套不得如此之深", key="LESS_NESTED")

Document = dict[str, object]


def document(body: bytes) -> Document:
    """The object of a body; an empty body is an empty object.

    Raises: Malformed, naming the body, or the name that is given twice.
    """
    twice: list[tuple[Document, str]] = []

    def object_(pairs: list[tuple[str, object]]) -> Document:
        made = dict(pairs)
        if len(made) < len(pairs):
            given = [name for name, _ in pairs]
            twice.append((made, next(name for name in made if given.count(name) > 1)))
        return made

    try:
        text = body.decode("utf-8-sig")
        read = (
            json.loads(text, object_pairs_hook=object_, parse_int=_number) if text.strip() else {}
        )
        if twice:
            inside, name = twice[0]
            path = f"{_path_to(inside, read)}.{shown(name)}"
            raise Malformed(path.removeprefix("."), rules.GIVEN_ONCE)
    except UnicodeDecodeError:
        raise Malformed("body", IN_UTF8) from None
    except ValueError:
        raise Malformed("body", JSON) from None
    except RecursionError:
        raise Malformed("body", LESS_NESTED) from None
    if not isinstance(read, dict):
        raise Malformed("body", rules.OBJECT)
    return cast(Document, read)


def shown(name: str) -> str:
    """A name that a caller made up, as a problem may repeat it."""
    cut = name[:_NAME_MOST]
    return "".join("\N{REPLACEMENT CHARACTER}" if texts.fault(one) else one for one in cut)


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) <= _DIGITS_MOST else float(digits)


def _path_to(wanted: Document, inside: object) -> str:
    """The names and positions that lead to an object, each name behind a dot."""
    if inside is wanted:
        return ""
    children: list[tuple[str, object]] = []
    if isinstance(inside, dict):
        children = [(f".{shown(name)}", child) for name, child in inside.items()]
    elif isinstance(inside, list):
        children = [(f"[{at}]", child) for at, child in enumerate(inside)]
    for name, child in children:
        if isinstance(child, dict | list):
            path = _path_to(wanted, child)
            if path or child is wanted:
                return f"{name}{path}"
    return ""
