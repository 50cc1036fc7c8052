"""The language of an answer's sentences, as the caller asked for it."""

from collections.abc import Iterable

from starlette.types import Scope

from kit.contracts.phrases import LANGUAGES, Language

DEFAULT: Language = "en"
TAGS: dict[Language, str] = {"en": "en", "zh": "zh-CN"}  # of `Content-Language`


def of_scope(scope: Scope) -> Language:
    """The language of a request."""
    return of_headers(scope.get("headers", ()))


def of_headers(headers: Iterable[tuple[bytes, bytes]]) -> Language:
    """The language of `Accept-Language`; English where it names neither, or cannot be read.

    Any Chinese is Chinese. Source: RFC 9110, 12.5.4.
    """
    given = b",".join(value for name, value in headers if name.lower() == b"accept-language")
    return preferred(given.decode("latin-1"))


def preferred(header: str) -> Language:
    """The first of our languages among those with the highest weight.

    >>> [preferred(text) for text in ("zh-CN,zh;q=0.9,en;q=0.8", "fr, en;q=.5, zh;q=.2", "zh;q=0")]
    ['zh', 'en', 'en']
    """
    weights: dict[Language, float] = {}
    for part in header.split(","):
        tag, _, parameter = part.partition(";")
        primary = tag.strip().partition("-")[0].lower()
        for language in LANGUAGES:
            if primary == language:
                weights.setdefault(language, _weight(parameter))
    best = max(weights, key=weights.__getitem__, default=DEFAULT)
    return best if weights.get(best) else DEFAULT


def _weight(parameter: str) -> float:
    name, _, text = parameter.partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
