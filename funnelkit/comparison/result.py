"""The answer to a comparison: frozen records with raw counts and full-precision fractions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from funnelkit.result.percent import percent, percentages

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from funnelkit.charts import Chart
    from funnelkit.comparison.decomposition import Decomposition
    from funnelkit.comparison.estimate import Estimate
    from funnelkit.comparison.verdict import Verdict
    from funnelkit.model import Funnel, Property
    from funnelkit.result import EventsRead, Series
    from funnelkit.result.percent import Percentages
    from funnelkit.stats.significance import Significance

COMPARE_SCHEMA = "funnelkit.compare/1"


class Line(Protocol):
    """A line of "Like with like?": `FollowUp`, `Attempts`, `SelfSelection` and so on."""

    @property
    def name(self) -> str:
        """How the line is called."""

    def to_dict(self) -> dict[str, Any]:
        """Return the line as plain JSON values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SideResult:
    """One side: its definition, the range of its entries that the data covers, its steps.

    `start` and `end` are microseconds since 1970 UTC; the range is half-open.
    """

    name: str
    funnel: Funnel
    start: int
    end: int
    series: Series

    def to_dict(self) -> dict[str, Any]:
        """Return the side as plain JSON values."""
        from funnelkit.comparison.sides import moment
        from funnelkit.specs.tables import funnel_to_dict

        return {
            "name": self.name,
            "funnel": funnel_to_dict(self.funnel),
            "start": moment(self.start) + "Z",
            "end": moment(self.end) + "Z",
        } | {key: value for key, value in self.series.to_dict().items() if key != "name"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonResult:
    """The answer of `funnelkit.compare`.

    `baseline` and `against` are what Amplitude would count. `steps` holds, for step 2 to the last,
    the lift of reaching that step; the last one is `lift`. These take the sides as independent, as
    Amplitude does; `steps_alike` and its last one, `lift_alike`, use the covariance of the units on
    both sides, and are what `--assert` judges.
    `common_follow_up` and `first_entry` are the same lift, more alike (see `likeness`); None in a
    randomised comparison, and where that leaves a side empty.
    `lines` are those of "Like with like?" that matter here, `verdict` the conclusion.
    `data_end` is the instant (microseconds, exclusive) up to which there are events.
    """

    baseline: SideResult
    against: SideResult
    steps: tuple[Estimate, ...]
    steps_alike: tuple[Estimate, ...]
    common_follow_up: Estimate | None
    first_entry: Estimate | None
    significance: Significance
    lines: tuple[Line, ...]
    verdict: Verdict
    data_end: int
    events: EventsRead
    randomised_by: Property | None = None
    decomposition: Decomposition | None = None
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def lift(self) -> Estimate:
        """The lift of the whole funnel, both sides taken as independent (Newcombe's interval)."""
        return self.steps[-1]

    @property
    def lift_alike(self) -> Estimate:
        """The same lift, its interval with the covariance of the units on both sides."""
        return self.steps_alike[-1]

    def line(self, name: str) -> Any:
        """Return the line of "Like with like?" of that name, or None where it does not matter."""
        return next((line for line in self.lines if line.name == name), None)

    @property
    def sentence(self) -> str:
        """The closing sentence."""
        from funnelkit.comparison.sentences import closing

        with percentages(self._percentages):
            return closing(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain JSON values; the schema is `funnelkit.compare/1`."""
        significance = self.significance
        return {
            "schema": COMPARE_SCHEMA,
            "baseline": self.baseline.to_dict(),
            "against": self.against.to_dict(),
            "lift": [
                {"step": number} | estimate.to_dict()
                for number, estimate in enumerate(self.steps, 2)
            ],
            "lift_with_covariance": [
                {"step": number} | estimate.to_dict()
                for number, estimate in enumerate(self.steps_alike, 2)
            ],
            "common_follow_up": self.common_follow_up and self.common_follow_up.to_dict(),
            "first_entry": self.first_entry and self.first_entry.to_dict(),
            "amplitude_significance": {
                "value": significance.value,
                "judged": significance.judged,
                "too_few": list(significance.too_few),
            },
            "like_with_like": [
                {"line": line.name, "sentence": sentence} | line.to_dict()
                for line, sentence in zip(self.lines, self._sentences(), strict=True)
            ],
            "verdict": self.verdict.to_dict() | {"sentence": self.sentence},
            "randomised_by": self.randomised_by and self.randomised_by.name,
            "decomposition": self.decomposition and self.decomposition.to_dict(),
            "events": {
                "source": self.events.source,
                "events": self.events.events,
                "user_column": self.events.user_column,
                "share_without_user_id": self.events.share_without_user_id,
            },
            "warnings": list(self.warnings),
        }

    def _sentences(self) -> list[str]:
        """Return the lines in words."""
        from funnelkit.comparison.sentences import say

        with percentages(self._percentages):
            return [say(line, self.baseline.funnel.noun) for line in self.lines]

    @property
    def _percentages(self) -> Percentages:
        return self.baseline.funnel.settings.percentages

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield one flat row per estimate: the table of `to_polars` and of CSV.

        `row` says which one it is: "as counted", or the name of a line of "Like with like?".
        """
        last = len(self.baseline.series.steps)
        for step, found in enumerate(self.steps, 2):
            yield _row("as counted", step, found)
        for line in self.lines:
            for name, found in _estimates(line):
                yield _row(name, last, found)

    def to_polars(self) -> pl.DataFrame:
        """Return one row per estimate; conversions, differences and bounds are fractions."""
        import polars as pl

        return pl.DataFrame(list(self.rows()), infer_schema_length=None)

    def chart(self) -> Chart:
        """Return the picture: both sides step by step, and the lift with its interval."""
        from funnelkit.charts.comparison import comparison_chart

        return comparison_chart(self)

    def __repr__(self) -> str:
        from funnelkit.comparison.sentences import span
        from funnelkit.result.words import points

        style = self._percentages
        lift, verdict = self.lift, self.verdict
        why = f": {verdict.reason}" if verdict.call == "undecided" else ""
        return (
            f"<ComparisonResult {percent(lift.baseline.share, style)} against "
            f"{percent(lift.against.share, style)}: {points(lift.difference)} points "
            f"({span(lift.interval)}); {verdict.call}{why}>"
        )

    def _repr_html_(self) -> str:
        from funnelkit.comparison.html import to_html

        return to_html(self)


def _row(name: str, step: int, estimate: Estimate) -> dict[str, Any]:
    lower, upper = estimate.interval
    relative_lower, relative_upper = estimate.relative_interval
    return {
        "row": name,
        "step": step,
        "baseline_entered": estimate.baseline.entered,
        "baseline_converted": estimate.baseline.converted,
        "baseline_conversion": estimate.baseline.share,
        "against_entered": estimate.against.entered,
        "against_converted": estimate.against.converted,
        "against_conversion": estimate.against.share,
        "difference": estimate.difference,
        "difference_lower": lower,
        "difference_upper": upper,
        "relative": estimate.relative,
        "relative_lower": relative_lower,
        "relative_upper": None if relative_upper == float("inf") else relative_upper,
    }


def _estimates(line: Any) -> Iterator[tuple[str, Estimate]]:
    """Yield the estimates of a line with their names."""
    for attribute, name in (
        ("common", "common follow-up"),
        ("first", "first entry"),
        ("unfiltered", "unfiltered"),
        ("counted", "same people"),
    ):
        if (found := getattr(line, attribute, None)) is not None:
            yield name, found
    for trial in getattr(line, "trials", ()):
        yield "placebo", trial.answers[0]
