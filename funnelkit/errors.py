"""Everything that can go wrong, as one tree; each class knows the exit code of the command line.

FunnelkitError                       4  an error of funnelkit itself
├── CheckFailed                      1  checked, and the numbers do not hold
├── DefinitionError                  2  the funnel, an option or a file of definitions is wrong
│   └── UnsupportedError             2  well formed, but funnelkit cannot do it
├── DataError                        3  the events cannot be read
│   └── ColumnError                  3  a column is missing or has the wrong type
└── CouldNotCheck                    5  nothing was checked (no answer, not settled, no key)
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class FunnelkitError(Exception):
    """Base of every error that funnelkit raises on purpose. `str(error)` is meant for the user."""

    exit_code: ClassVar[int] = 4


class CheckFailed(FunnelkitError):  # noqa: N818 - a verdict, not a fault
    """The numbers were checked and do not hold."""

    exit_code = 1


class DefinitionError(FunnelkitError):
    """A funnel definition, an option or a definition file is wrong."""

    exit_code = 2


class UnsupportedError(DefinitionError):
    """A well-formed definition that funnelkit cannot compute; the text names the feature."""


class DataError(FunnelkitError):
    """The events cannot be read; the text names the file, the row or the column."""

    exit_code = 3


class ColumnError(DataError):
    """A column is missing or has a type that cannot serve."""


class CouldNotCheck(FunnelkitError):  # noqa: N818 - a verdict, not a fault
    """Nothing was checked: no answer, no key, or numbers that have not settled yet."""

    exit_code = 5


def nearest(word: str, known: Iterable[str], *, most: int = 3) -> list[str]:
    """Return the known words that resemble `word`, best first.

    Upper and lower case, blanks, underscores and hyphens are ignored, so `product viewed`
    finds `ProductViewed`.
    """
    folded: dict[str, list[str]] = {}
    for candidate in known:
        folded.setdefault(fold(candidate), []).append(candidate)
    key = fold(word)
    found = list(folded.get(key, ()))
    for match in difflib.get_close_matches(key, folded, n=most, cutoff=0.6):
        found += [name for name in folded[match] if name not in found]
    return found[:most]


def fold(word: str) -> str:
    """Return `word` without case, blanks, underscores and hyphens."""
    return "".join(character for character in word.casefold() if character not in " _-\t")


MOST_NAMES = 10


def those_there_are(word: str, known: Sequence[str]) -> str:
    """Return what was probably meant, or else the first of what there is."""
    some = ", ".join(known[:MOST_NAMES]) + (", …" if len(known) > MOST_NAMES else "")
    return did_you_mean(word, known) or f" There are {some or 'none'}."


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ` Did you mean 'X' or 'Y'?`, or nothing where no known word is near."""
    names = nearest(word, known)
    return f" Did you mean {' or '.join(map(repr, names))}?" if names else ""
