"""Every number that was checked, and the verdict of all of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

Metric = Literal["count", "conversion", "average time", "median time"]
Verdict = Literal["pass", "warn", "fail", "undecided"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Which number it is: of a segment, perhaps of a group or an interval of it.

    A time of `step` is that from the step before; a conversion or time without a step is that of
    the whole funnel. `previous`: in the period of equal length before.
    """

    metric: Metric
    step: int | None = None
    event: str | None = None
    segment: str | None = None
    group: str | None = None
    interval: str | None = None
    previous: bool = False

    def __str__(self) -> str:
        return ", ".join(self._parts())

    def _parts(self) -> Iterator[str]:
        if self.segment is not None:
            yield f"[Previous] {self.segment}" if self.previous else self.segment
        elif self.previous:
            yield "[Previous]"
        if self.group is not None:
            yield f"group {self.group}"
        if self.interval is not None:
            yield self.interval
        if self.metric == "count":
            yield f"step {self.step} {self.event or ''}".rstrip()
        elif self.metric == "conversion":
            yield "conversion"
        else:
            where = "" if self.step is None else f" from step {self.step - 1} to {self.step}"
            yield f"{self.metric}{where}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One number: expected, found, and whether that will do.

    `expected` None: there is nothing to be there (nobody converted); `found` None: the report has
    no such number. Counts are whole numbers, times are seconds, conversions fractions. `reason`
    says why a number that differs passes, warns or is undecided.
    """

    measure: Measure
    expected: float | None
    found: float | None
    verdict: Verdict
    reason: str | None = None

    @property
    def difference(self) -> float | None:
        """Found less expected; None where one of them is missing."""
        if self.found is None or self.expected is None:
            return None
        return self.found - self.expected

    @property
    def what(self) -> str:
        """The number in words."""
        return str(self.measure)

    @property
    def words(self) -> str:
        """The whole check: `step 1 View: expected 3, found 2 (-1)`; the reason where both agree."""
        if self.difference == 0 and self.reason:
            return f"{self.what}: {self.reason}"
        words = f"{self.what}: expected {self.written(self.expected)}"
        if self.difference != 0:
            words += f", found {self.written(self.found)}"
            if self.difference is not None:
                words += f" ({self.written(self.difference, signed=True)})"
        return f"{words}; {self.reason}" if self.reason else words

    def written(self, value: float | None, *, signed: bool = False) -> str:
        """Return one of the check's numbers as a person writes it."""
        if value is None:
            return "nothing"
        sign = "+" if signed else ""
        if self.measure.metric == "count":
            return format(int(value), f"{sign},")
        if self.measure.metric == "conversion":
            return format(100 * value, f"{sign}.6g") + " %"
        return format(value, f"{sign},.3f").rstrip("0").rstrip(".") + " s"

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        named = {name: getattr(self.measure, name) for name in self.measure.__slots__}
        kept = {name: value for name, value in named.items() if value not in {None, False}}
        return {
            "what": self.what,
            **kept,
            "expected": self.expected,
            "found": self.found,
            "difference": self.difference,
            "verdict": self.verdict,
            **({} if self.reason is None else {"reason": self.reason}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A result beside what was expected of it: a list of every number that was checked."""

    checks: tuple[Check, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of all: fail, undecided, warn, pass."""
        verdicts = {check.verdict for check in self.checks}
        for verdict in WORST_FIRST:
            if verdict in verdicts:
                return verdict
        return "pass"

    @property
    def ok(self) -> bool:
        """Whether nothing failed and nothing stayed undecided."""
        return self.verdict in {"pass", "warn"}

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many numbers have each verdict."""
        found = Counter(check.verdict for check in self.checks)
        return {verdict: found[verdict] for verdict in WORST_FIRST}

    def of(self, *verdicts: Verdict) -> tuple[Check, ...]:
        """Return the checks with one of these verdicts."""
        return tuple(check for check in self.checks if check.verdict in verdicts)

    @property
    def differing(self) -> tuple[Check, ...]:
        """The checks whose numbers differ, whatever was allowed."""
        return tuple(
            check for check in self.checks if check.verdict != "pass" or check.reason is not None
        )


WORST_FIRST: tuple[Verdict, ...] = ("fail", "undecided", "warn", "pass")
