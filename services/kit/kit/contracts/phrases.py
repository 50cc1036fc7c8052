"""Sentences in both languages of the platform: what a caller reads of a refusal, or of a rule.

GIVEN_ONCE = Phrase("is given once", "只能给出一次", key="GIVEN_ONCE")
ONE_OF = Phrase("is one of {names}", "应为以下之一：{names}", key="ONE_OF")

raise Malformed("state", ONE_OF.of(names="OPEN, CLOSED"))
"""

import re
from functools import cache
from importlib import resources
from typing import Literal

import yaml

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")
_INNER_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Phrase(str):
    """The English sentence, which bears the Chinese one.

    Facts stand in braces, the same in both. key: what a program compares, stable over releases; a
    rule has one, the text of a refusal does not, since the refusal has its reason.
    """

    zh: str
    key: str

    def __new__(cls, en: str, zh: str, *, key: str = "") -> "Phrase":
        made = super().__new__(cls, en)
        made.zh = zh
        made.key = key
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[str, str], dict[str, str]]:
        return (str(self), self.zh), {"key": self.key}

    def of(self, **facts: object) -> "Phrase":
        """The sentence of these facts; in Chinese a name of the contracts is told by its term.

        >>> Phrase("no {kind} {key}", "没有{kind} {key}").of(kind="order", key=7).zh
        '没有服务工单 7'
        """
        zh = self.zh.format(**{name: _in_chinese(fact) for name, fact in facts.items()})
        return Phrase(self.format(**facts), zh, key=self.key)

    def in_(self, language: Language) -> str:
        """The sentence in one language."""
        return self.zh if language == "zh" else str(self)


def _in_chinese(fact: object) -> object:
    if isinstance(fact, Phrase):
        return fact.zh
    if not isinstance(fact, str):
        return fact
    return terms().get(_INNER_CAPITAL.sub("_", fact).lower(), fact)


@cache
def terms() -> dict[str, str]:
    """The Chinese of the contracts' names of rows, states and duties, by the name in small
    letters.
    """
    text = resources.files("eldercare").joinpath("terms.yaml").read_text("utf-8")
    read: dict[str, str] = yaml.load(text, yaml.CSafeLoader)
    return read
