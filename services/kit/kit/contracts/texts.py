"""The characters that a text of a request may not hold: what nobody sees or can type, and what no
two machines read alike.

One rule for every text. None of the contracts' texts has lines, so tab and line break are refused
too. Private-use characters are, since a rare name that was written with one reads otherwise
elsewhere; Unicode has a character of its own for it.
"""

import unicodedata

from kit.contracts.phrases import Phrase

HOLDS_NO = Phrase(
    "holds no {kind} (U+{point:04X})", "不得含有{kind}（U+{point:04X}）", key="CHARACTER"
)
_SEPARATOR = Phrase("line separator", "行分隔符")
_KINDS = {
    "Cc": Phrase("control character", "控制字符"),
    "Cf": Phrase("invisible character", "不可见字符"),
    "Cs": Phrase("half of a surrogate pair", "不成对的代理字符"),
    "Co": Phrase("private-use character", "专用区字符"),
    "Zl": _SEPARATOR,
    "Zp": _SEPARATOR,
}
_REPLACEMENT = Phrase(
    "replacement character: the text was damaged on its way", "替换字符：文本在传输中已损坏"
)
_NONCHARACTER = Phrase("noncharacter", "非字符")
_DAMAGED = "\ufffd"  # what decoders write where bytes were no text
BLANK = Phrase("holds nothing but blanks", "不得只含空白", key="BLANK")
# fillers, which count as letters or signs and are seen by nobody; in Korean and braille alone is
# there a use for them
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_SPELLING = "\u180e"  # the vowel separator of Mongolian, without which words are misspelt


def fault(text: str) -> Phrase | None:
    """The rule that a text breaks, with the first character that breaks it; None where it breaks
    none. Characters that this release's Unicode does not know pass.

    >>> fault("李·小明 Čapek"), fault("a\\x00b"), fault("\\u202eb")
    (None, 'holds no control character (U+0000)', 'holds no invisible character (U+202E)')
    """
    if text.isprintable() and _FILLERS.isdisjoint(text) and _DAMAGED not in text:
        return None
    for character in text:
        if kind := _kind(character):
            return HOLDS_NO.of(kind=kind, point=ord(character))
    return None


def blank(text: str) -> Phrase | None:
    """The rule that a text breaks which is there and says nothing.

    >>> blank(" \u3000\u00a0"), blank("a b"), blank("")
    ('holds nothing but blanks', None, None)
    """
    return BLANK if text and not text.strip() else None


def _kind(character: str) -> Phrase | None:
    if character == _DAMAGED:
        return _REPLACEMENT
    if character in _FILLERS:
        return _KINDS["Cf"]
    if character == _SPELLING:
        return None
    point = ord(character)
    if point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF:
        return _NONCHARACTER
    return _KINDS.get(unicodedata.category(character))
