"""A report as flat records, one table per view: what data frames and CSV hold.

Names of columns are those of the records in JSON; nothing is rounded.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from funnelkit.errors import DefinitionError, did_you_mean
from funnelkit.result.views import PERCENTILES, AgePoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from funnelkit.result.counterparts import Counterpart
    from funnelkit.result.report import FunnelResult
    from funnelkit.result.series import Series, StepResult

View = Literal[
    "steps", "intervals", "time_to_convert", "frequency", "by_age", "ab", "compared_to"
]  # fmt: skip
VIEWS: Final[tuple[View, ...]] = get_args(View)

Record = dict[str, Any]

_WHO: Final = {"segment": str, "group": str}
_STEP: Final = {
    "step": int, "event": str, "count": int, "conversion_from_start": float,
    "conversion_from_previous": float, "drop_off": int, "average_seconds": float,
    "median_seconds": float,
}  # fmt: skip
_COLUMNS: Final[Mapping[View, Mapping[str, type]]] = {
    "steps": {**_WHO, **_STEP},
    "intervals": {
        **_WHO, "interval": str, "start": datetime, "end": datetime, "complete": bool, **_STEP,
    },
    "time_to_convert": {
        **_WHO, "from_step": int, "to_step": int, "bin_start": float, "bin_end": float,
        "count": int, "share": float, "average_seconds": float, "median_seconds": float,
        **{f"p{p}_seconds": float for p in PERCENTILES},
    },
    "frequency": {
        **_WHO, "step": int, "times": int, "count": int, "average": float, "median": float,
    },
    "by_age": {
        **_WHO, "seconds": float, "at_risk": int, "converted": int, "conversion": float,
        "low": float, "high": float,
    },
    "ab": {
        "variant": str, "count": int, "converted": int, "conversion": float, "improvement": float,
        "significance": float, "significant": bool, "not_judged": str,
    },
    "compared_to": {
        **_WHO, "compared_to": str, "interval": str, "start": datetime,
        "compared_start": datetime, "complete": bool, "step": int, "event": str, "count": int,
        "compared_count": int, "conversion": float, "compared_conversion": float,
        "difference": float, "relative_difference": float,
    },
}  # fmt: skip


def columns(result: FunnelResult, view: str) -> dict[str, type]:
    """Return the columns of a view and their types, those that this report fills.

    Raises:
        DefinitionError: there is no such view, or it was not asked for.
    """
    found = dict(_COLUMNS[checked(result, view)])
    if view in {"steps", "intervals"} and result.funnel.exclusions:
        found["excluded_drop_off"] = int
    if view == "steps" and result.funnel.measures.sum_of is not None:
        found["property_sum"] = float
    group_by = result.funnel.group_by
    if group_by is not None and len(group_by.properties) > 1 and "group" in found:
        values = {f"group_{k}": str for k in range(1, len(group_by.properties) + 1)}
        head = ("segment", "group")
        rest = {name: kind for name, kind in found.items() if name not in head}
        found = {**{name: found[name] for name in head}, **values, **rest}
    return found


def records(result: FunnelResult, view: str) -> Iterator[Record]:
    """Yield one flat record per line of a view; what a line has not is None or missing."""
    if checked(result, view) == "ab":
        yield from _ab(result)
    elif view == "compared_to":
        for counterpart in result.compared_to:
            yield from _compared(counterpart)
    else:
        for segment, group, series in result.series():
            who = {"segment": segment, "group": group, **_values(series.values)}
            for line in _OF_SERIES[view](series):
                yield {**who, **line}


def checked(result: FunnelResult, view: str) -> View:
    """Return the name of a view that the report has.

    Raises:
        DefinitionError: there is no such view, or it was not asked for.
    """
    for known in asked(result):
        if view == known:
            return known
    if view in VIEWS:
        raise DefinitionError(f"the report has no view {view!r}: it comes with {_ASK[view]}")
    raise DefinitionError(
        f"a view is one of {', '.join(VIEWS)}; got {view!r}.{did_you_mean(view, VIEWS)}"
    )


def asked(result: FunnelResult) -> tuple[View, ...]:
    """Return the views that were asked for, `steps` first."""
    measures = result.funnel.measures
    there: dict[View, bool] = {
        "steps": True,
        "intervals": measures.interval is not None,
        "time_to_convert": measures.time_to_convert,
        "frequency": measures.frequency,
        "by_age": measures.by_age,
        "ab": result.ab is not None,
        "compared_to": bool(result.compared_to),
    }
    return tuple(view for view, is_there in there.items() if is_there)


_ASK: Final[Mapping[str, str]] = {
    "intervals": "--interval", "time_to_convert": "--time-to-convert", "frequency": "--frequency",
    "by_age": "--by-age", "ab": "--baseline", "compared_to": "--compare-to",
}  # fmt: skip


def _values(values: tuple[str, ...]) -> Record:
    return {f"group_{k}": value for k, value in enumerate(values, 1)}


def _steps(series: Series) -> Iterator[Record]:
    for step in series.steps:
        last = step is series.steps[-1]
        yield {**_step(step), "property_sum": series.property_sum if last else None}


def _step(step: StepResult) -> Record:
    return {name: getattr(step, name) for name in step.__slots__}


def _intervals(series: Series) -> Iterator[Record]:
    for interval in series.intervals:
        where = {
            "interval": interval.name,
            "start": interval.start,
            "end": interval.end,
            "complete": interval.complete,
        }
        for step in interval.series.steps:
            yield {**where, **_step(step)}


def _times(series: Series) -> Iterator[Record]:
    for times in series.time_to_convert:
        seconds = zip(PERCENTILES, times.percentile_seconds, strict=True)
        rest = {
            "average_seconds": times.average_seconds,
            "median_seconds": times.median_seconds,
            **{f"p{p}_seconds": value for p, value in seconds},
        }
        for one in times.bins:
            yield {
                "from_step": times.from_step,
                "to_step": times.to_step,
                "bin_start": one.start,
                "bin_end": one.end,
                "count": one.count,
                "share": one.count / times.units if times.units else None,
                **rest,
            }


def _frequency(series: Series) -> Iterator[Record]:
    for frequency in series.frequency:
        for times, units in enumerate(frequency.counts, 1):
            yield {
                "step": frequency.step,
                "times": times,
                "count": units,
                "average": frequency.average,
                "median": frequency.median,
            }


def _ages(series: Series) -> Iterator[Record]:
    for point in series.by_age:
        yield {field.name: getattr(point, field.name) for field in fields(AgePoint)}


_OF_SERIES: Final[Mapping[str, Callable[[Series], Iterator[Record]]]] = {
    "steps": _steps,
    "intervals": _intervals,
    "time_to_convert": _times,
    "frequency": _frequency,
    "by_age": _ages,
}


def _ab(result: FunnelResult) -> Iterator[Record]:
    if result.ab is not None:
        for row in result.ab.rows:
            found = row.to_dict()
            variant = found.pop("name")
            yield {**found, "variant": variant, "not_judged": "; ".join(row.not_judged) or None}


def _compared(counterpart: Counterpart) -> Iterator[Record]:
    who = {
        "segment": counterpart.segment,
        "group": counterpart.group,
        **_values(counterpart.values),
        "compared_to": counterpart.name,
    }
    for step in counterpart.steps:
        yield {**who, **step.to_dict()}
    for interval in counterpart.intervals:
        where = {
            "interval": interval.name,
            "start": interval.start,
            "compared_start": interval.compared_start,
            "complete": interval.complete,
        }
        for step in interval.steps:
            yield {**who, **where, **step.to_dict()}
