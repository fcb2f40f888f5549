"""The lines of "Like with like?" and the closing sentence, in words for everybody."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from funnelkit.comparison.attempts import Attempts
from funnelkit.comparison.calendar import Calendar
from funnelkit.comparison.follow_up import FollowUp
from funnelkit.comparison.placebo import Placebo
from funnelkit.comparison.randomisation import BothVariants, SampleRatio
from funnelkit.comparison.same_people import SamePeople
from funnelkit.comparison.self_selection import SelfSelection

if TYPE_CHECKING:
    from funnelkit.comparison.estimate import Estimate
    from funnelkit.comparison.result import ComparisonResult
    from funnelkit.stats.proportion import Interval

MINUTE, HOUR, DAY = 60, 3_600, 86_400

CANNOT_SHOW = (
    "Nobody was assigned to a side by chance: no line can show what caused a difference, or that "
    "nothing did."
)


@singledispatch
def say(line: object, unit: str) -> str:
    """Return a line of "Like with like?" as a sentence or two; `unit` is "user" or "session"."""
    raise NotImplementedError(f"{type(line).__name__}, {unit}")


@say.register(FollowUp)
def _(line: FollowUp, unit: str) -> str:
    baseline, against = line.incomplete
    text = (
        f"{whole_percent(baseline)} of the baseline's {unit}s and {whole_percent(against)} of the "
        f"others had less than {time(line.asked_seconds)} before the data ends."
    )
    if not line.own_period:
        return f"{text} With {time(line.window_seconds)} for everybody: {compared(line.common)}."
    longer = "" if line.seconds_after < HOUR else f" and {time(line.seconds_after)} longer"
    return f"{text} Each watched to the end of its own period{longer}: {compared(line.common)}."


@say.register(Attempts)
def _(line: Attempts, unit: str) -> str:
    baseline, against = line.entries_per_unit
    return (
        f"{baseline:.2f} entries per {unit} of the baseline, {against:.2f} on the other side. "
        f"First entry only, {time(line.window_seconds)} to convert: {compared(line.first)}."
    )


@say.register(SelfSelection)
def _(line: SelfSelection, unit: str) -> str:
    sides = [complement.side for complement in line.complements]
    if len(sides) > 1:
        text = "Each side has a filter of its own. Without them: "
    else:
        place = "the baseline" if sides == ["baseline"] else "the other side"
        text = f"The filter of {place} is a choice that users made. Without it: "
    text += f"{compared(line.unfiltered)}."
    for complement in line.complements:
        whose = f"the {complement.side} filter" if len(sides) > 1 else "it"
        text += (
            f" Entries that fail {whose}: {percent(complement.conversion.share)}; "
            f"{complement.in_both:,} {unit}s have both kinds."
        )
    return text


@say.register(SamePeople)
def _(line: SamePeople, unit: str) -> str:
    return (
        f"{line.counted.shared:,} {unit}s are on both sides, {whole_percent(line.share)} of the "
        f"smaller one; with their covariance the interval is {span(line.counted.interval)}."
    )


@say.register(Placebo)
def _(line: Placebo, unit: str) -> str:  # noqa: ARG001 - every line is asked alike
    widest = line.widest.answers[0]
    if line.kind == "halves of the baseline":
        where = "first against second half of the baseline"
    elif len(line.trials) == 1:
        where = "a pair of earlier periods"
    else:
        where = f"the widest of {len(line.trials)} pairs of earlier periods"
    if widest is not None:
        where += f": {percent(widest.baseline.share)} against {percent(widest.against.share)}"
    text = (
        "With nothing to compare, this data moves by up to "
        f"{100 * line.movement:.1f} points ({where})"
    )
    if line.movement_alike is not None:
        text += f", first entries by {100 * line.movement_alike:.1f}"
    return f"{text}."


@say.register(Calendar)
def _(line: Calendar, unit: str) -> str:  # noqa: ARG001 - every line is asked alike
    before, after = (whole_percent(share) for share in line.weekend)
    text = f"Weekends bring {before} of the baseline's entries, {after} of the other side's."
    if not line.weeks[0]:
        return text
    baseline, against = (
        " ".join(_short(week.conversion.share) for week in side) for side in line.weeks
    )
    return f"{text} Whole weeks, {time(line.window_seconds)} to convert: {baseline} | {against} %."


@say.register(SampleRatio)
def _(line: SampleRatio, unit: str) -> str:
    n = line.baseline + line.against
    text = (
        f"{line.baseline:,} and {line.against:,} {unit}s, {percent(line.baseline / n)} and "
        f"{percent(line.against / n)}; p = {chance(line.p_value)} for an even split."
    )
    if line.mismatch:
        text += " Chance does not do that: find the cause before you read the estimate."
    return text


@say.register(BothVariants)
def _(line: BothVariants, unit: str) -> str:
    return (
        f"{line.counted.shared:,} {unit}s met both variants, {whole_percent(line.share)} of the "
        f"smaller side, and count on both; with their covariance the interval is "
        f"{span(line.counted.interval)}."
    )


def closing(result: ComparisonResult) -> str:
    """Return the closing sentence: the call, and the number that decided it."""
    verdict = result.verdict
    if verdict.call == "randomised":
        lift = result.lift_alike
        text = f"Randomised comparison: {lift_in_points(lift)}, 95 % interval."
        ratio = result.line("sample ratio")
        return f"{text} But the split is not even." if ratio and ratio.mismatch else text
    if verdict.call == "no change":
        return f"Consistent with no change: {_why(result)}."
    text = "Larger than the usual movement, cause not identified"
    if result.first_entry is not None:
        text += f": of first entries it is {lift_in_points(result.first_entry)}"
    chosen = result.line("self-selection")
    if chosen:
        text += f", without the filter {lift_in_points(chosen.unfiltered)}"
    return f"{text}."


def _why(result: ComparisonResult) -> str:
    reason, common, first = result.verdict.reason, result.common_follow_up, result.first_entry
    if reason == "not at a common follow-up":
        where = "at a common follow-up"
        return f"{where} it is {lift_in_points(common)}" if common else f"nobody is left {where}"
    if reason == "not with first entries":
        where = "of first entries"
        return f"{where} it is {lift_in_points(first)}" if first else f"nobody is left {where}"
    if reason == "too little data for a placebo":
        return "there is too little data to know its usual movement"
    if reason == "no more than the placebo" and result.verdict.needed is not None:
        needed = f"{100 * result.verdict.needed:.1f} points"
        return f"with its chance error the usual movement of this data reaches {needed}"
    text = f"the interval of the difference, {span(result.lift_alike.interval)} points, includes 0"
    if first is not None and first.excludes_no_change:
        # The sides are not alike, and that may hide a difference as well as make one.
        text += f"; but of first entries it is {lift_in_points(first)}"
    return text


def compared(estimate: Estimate) -> str:
    """Return both conversions and the lift: `35.4 % against 31.5 %, -3.9 points (-8.0 to +0.3)`."""
    return (
        f"{percent(estimate.baseline.share)} against {percent(estimate.against.share)}, "
        f"{lift_in_points(estimate)}"
    )


def lift_in_points(estimate: Estimate) -> str:
    """Return a lift with its interval: `-3.9 points (-8.0 to +0.3)`."""
    return f"{points(estimate.difference)} points ({span(estimate.interval)})"


def percent(fraction: float) -> str:
    """Return a fraction as percent with one decimal."""
    return f"{100 * fraction:.1f} %"


def whole_percent(fraction: float) -> str:
    """Return a fraction as whole percent; only none is 0 %, only all is 100 %."""
    if 0 < fraction < 0.01:  # noqa: PLR2004
        return "under 1 %"
    if 0.99 < fraction < 1:  # noqa: PLR2004
        return "over 99 %"
    return f"{100 * fraction:.0f} %"


def points(fraction: float) -> str:
    """Return a difference in points, with its sign, without the word."""
    text = f"{100 * fraction:+.1f}"
    return "0.0" if text in {"+0.0", "-0.0"} else text


def span(interval: Interval) -> str:
    """Return an interval of a difference in points."""
    return f"{points(interval.lower)} to {points(interval.upper)}"


def _short(fraction: float) -> str:
    """Return a fraction as percent without the sign, in two digits."""
    return f"{100 * fraction:.{0 if fraction >= 0.1 or not fraction else 1}f}"  # noqa: PLR2004


def chance(p_value: float) -> str:
    """Return a p-value with the digits that matter."""
    if p_value < 0.0001:  # noqa: PLR2004
        return "under 0.0001"
    return f"{p_value:.2f}" if p_value >= 0.1 else f"{p_value:.2g}"  # noqa: PLR2004


def time(seconds: float) -> str:
    """Return a duration in its largest unit: `30 days`, `1 day`, `6 hours`."""
    for size, unit in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if seconds >= size:
            number = f"{seconds / size:.1f}".removesuffix(".0")
            return f"{number} {unit}" if number == "1" else f"{number} {unit}s"
    return f"{seconds:g} seconds"
