"""The options of the command line and of the Python API, the same names in both, as a funnel."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from funnelkit.errors import DefinitionError
from funnelkit.model import Funnel, GroupBy, Period, Property, Segment, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from funnelkit.model import Resolution, Unit


_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "window": ((str, timedelta), "a text like '7d' or a timedelta"),
    "from_": ((str, date), "a text like '2026-04-01', a date or a datetime"),
    "to": ((str, date), "a text like '2026-04-30', a date or a datetime"),
    "timezone": ((str,), "the IANA name of a time zone"),
    "group_by": ((str, Property), "the name of a property"),
}


def define(
    *,
    funnel: Funnel | None = None,
    steps: str | Sequence[str] | Sequence[Step] | None = None,
    where: str | Sequence[str] = (),
    where_every_step: str | Sequence[str] = (),
    segment: str | Sequence[str | Segment] = (),
    from_: str | date | datetime | None = None,
    to: str | date | datetime | None = None,
    timezone: str | None = None,
    window: str | timedelta | None = None,
    unit: Unit | None = None,
    group_by: str | None = None,
    resolution: Resolution | None = None,
) -> Funnel:
    """Return `funnel` with what the options say, or a new funnel of `steps`.

    Texts are read by the grammar of this package: `steps="A > B[price > 20]"`, `where="plan is
    pro"` (step 1, as Amplitude's `where` under the first event) or `where="3: plan is pro"`,
    `segment="New: user.plan is free"`, `window="7d"`, `from_="2026-04-01"`.

    Raises:
        DefinitionError: an option cannot be read, or no steps are given.
    """
    from funnelkit.specs.steps import (
        apply_where,
        parse_filters,
        parse_property,
        parse_where,
    )
    from funnelkit.specs.times import parse_moment, parse_window

    _check_types(window=window, from_=from_, to=to, timezone=timezone, group_by=group_by)
    changes: dict[str, Any] = {}
    if steps is not None:
        changes["steps"] = _steps(steps)
    elif funnel is None:
        raise DefinitionError('a funnel needs steps: --steps "ProductViewed > ProductAdded"')
    segments = [_segment(text) for text in _several(segment)]
    if segments:
        changes["segments"] = tuple(segments)
    if from_ is not None or to is not None:
        before = funnel.period if funnel else Period()
        start = parse_moment(from_) if isinstance(from_, str) else from_
        end = parse_moment(to) if isinstance(to, str) else to
        changes["period"] = Period(
            before.start if start is None else start, before.end if end is None else end
        )
    if window is not None:
        changes["window"] = parse_window(window) if isinstance(window, str) else window
    if group_by is not None:
        prop = parse_property(group_by) if isinstance(group_by, str) else group_by
        changes["group_by"] = GroupBy((prop,))
    plain = {"timezone": timezone, "unit": unit, "resolution": resolution}
    changes |= {name: value for name, value in plain.items() if value is not None}
    defined = Funnel(**changes) if funnel is None else replace(funnel, **changes)
    filtered = apply_where(defined.steps, [parse_where(text) for text in _several(where)])
    for text in _several(where_every_step):
        filters = parse_filters(text)
        filtered = tuple(step.where(*filters) for step in filtered)
    return replace(defined, steps=filtered)


def _steps(steps: str | Sequence[str] | Sequence[Step]) -> tuple[Step, ...]:
    from funnelkit.specs.steps import parse_steps

    if isinstance(steps, str):
        return parse_steps(steps)
    if not isinstance(steps, (list, tuple)):
        raise DefinitionError(f"steps is one text or a list; got {steps!r}")
    texts = [step for step in steps if isinstance(step, str)]
    records = [step for step in steps if isinstance(step, Step)]
    if texts and len(texts) == len(steps):
        return parse_steps(texts)
    if len(records) < len(steps):
        raise DefinitionError("steps are one text, several texts, or records of the type Step")
    return tuple(records)


def _check_types(**options: object) -> None:
    """Refuse what no annotation kept out, naming the option and what it takes."""
    for name, value in options.items():
        kinds, words = _TYPES[name]
        if value is not None and not isinstance(value, kinds):
            raise DefinitionError(f"{name} takes {words}; got {value!r}")


def _several(texts: Any) -> list[Any]:
    if isinstance(texts, (str, Segment)):
        return [texts]
    if not isinstance(texts, (list, tuple)):
        raise DefinitionError(f"filters and segments are texts or lists of texts; got {texts!r}")
    return list(texts)


def _segment(text: str | Segment) -> Segment:
    from funnelkit.specs.steps import parse_segment

    return parse_segment(text) if isinstance(text, str) else text
