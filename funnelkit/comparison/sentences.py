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
from funnelkit.result.percent import percent
from funnelkit.result.words import points

if TYPE_CHECKING:
    from funnelkit.comparison.estimate import Estimate
    from funnelkit.comparison.result import ComparisonResult
    from funnelkit.comparison.verdict import UsualMovement
    from funnelkit.stats.proportion import Interval

WEEKDAYS = (
    "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays",
)  # fmt: skip
MINUTE, HOUR, DAY = 60, 3_600, 86_400

CANNOT_SHOW = "Nobody was assigned by chance: no line can show a cause, or that there is none."

_OF = {"at a common follow-up": "at a common follow-up", "first entries": "of first entries"}


@singledispatch
def say(line: object, unit: str) -> str:
    """Return a line of "Like with like?" as a sentence or two; `unit` is "user" or "session"."""
    raise NotImplementedError(f"{type(line).__name__}, {unit}")


@say.register(FollowUp)
def _(line: FollowUp, unit: str) -> str:
    baseline, against = line.incomplete
    text = (
        f"{whole_percent(baseline)} of the baseline's {unit}s, {whole_percent(against)} of the "
        f"others had less than {time(line.asked_seconds)} of data."
    )
    if not line.own_period:
        return f"{text} With {time(line.window_seconds)} for everybody: {compared(line.common)}."
    longer = "" if line.seconds_after < HOUR else f" and {time(line.seconds_after)} longer"
    return f"{text} Each until its own period's end{longer}: {compared(line.common)}."


@say.register(Attempts)
def _(line: Attempts, unit: str) -> str:
    baseline, against = line.entries_per_unit
    return (
        f"{baseline:.2f} entries per {unit} against {against:.2f}. "
        f"First only, {time(line.window_seconds)} to convert: {compared(line.first)}."
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
        f"smaller one; with their covariance: {span(line.counted.interval)}."
    )


@say.register(Placebo)
def _(line: Placebo, unit: str) -> str:  # noqa: ARG001 - every line is asked alike
    widest = line.widest.answers[0]
    if line.kind == "halves of the baseline":
        where = "halves of the baseline"
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
    parts = []
    if line.unequal:
        days, shares = "Weekends", [whole_percent(share) for share in line.weekend]
        if shares[0] == shares[1]:
            days = WEEKDAYS[line.most_unequal]
            shares = [whole_percent(side[line.most_unequal]) for side in line.weekdays]
        parts.append(f"{days} bring {shares[0]} of the entries against {shares[1]}.")
    if line.weeks[0]:
        baseline, against = (
            " ".join(_short(week.conversion.share) for week in side) for side in line.weeks
        )
        window = time(line.window_seconds)
        parts.append(f"Whole weeks, {window} to convert: {baseline} | {against} %.")
    return " ".join(parts)


@say.register(SampleRatio)
def _(line: SampleRatio, unit: str) -> str:
    n = line.baseline + line.against
    text = (
        f"{line.baseline:,} and {line.against:,} {unit}s, {percent(line.baseline / n)} and "
        f"{percent(line.against / n)}; p = {chance(line.p_value)} for an even split."
    )
    if line.left_out:
        text += f" {line.left_out:,} {unit}s have neither value and are left out."
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
        return f"Consistent with no change: {_includes_0(result)}."
    if verdict.call == "undecided":
        return f"{_undecided(result)}."
    text = "Larger than the usual movement, cause not identified"
    if result.first_entry is not None:
        text += f": of first entries it is {lift_in_points(result.first_entry)}"
    chosen = result.line("self-selection")
    if chosen:
        text += f", without the filter {lift_in_points(chosen.unfiltered)}"
    return f"{text}."


def _includes_0(result: ComparisonResult) -> str:
    """Return which interval includes 0."""
    reason, common, first = result.verdict.reason, result.common_follow_up, result.first_entry
    if reason == "not at a common follow-up" and common is not None:
        return f"at a common follow-up it is {lift_in_points(common)}"
    if reason == "not with first entries" and first is not None:
        return f"of first entries it is {lift_in_points(first)}"
    text = f"the interval of the difference, {span(result.lift_alike.interval)} points, includes 0"
    if first is not None and first.excludes_no_change:
        # The sides are not alike, and that may hide a difference as well as make one.
        text += f"; but of first entries it is {lift_in_points(first)}"
    return text


def _undecided(result: ComparisonResult) -> str:
    """Return why a difference that excludes 0 is no evidence."""
    reason, usual = result.verdict.reason, result.verdict.usual
    if reason == "no more than the placebo" and usual is not None:
        return f"Not told from drift: {_may_move(usual)}, so it is no evidence of a cause"
    if reason == "too little data for a placebo":
        return (
            "Too little data to know its usual movement: the difference excludes 0, but no placebo "
            "has enough entrants, so it is no evidence of a cause"
        )
    for place, answer in (
        ("at a common follow-up", result.common_follow_up),
        ("of first entries", result.first_entry),
    ):
        if answer is None:
            return (
                "Too little data to compare like with like: the difference excludes 0, but "
                f"{place} nobody is left on a side, so it is no evidence of a cause"
            )
        if answer.difference * result.lift.difference < 0:
            return (
                f"The sides are not alike: as counted it is {lift_in_points(result.lift_alike)}, "
                f"but {place} {lift_in_points(answer)}, so it is no evidence of a cause"
            )
    raise AssertionError(reason)


def _may_move(usual: UsualMovement) -> str:
    """Return which difference is judged, how far it may move by itself, and how that comes."""
    whose = "" if usual.judged == "as counted" else f" {_OF[usual.judged]}"
    # The last part is what is missing to the sum, so that the three add up as they are shown.
    size, drift = (round(100 * part, 1) for part in (usual.size, usual.stretch * usual.drift))
    how = f"{size - drift:.1f} chance error"
    if drift:
        times = f"{usual.stretch:.1f}".removesuffix(".0")
        far = "" if times == "1" else f" at {times} times its distance"
        how = f"{drift}, the placebo's {100 * usual.seen:.1f} less chance{far}, + {how}"
    return (
        f"the difference{whose}, {points(usual.difference)} points, excludes 0, but by itself this "
        f"data may move by {size} ({how})"
    )


def compared(estimate: Estimate) -> str:
    """Return both conversions and the lift: `35.4 % against 31.5 %, -3.9 points (-8.0 to +0.3)`."""
    return (
        f"{percent(estimate.baseline.share)} against {percent(estimate.against.share)}, "
        f"{lift_in_points(estimate)}"
    )


def lift_in_points(estimate: Estimate) -> str:
    """Return a lift with its interval: `-3.9 points (-8.0 to +0.3)`."""
    return f"{points(estimate.difference)} points ({span(estimate.interval)})"


def whole_percent(fraction: float) -> str:
    """Return a fraction as whole percent; only none is 0 %, only all is 100 %."""
    if 0 < fraction < 0.01:  # noqa: PLR2004
        return "under 1 %"
    if 0.99 < fraction < 1:  # noqa: PLR2004
        return "over 99 %"
    return f"{100 * fraction:.0f} %"


def span(interval: Interval) -> str:
    """Return an interval of a difference in points; a bound just beside 0 keeps its sign."""
    return " to ".join(f"{100 * bound:+.1f}" if bound else "0.0" for bound in interval)


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
