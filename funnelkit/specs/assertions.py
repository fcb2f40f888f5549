"""What `--assert` says: `conversion >= 30%`, `step 3 >= 400 users`, `lift > 0 points`."""

from __future__ import annotations

import operator as compare
import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final, Literal, cast, get_args

from funnelkit.errors import DefinitionError, did_you_mean
from funnelkit.specs.text import format_window
from funnelkit.specs.times import parse_window

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Metric = Literal["conversion", "count", "drop-off", "average time", "median time", "lift"]
Comparison = Literal[">=", ">", "<=", "<", "==", "!="]
ValueUnit = Literal[
    "%", "users", "sessions", "values", "pairs", "paths", "seconds", "points", "percent"
]
COUNTED: Final = ("users", "sessions", "values", "pairs", "paths")
"""What a funnel can count, by `Funnel.noun`."""

_HOLDS: Final[Mapping[Comparison, Callable[[float, float], bool]]] = {
    ">=": compare.ge, ">": compare.gt, "<=": compare.le, "<": compare.lt,
    "==": compare.eq, "!=": compare.ne,
}  # fmt: skip
_SYNONYMS: Final[Mapping[str, Comparison]] = {"=": "==", "≥": ">=", "≤": "<=", "≠": "!="}
_UNITS: Final[Mapping[Metric, tuple[ValueUnit, ...]]] = {
    "conversion": ("%",),
    "count": COUNTED,
    "drop-off": COUNTED,
    "lift": ("points", "percent"),
}
_UNIT_WORDS: Final = {
    **{noun.removesuffix("s"): noun for noun in COUNTED},
    "point": "points",
    "pp": "points",
}
_EXAMPLES: Final = (
    "conversion >= 30%, step 3 >= 400 users, step 3 drop-off <= 100 users, median time <= 2h, "
    "lift > 0 points"
)
_ASSERTION: Final = re.compile(
    r"\s*(?:step\s*([0-9]{1,9})\b)?\s*([a-z][a-z -]*?)?\s*([<>=!≥≤≠]+)\s*(.*?)\s*",
    re.IGNORECASE | re.DOTALL,
)
_VALUE: Final = re.compile(r"([-+]?[0-9]{1,9}(?:\.[0-9]{1,6})?)\s*(%|[a-z]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Assertion:
    """One claim about a result; `step` is 1-based, None means the whole funnel.

    `value` is in the results' own scale, so that it compares without conversion: a fraction for %,
    points (a difference of conversions) and percent (of the baseline), a count for users and
    sessions, seconds for times. Within a step, `conversion` is from the first step on and a time
    is from the previous step.
    """

    metric: Metric
    step: int | None
    operator: Comparison
    value: float
    unit: ValueUnit

    def holds(self, value: float) -> bool:
        """Say whether the claim is true of `value`, which is in the scale of `self.value`."""
        return _HOLDS[self.operator](value, self.value)

    def __str__(self) -> str:
        step = [] if self.step is None else [f"step {self.step}"]
        metric = [] if self.metric == "count" else [self.metric]
        return " ".join([*step, *metric, self.operator, self._right()])

    def _right(self) -> str:
        if self.unit == "seconds":
            return format_window(timedelta(seconds=self.value))
        if self.unit in COUNTED:
            return f"{_plain(self.value)} {self.unit}"
        return f"{_plain(self.value * 100)}{'' if self.unit == '%' else ' '}{self.unit}"


def parse_assertion(text: str) -> Assertion:
    """Return the claim of `conversion >= 30%` or `step 3 conversion >= 20%`.

    Metrics are conversion, drop-off, average time, median time and (between two periods) lift; a
    step without a metric is its count, as in `step 3 >= 400 users`. A value has a unit.

    Raises:
        DefinitionError: the metric is unknown, or the unit is missing or does not fit.
    """
    parts = _ASSERTION.fullmatch(text)
    if parts is None:
        raise _error(text, "it compares nothing")
    number, words, operator, right = parts.groups()
    step = int(number) if number else None
    metric = _metric(text, words, step=step)
    comparison = _SYNONYMS.get(operator, operator)
    if comparison not in _HOLDS:
        raise _error(text, f"{operator} is no comparison; {', '.join(_HOLDS)} are")
    value, unit = _value(text, right, metric=metric)
    return Assertion(metric, step, cast("Comparison", comparison), value, unit)


def _metric(text: str, words: str | None, *, step: int | None) -> Metric:
    if step == 0:
        raise _error(text, "steps are counted from 1")
    metric = " ".join(words.lower().split()) if words else "count"
    metrics = [known for known in get_args(Metric) if known != "count"]
    if metric != "count" and metric not in metrics:
        hint = did_you_mean(metric, metrics) or f" Known are {', '.join(metrics)}, and step N."
        raise _error(text, f"unknown metric {metric!r}.{hint}")
    if metric in {"count", "drop-off"} and step is None:
        raise _error(text, "it names no step")
    return cast("Metric", metric)


def _value(text: str, right: str, *, metric: Metric) -> tuple[float, ValueUnit]:
    if metric in {"average time", "median time"}:
        try:
            return parse_window(right, what=f"the {metric}").total_seconds(), "seconds"
        except DefinitionError as error:
            raise _error(text, str(error)) from None
    parts = _VALUE.fullmatch(right)
    if parts is None:
        raise _error(text, f"{right!r} is no number with a unit")
    amount, unit = Fraction(parts[1]), _unit(parts[2].lower(), metric=metric)
    if unit is None:
        wrong = f"{parts[2]} is no unit of a {metric}" if parts[2] else "a unit is missing"
        raise _error(text, f"{wrong}: write {_with_units(parts[1], metric=metric)}")
    scaled = amount if unit in COUNTED else amount / 100
    if metric != "lift" and scaled < 0:
        raise _error(text, f"a {metric} is never negative")
    if metric == "conversion" and scaled > 1:
        raise _error(text, "a conversion is at most 100%")
    return float(scaled), unit


def _unit(word: str, *, metric: Metric) -> ValueUnit | None:
    if metric == "conversion" and word == "percent":
        return "%"
    name = _UNIT_WORDS.get(word, word)
    return next((unit for unit in _UNITS[metric] if unit == name), None)


def _with_units(number: str, *, metric: Metric) -> str:
    if metric == "conversion":
        share = Fraction(number)
        return f"{_plain(float(share * 100 if abs(share) < 1 else share))}%"
    return " or ".join(f"{number} {unit}" for unit in _UNITS[metric])


def _plain(number: float) -> str:
    """Return a number without an exponent and without the noise of binary fractions."""
    return f"{Decimal(f'{number:.15g}'):f}"


def _error(text: str, problem: str) -> DefinitionError:
    return DefinitionError(
        f"cannot read the assertion {text!r}: {problem}\n  Assertions look like {_EXAMPLES}."
    )
