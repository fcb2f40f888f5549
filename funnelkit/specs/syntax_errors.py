"""Where a text stops making sense, said in words: a caret, what was expected, what is near."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final, get_args

from funnelkit.errors import DefinitionError, did_you_mean, fold
from funnelkit.model import Operator

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

_BEFORE, _AFTER = 60, 30  # how much of a long text is shown around the caret

_EXPECTED: Final = {
    "EVENT": "an event",
    "MEMBER": "an event",
    "PATH": "a file",
    "IS": "an operator",
    "NUMBER": "a whole number",
    "DURATION": "a duration",
    "EVER": "`in 30d` or `ever`",
    "NONE": "a value",
    "WORD": "a property",
    "_ARROW": "`>`",
    "VBAR": "`|`",
    "LSQB": "`[`",
    "_AND": "`and`",
    "COMMA": "`,`",
    "RPAR": "`)`",
    "RSQB": "`]`",
    "$END": "the end",
}
"""Terminals of the grammar in words; one stands for all that may begin the same thing."""

_OPERATORS: Final = (
    *get_args(Operator), "is set", "is not set", "in", "not in", "equals", "does not equal",
    "starts with", "does not start with",
)  # fmt: skip

_FOREIGN: Final = {
    "like": "contains, has prefix or glob match",
    "ilike": "contains or has prefix, which ignore case",
    "matches": "glob match",
    "regexp": "glob match",
    "between": ">= and <=, as in `price >= 1 and price <= 5`",
    "exists": "is set",
    "has": "has prefix, contains or set contains",
}
"""Operators of other languages, and what to write here."""

_ALL_OPERATORS: Final = (
    f"Operators: {', '.join(get_args(Operator))}; =, !=, <, <=, >, >=, in, not in, is set."
)
_COUNT_OPERATORS: Final = "Operators of a count: is, is not, less, greater; =, !=, <, <=, >, >=."
_PROPERTY: Final = 'A property that is a keyword or has blanks is quoted: "product name".'
_EVENT: Final = 'Steps are separated by `>`; a name with special characters is quoted: "A, B".'
_MEMBER: Final = (
    "Events in parentheses are separated by `|`; a name with special characters is quoted: "
    'performed("A (new)" | B) >= 3.'
)
_OR: Final = (
    "Several values in one filter mean OR: feature in (a, b). So do several events in one step: "
    "A[x is 1] | B[y is 2]. Filters on different properties can only be joined by `and`."
)


def syntax_error(
    text: str, *, position: int, accepted: AbstractSet[str], what: str
) -> DefinitionError:
    """Return the error for a text that breaks off at `position`.

    `accepted` names the terminals that could have stood there, `what` the kind of text.
    """
    found = _next_word(text, position)
    expected = [word for terminal, word in _EXPECTED.items() if terminal in accepted]
    if "NONE" in accepted:
        expected.remove("a property")  # a value may be a word, too
    *most, last = expected or ["the end"]
    wish = f"{', '.join(most)} or {last}" if most else last
    problem = f"expected {wish}, but " + (f"found {found!r}" if found else "the text ends")
    return pointing(
        text,
        position=position,
        problem=problem,
        what=what,
        hint=_hint(text[position:], found=found.casefold(), accepted=accepted),
    )


def pointing(
    text: str, *, position: int, problem: str, what: str, hint: str = ""
) -> DefinitionError:
    """Return an error that shows the line of `position` with a caret under it."""
    begin = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    end = len(text) if end < 0 else end
    first, last = max(begin, position - _BEFORE), min(end, position + _AFTER)
    head, tail = text[first:position], text[position:last]
    head = ("…" if first > begin else "") + "".join(map(_shown, head))
    tail = "".join(map(_shown, tail)) + ("…" if last < end else "")
    line = text.count("\n", 0, position) + 1
    place = f"column {position - begin + 1}"
    if "\n" in text.strip():
        place = f"line {line}, {place}"
    caret = " " * sum(map(_width, head)) + "^"
    lines = [f"cannot read the {what}, {place}: {problem}", f"  {head}{tail}", f"  {caret}"]
    return DefinitionError("\n".join([*lines, f"  {hint}"] if hint else lines))


def _hint(rest: str, *, found: str, accepted: AbstractSet[str]) -> str:  # noqa: PLR0911
    if found in {"or", "||"} or (found == "|" and "_AND" in accepted):
        return _OR
    if found in {'"', "'"} and rest.count(found) == 1 and accepted & {"EVENT", "WORD"}:
        return "This quote is never closed."
    if "IS" in accepted:
        return _operator_hint(rest, found=found, accepted=accepted)
    if accepted & {"MEMBER", "PATH", "NUMBER", "EVER"} or {"VBAR", "RPAR"} <= accepted:
        return _condition_hint(found, accepted=accepted)
    if "NONE" in accepted:
        return _value_hint(found)
    if "_AND" in accepted:
        return _after_a_value_hint(found)
    if "COMMA" in accepted:
        return "Values in a list are separated by commas; one with blanks is quoted."
    if "WORD" in accepted:
        return _property_hint(rest, found=found)
    if accepted & {"_ARROW", "EVENT"}:
        return _EVENT if found else ""
    return "" if accepted - {"$END"} else _PROPERTY


def _property_hint(rest: str, *, found: str) -> str:
    if found == "not":
        if re.match(r"not\s+performed\s*\(", rest, re.IGNORECASE):
            return "Write performed(A) = 0."
        return "`not` belongs to the operator: feature is not a, feature does not contain a."
    return _PROPERTY if found.strip("])") else ""


def _operator_hint(rest: str, *, found: str, accepted: AbstractSet[str]) -> str:
    if "CONTAINS" not in accepted:
        return _COUNT_OPERATORS
    if found == "(":
        return "performed(…) and cohort(…) are conditions of a segment."
    if found == "count":
        return "A historical count stands in the brackets of a step: A[historical count is 2]."
    if found in _FOREIGN:
        return f"Write {_FOREIGN[found]}."
    words = rest.split()[:4]
    phrases = [" ".join(words[: count + 1]) for count in range(len(words))]
    near = max(phrases, key=_likeness, default="")
    if hint := did_you_mean(near, _OPERATORS):
        return hint.strip()
    return f"{_PROPERTY} {_ALL_OPERATORS}" if found.isalnum() else _ALL_OPERATORS


def _condition_hint(found: str, *, accepted: AbstractSet[str]) -> str:
    if accepted & {"MEMBER", "VBAR"}:
        return _MEMBER
    if "EVER" in accepted:
        return "Write performed(A) >= 3 in 30d, performed(A) >= 3 ever, or no time at all."
    if "PATH" in accepted:
        return "A cohort is a file of user ids, one a line: cohort(ids.txt)."
    return "" if "NUMBER" not in accepted or not found else "Counts are whole numbers."


def _likeness(phrase: str) -> float:
    """Say how much the phrase resembles the operator that is nearest to it."""
    return max(SequenceMatcher(None, fold(phrase), fold(one)).ratio() for one in _OPERATORS)


def _value_hint(found: str) -> str:
    if found in {"none", "null"}:
        return f'Write (none) for a missing value, or "{found}" for the text.'
    return f'A value that is a keyword is quoted: "{found}".' if found.isalpha() else ""


def _after_a_value_hint(found: str) -> str:
    if found == ",":
        return "Several values stand in parentheses: feature in (a, b)."
    if found in {"&", "&&"}:
        return "Filters are joined by `and`."
    near = did_you_mean(found, ["and"]) if found.isalpha() else ""
    return (
        near.strip() or 'A value with blanks or special characters is quoted: page is "home page".'
    )


def _next_word(text: str, position: int) -> str:
    word = re.compile(r"""\s*([^][()<>|=!→,;"'\\\s]+|[|&]{2}|\S)""").match(text, position)
    return word[1][:_AFTER] if word else ""


def _shown(character: str) -> str:
    return character if character.isprintable() else "�"


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
