"""Conversion drivers: what those who went on did more often than those who did not (A11j).

Converters are watched until they convert, drop-offs until their window is over, so their events per
hour at risk are not alike even where nothing drives anything: right after a step everybody does
more than days later. Hence rates are compared at equal times since the step, in bands, and then
combined (Mantel and Haenszel). Events of one unit come together, which the variance allows for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from funnelkit.engine.between import Reading, Weights, own_events
from funnelkit.engine.entry import Asked
from funnelkit.engine.select import SMALL, select
from funnelkit.engine.watch import bands_of, exposure, placed, watch
from funnelkit.errors import DefinitionError, UnsupportedError
from funnelkit.model import ACTIVE_EVENT, ANY_EVENT
from funnelkit.result.drivers import DriverRow, DriverSide
from funnelkit.stats.mantel_haenszel import mantel_haenszel
from funnelkit.stats.multiple import adjusted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from funnelkit.engine.between import Between, Candidate, Did, Weighted
    from funnelkit.engine.chart import Chart
    from funnelkit.engine.rows import StepRows
    from funnelkit.engine.watch import Bands, Exposure
    from funnelkit.events.table import EventTable
    from funnelkit.model import Funnel, Property
    from funnelkit.stats.mantel_haenszel import RateRatio

HOUR = 3_600_000_000
LEAST_EXPECTED = 5.0
"""An event is judged where each side would have so many independent ones at equal rates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drivers:
    """Every candidate in order of evidence, and what the sides were watched for."""

    rows: tuple[DriverRow, ...]
    any_event: DriverRow
    between: Between
    converters: Exposure
    drop_offs: Exposure
    cut: int
    equal_times: int
    step_rows: StepRows


def check(funnel: Funnel, between: tuple[int, int]) -> None:
    """Refuse what has no events between two steps, or none that could be compared.

    Raises:
        DefinitionError: the steps are not there, or leave no event to be compared.
        UnsupportedError: the funnel is of a kind for which drivers make no sense.
    """
    earlier, later = between
    if not 1 <= earlier < later <= len(funnel.steps):
        raise DefinitionError(
            f"drivers lie between a step and a later one of the {len(funnel.steps)} steps; "
            f"got {earlier},{later}"
        )
    reasons = {
        "in any order no step comes before another": funnel.order == "any",
        "in exact order a converter does nothing between two steps": funnel.order == "exact",
        "counting totals, one event may lie on several paths": funnel.count_by == "totals",
        "an optional step makes two funnels of one": funnel.optional_step is not None,
        "each compared event makes another funnel": bool(funnel.compared_events),
    }
    for reason, holds in reasons.items():
        if holds:
            raise UnsupportedError(f"drivers cannot be told: {reason}")
    if len(funnel.segments) > 1:
        names = ", ".join(segment.name for segment in funnel.segments)
        raise DefinitionError(f"drivers are those of one segment at a time; got {names}")
    for event in funnel.members(own_events(funnel, between)):
        if event.event_type in {ANY_EVENT, ACTIVE_EVENT} and not event.filters:
            raise DefinitionError(
                f"{event.event_type} is a step or excluded between steps {earlier} and {later}: "
                "no event is left that could be compared"
            )


def find_drivers(
    chart: Chart,
    between: tuple[int, int],
    table: EventTable,
    *,
    by: Property | None = None,
    data_end: int,
    small: bool | None = None,
) -> Drivers:
    """Return what was done between two steps by those who went on, and by those who did not.

    The data end before the instant `data_end`, in microseconds. `small` is as for `select`.

    Raises:
        DataError: the events cannot be read.
    """
    small = table.rows <= SMALL if small is None else small
    (question,) = chart.questions()
    entry = replace(question.whole, until=data_end)
    step_rows = select(chart.funnel, table, only=[Asked(entry, who=True)], small=small)
    tick = step_rows.tick
    watched = watch(
        chart.counted(step_rows.match(entry)),
        between,
        window=entry.window // tick * tick,
        tick=tick,
        data_end=data_end,
    )
    bands = bands_of(watched)
    place = placed(watched, bands)
    converters = exposure(watched, bands, place, converted=1)
    drop_offs = exposure(watched, bands, place, converted=0)
    reading = Reading(funnel=chart.funnel, between=between, by=by, table=table, small=small)
    comparison = _Comparison.of(converters, drop_offs, bands)
    found = reading.read(watched, place, bands, comparison.weights)
    rows = [comparison.row(candidate) for candidate in found.candidates]
    return Drivers(
        rows=_in_order(_adjusted(rows)),
        any_event=comparison.row(found.any_event),
        between=found,
        converters=converters,
        drop_offs=drop_offs,
        cut=watched.cut,
        equal_times=max(bands.edges, default=0),
        step_rows=step_rows,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comparison:
    """Both sides' times at risk by band, against which each candidate is held."""

    converters: Exposure
    drop_offs: Exposure
    bands: Bands
    of_converters: Sequence[float]
    of_drop_offs: Sequence[float]
    weights: Weights

    @classmethod
    def of(cls, converters: Exposure, drop_offs: Exposure, bands: Bands) -> _Comparison:
        """Weigh each band by the time that the other side was watched in it."""
        n1, n0 = converters.in_bands(bands), drop_offs.in_bands(bands)
        shares = [a / (a + b) if a and b else 0.0 for a, b in zip(n1, n0, strict=True)]
        return cls(
            converters=converters,
            drop_offs=drop_offs,
            bands=bands,
            of_converters=n1,
            of_drop_offs=n0,
            weights=Weights(
                of_drop_offs=shares,
                of_converters=[1 - share if share else 0.0 for share in shares],
                of_both=[(share * (1 - share)) ** 0.5 for share in shares],
            ),
        )

    def row(self, candidate: Candidate) -> DriverRow:
        """Return the row of a candidate, its p-value not adjusted yet."""
        other, one = candidate.sides
        # The last band, past the last conversion, has drop-offs only.
        compared = mantel_haenszel(
            one.in_bands[:-1], other.in_bands[:-1], self.of_converters[:-1], self.of_drop_offs[:-1]
        )
        found: dict[str, Any] = dict.fromkeys(
            ("ratio", "low", "high", "p_value", "adjusted_p", "dispersion")
        )
        ratio = compared.ratio
        if ratio is not None:
            dispersion = self._dispersion(one, other, compared)
            found["ratio"] = ratio if compared.other else None
            if min(compared.expected) >= LEAST_EXPECTED * dispersion:
                low, high = compared.interval(dispersion)
                found["low"], found["high"] = low, high if compared.other else None
                found["p_value"] = compared.p_value(dispersion)
                found["dispersion"] = dispersion
        return DriverRow(
            event=candidate.event,
            value=candidate.value,
            converters=_side(one, self.converters),
            drop_offs=_side(other, self.drop_offs),
            **found,
        )

    def _dispersion(self, one: Did, other: Did, compared: RateRatio) -> float:
        """Return by what factor the variance exceeds that of independent events.

        Each unit's events less those to be expected in its time at risk, weighted, squared and
        added up (the delta method over units), against the same under independence: once with the
        weights of either side, and once with shared ones, which holds where one side has hardly an
        event. The larger of the two counts; never less than 1.
        """
        r, s = compared.one, compared.other
        rates = [
            (e1 + e0) / (r * n1 + s * n0) if r * n1 + s * n0 else 0.0
            for e1, e0, n1, n0 in zip(
                one.in_bands, other.in_bands, self.of_converters, self.of_drop_offs, strict=True
            )
        ]
        of_one, of_other = [r * rate for rate in rates], [s * rate for rate in rates]
        weights = self.weights
        own = joint = 0.0
        joint += self._squares(one.joint, weights.of_both, of_one, self.converters)
        joint += self._squares(other.joint, weights.of_both, of_other, self.drop_offs)
        if r and s:
            own += s / r * self._squares(one.own, weights.of_converters, of_one, self.converters)
            own += r / s * self._squares(other.own, weights.of_drop_offs, of_other, self.drop_offs)
        return max(1.0, own / compared.variance, joint / compared.variance)

    def _squares(
        self, did: Weighted, weights: Sequence[float], rates: Sequence[float], side: Exposure
    ) -> float:
        """Return the sum over a side's units of (weighted events - expected ones)².

        A unit's expected events grow by the rate of each band that it was watched through, so all
        follows from sums by the band in which watching ended.
        """
        slopes = [weight * rate for weight, rate in zip(weights, rates, strict=True)]
        whole = [slope * width for slope, width in zip(slopes, self.bands.widths, strict=True)]
        before = list(accumulate(whole, initial=0.0))
        total = did.squares
        for k, slope in enumerate(slopes):
            total -= 2 * (before[k] * did.by_last[k] + slope * did.with_part[k])
            total += before[k] ** 2 * side.ended[k]
            total += 2 * before[k] * slope * side.part[k] + slope**2 * side.squares[k]
        return total


def _side(did: Did, watched: Exposure) -> DriverSide:
    hours = watched.total / HOUR
    return DriverSide(
        units=did.units,
        events=did.events,
        share=did.units / watched.units if watched.units else None,
        per_hour=did.events / hours if hours else None,
    )


def _adjusted(rows: list[DriverRow]) -> list[DriverRow]:
    """Return the rows with p-values adjusted for the number of those that have one."""
    values = iter(adjusted([row.p_value for row in rows if row.p_value is not None]))
    return [row if row.p_value is None else replace(row, adjusted_p=next(values)) for row in rows]


def _in_order(rows: list[DriverRow]) -> tuple[DriverRow, ...]:
    """Return what was done more often first, by evidence; what cannot be judged last."""

    def rank(row: DriverRow) -> tuple[Any, ...]:
        name = (row.event, row.value or "")
        if row.p_value is None:
            return 2, -row.converters.units - row.drop_offs.units, *name
        less = row.ratio is not None and row.ratio < 1
        return int(less), -row.p_value if less else row.p_value, -(row.low or 0.0), *name

    return tuple(sorted(rows, key=rank))
