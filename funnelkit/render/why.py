"""Why numbers differ, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from funnelkit.render.words import count, hanging

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.verification.reconciliation.explanation import Explanation
    from funnelkit.verification.reconciliation.search import Tried

MOST: Final = 6


def short_why(found: Explanation, *, indent: int) -> Iterator[str]:
    """Yield one paragraph: what makes the numbers match, or that nothing that was tried does."""
    words = found.words
    if found.certainty == "none":
        words += "; --why tries two at a time, and says where the difference lies"
    yield from hanging("why", words, indent=indent)


def long_why(found: Explanation, *, indent: int) -> Iterator[str]:
    """Yield everything that was found."""
    yield from hanging("why", found.words, indent=indent)
    if found.certainty == "none":
        yield from hanging("", "the difference may lie in the events: some are missing here, or "
                           "are not in Amplitude", indent=indent)  # fmt: skip
    for one in found.causes[1:MOST]:
        yield from hanging("or", one.words, indent=indent)
    if len(found.causes) > MOST:
        yield from hanging("", f"… and {len(found.causes) - MOST} more", indent=indent)
    for words in found.where() if found.certainty == "none" else ():
        yield from hanging("where", words, indent=indent)
    for one in found.search.nearest[:3]:
        yield from hanging("nearest", _near(one, found), indent=indent)
    for suspects in found.suspects:
        users = ", ".join(suspects.users)
        yield from hanging("who", f"among {suspects.of}: {users}", indent=indent)
    yield from hanging("tried", f"{count(found.search.asked)} readings", indent=indent)


def _near(tried: Tried, found: Explanation) -> str:
    of = len(found.search.base.checks)
    before = found.search.base.matching
    return f"{tried.words}: {tried.answer.matching} of {of} numbers match, before {before}"
