"""Why the numbers differ, as far as they tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.verification.checks import Check
    from funnelkit.verification.reconciliation.search import Search, Tried

WHY_SCHEMA: Final = "funnelkit.why/1"
FEW: Final = 3
"""With fewer numbers explained a match may be chance."""

SHOWN: Final = 5
Certainty = Literal["cause", "candidate", "none", "nothing differs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspects:
    """Users among whom the difference must be, where a bar is small: those of one bar."""

    of: str
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What was tried, and what makes the numbers match.

    `suspects` are given where nothing does and a bar has more than was expected.
    """

    search: Search
    suspects: tuple[Suspects, ...] = ()

    @property
    def differing(self) -> tuple[Check, ...]:
        """The numbers that are not as expected."""
        return tuple(check for check in self.search.base.checks if check.verdict != "pass")

    @property
    def certainty(self) -> Certainty:
        """How much a match says.

        It is a "cause" if numbers beyond the steps' totals (days, groups, times) are expected, and
        so many as `FEW` differing ones are explained, and one more where a window was fitted to
        them; else a match is a "candidate".
        """
        if not self.differing:
            return "nothing differs"
        if not self.search.matching:
            return "none"
        beyond = any(
            check.measure.interval or check.measure.group or check.measure.metric != "count"
            for check in self.search.base.checks
        )
        fitted = sum(reading.fitted for reading in self.causes[0].readings)
        return "cause" if beyond and len(self.differing) >= FEW + fitted else "candidate"

    @property
    def causes(self) -> tuple[Tried, ...]:
        """The smallest changes with which every number is as expected, the likeliest first.

        These numbers cannot tell them apart.
        """
        matching = self.search.matching
        fewest = min((len(one.readings) for one in matching), default=0)
        return tuple(one for one in matching if len(one.readings) == fewest)

    @property
    def words(self) -> str:
        """One sentence."""
        if self.certainty == "nothing differs":
            return "every number is as expected"
        if self.certainty == "none":
            return f"none of {self.search.asked} readings makes every number match"
        first, *others = self.causes
        numbers = len(self.search.base.checks)
        if self.certainty == "cause":
            found = f"{first.words}: then all {numbers} numbers match"
        else:
            found = f"candidate: {first.words}; it fits, but {self._why_only_a_candidate}"
        if others:
            fit = "reading fits" if len(others) == 1 else "readings fit"
            found += f" ({len(others)} other {fit} as well)"
        return found

    @property
    def _why_only_a_candidate(self) -> str:
        few = len(self.differing)
        if any(reading.fitted for reading in self.causes[0].readings):
            return f"it was chosen for that, and only {few} numbers differ"
        if few < FEW:
            return f"only {few} number{'s differ' if few > 1 else ' differs'}"
        return f"{len(self.search.base.checks)} totals alone prove little: compare days, too"

    def where(self) -> Iterator[str]:
        """Yield in words which steps, days and groups carry the difference."""
        differing = [check for check in self.differing if check.measure.metric == "count"]
        for what, key in (("step", "step"), ("interval", "interval"), ("group", "group")):
            sums: dict[Any, float] = {}
            for check in differing:
                own = getattr(check.measure, key)
                others = [check.measure.interval, check.measure.group]
                if what != "step":
                    others.remove(own)
                if own is not None and not any(others) and (what == "step" or check.measure.step):
                    sums[own] = sums.get(own, 0.0) + abs(check.difference or 0.0)
            largest = sorted(sums.items(), key=lambda each: (-each[1], str(each[0])))
            if largest:
                shown = ", ".join(f"{own} (off by {off:g})" for own, off in largest[:SHOWN])
                more = f" and {len(largest) - SHOWN} more" if len(largest) > SHOWN else ""
                yield f"{what}s that differ: {shown}{more}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; the schema is `funnelkit.why/1`."""
        return {
            "schema": WHY_SCHEMA,
            "certainty": self.certainty,
            "words": self.words,
            "numbers": len(self.search.base.checks),
            "differing": [check.to_dict() for check in self.differing],
            "causes": [_tried(one) for one in self.causes],
            "nearest": [_tried(one) for one in self.search.nearest[:SHOWN]],
            "without_effect": [one.words for one in self.search.without_effect],
            "where": list(self.where()),
            "suspects": [{"of": one.of, "users": list(one.users)} for one in self.suspects],
            "asked": self.search.asked,
        }


def _tried(tried: Tried) -> dict[str, Any]:
    return {
        "readings": [
            {"family": reading.family, "words": reading.words} for reading in tried.readings
        ],
        "matching": tried.answer.matching,
        "off": tried.answer.off,
    }
