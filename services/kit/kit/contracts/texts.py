"""The characters that a text of a request may not hold: what nobody sees or can type, and what no
two machines read alike.

One rule for every text. None of the contracts' texts has lines, so tab and line break are refused
too. Private-use characters are, since a rare name that was written with one reads otherwise
elsewhere; Unicode has a character of its own for it.
"""

import unicodedata

_KINDS = {
    "Cc": "control character",
    "Cf": "invisible character",
    "Cs": "half of a surrogate pair",
    "Co": "private-use character",
    "Zl": "line separator",
    "Zp": "line separator",
}
_DAMAGED = "\ufffd"  # what decoders write where bytes were no text
_SPELLING = "\u180e"  # the vowel separator of Mongolian, without which words are misspelt


def fault(text: str) -> str | None:
    """The rule that a text breaks, with the first character that breaks it; None where it breaks
    none. Characters that this release's Unicode does not know pass.

    >>> fault("李·小明 Čapek"), fault("a\\x00b"), fault("\\u202eb")
    (None, 'holds no control character (U+0000)', 'holds no invisible character (U+202E)')
    """
    if text.isprintable() and _DAMAGED not in text:
        return None
    for character in text:
        if kind := _kind(character):
            return f"holds no {kind} (U+{ord(character):04X})"
    return None


def _kind(character: str) -> str | None:
    if character == _DAMAGED:
        return "replacement character: the text was damaged on its way"
    if character == _SPELLING:
        return None
    point = ord(character)
    if point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF:
        return "noncharacter"
    return _KINDS.get(unicodedata.category(character))
