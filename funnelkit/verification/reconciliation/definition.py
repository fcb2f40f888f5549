"""Readings of the definition: window, order, counting, filters, settings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final, get_args

from funnelkit.model import SESSION_ID, Exclusion, Order, Settings, Users
from funnelkit.model.settings import setting_choices
from funnelkit.specs.text import format_filter, format_window
from funnelkit.verification.reconciliation.reading import Reading, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.model import Filter, Funnel, GroupBy, Step

DAY: Final = timedelta(days=1)
USUAL: Final = (DAY, 30 * DAY, 7 * DAY)
WINDOWS: Final = (
    *(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 20, 30, 45)),
    *(timedelta(hours=hours) for hours in (1, 2, 3, 4, 6, 8, 12)), 2 * DAY, 3 * DAY, 10 * DAY,
    14 * DAY, 21 * DAY, 28 * DAY, 31 * DAY, 45 * DAY, 60 * DAY, 90 * DAY, 366 * DAY,
)  # fmt: skip
NOT_IN_COUNTS: Final = frozenset(
    {"excluded_drop_off", "t_test", "variance", "bins", "percentages", "complete_interval",
     "step_index", "api_any_order_window"}
)  # fmt: skip
"""Settings on which no count depends, or which play a part only when a chart is read."""


def definition_readings(funnel: Funnel) -> Iterator[Reading]:
    """Yield what may be read otherwise in the definition, the most common first."""
    yield from _windows(funnel)
    yield from _counting(funnel)
    yield from _orders(funnel)
    yield from _filters(funnel)
    yield from _resolutions(funnel)
    yield from _users(funnel)
    yield from _exclusions(funnel)
    yield from _holding(funnel)
    yield from _groups(funnel)
    yield from _settings(funnel)


def _windows(funnel: Funnel) -> Iterator[Reading]:
    now = format_window(funnel.conversion_window)
    for window in (*USUAL, *WINDOWS):
        if window != funnel.conversion_window:
            yield Reading(
                family="window",
                words=f"window {format_window(window)} instead of {now}",
                change=partial(with_window, window=window),
                likely=0 if window in USUAL else 2,
            )


def with_window(subject: Subject, *, window: timedelta) -> Subject:
    """Return the subject with another conversion window."""
    return subject.with_funnel(window=window)


def _counting(funnel: Funnel) -> Iterator[Reading]:
    other = "totals" if funnel.count_by == "uniques" else "uniques"
    yield Reading(
        family="counting",
        words=f"counted by {other} instead of {funnel.count_by}",
        change=lambda subject: subject.with_funnel(count_by=other),
        likely=0,
    )
    for unit in ("user", "session"):
        if unit != funnel.unit:
            yield Reading(
                family="counting",
                words=f"{unit}s counted instead of {funnel.noun}s",
                change=partial(_with_unit, unit=unit),
                needs_every_event=True,
            )


def _with_unit(subject: Subject, *, unit: str) -> Subject:
    return subject.with_funnel(unit=unit)


def _orders(funnel: Funnel) -> Iterator[Reading]:
    for order in get_args(Order):
        if order != funnel.order:
            yield Reading(
                family="order",
                words=f"{order} order instead of {funnel.order} order",
                change=partial(_with_order, order=order),
                needs_every_event=order == "exact",
            )


def _with_order(subject: Subject, *, order: Order) -> Subject:
    return subject.with_funnel(order=order)


def _filters(funnel: Funnel) -> Iterator[Reading]:
    """Yield filters of step 1, or of a segment, on every step; and filters left out."""
    first = _shared(funnel.steps[0])
    every = tuple(one for one in first if all(one in _shared(step) for step in funnel.steps[1:]))
    only_first = tuple(one for one in first if one not in every)
    if only_first and len(funnel.steps) > 1:
        yield Reading(
            family="filters",
            words="the filters of step 1 on every step",
            change=lambda subject: subject.with_funnel(
                steps=(
                    subject.funnel.steps[0],
                    *(step.where(*_missing(only_first, step)) for step in subject.funnel.steps[1:]),
                )
            ),
            likely=0,
        )
    if any(segment.filters for segment in funnel.segments) and len(funnel.segments) == 1:
        of_segment = funnel.segments[0].filters
        yield Reading(
            family="filters",
            words="the segment's filters on every step",
            change=lambda subject: subject.with_funnel(
                steps=tuple(step.where(*of_segment) for step in subject.funnel.steps)
            ),
            likely=0,
        )
    if every and len(funnel.steps) > 1:
        yield Reading(
            family="filters",
            words="the filters of every step on step 1 only",
            change=lambda subject: subject.with_funnel(
                steps=(
                    subject.funnel.steps[0],
                    *(_without(step, every) for step in subject.funnel.steps[1:]),
                )
            ),
            likely=0,
        )
    for number, step in enumerate(funnel.steps, 1):
        yield from _filters_of_step(funnel, number, step)
    if any(segment.filters or segment.performed or segment.cohorts for segment in funnel.segments):
        yield Reading(
            family="filters",
            words="without the segment's conditions",
            change=lambda subject: subject.with_funnel(
                segments=tuple(
                    replace(segment, filters=(), performed=(), cohorts=())
                    for segment in subject.funnel.segments
                )
            ),
            likely=2,
        )
    if funnel.event_filters:
        yield Reading(
            family="filters",
            words="without the filters of every event",
            change=lambda subject: subject.with_funnel(event_filters=()),
            likely=2,
        )


def _filters_of_step(funnel: Funnel, number: int, step: Step) -> Iterator[Reading]:
    """Yield the filters of one step left out, each of several left out, and put on every step."""
    if any(event.filters for event in step.events):
        yield Reading(
            family="filters",
            words=f"step {number} without its filters",
            change=partial(_without_filters, number=number),
            likely=2,
        )
    every = dict.fromkeys(one for event in step.events for one in event.filters)
    for one in every if len(every) > 1 else ():
        yield Reading(
            family="filters",
            words=f"step {number} without {format_filter(one)}",
            change=partial(_without_filter, number=number, left_out=one),
            likely=2,
        )
    missing = [_missing(_shared(step), other) for other in funnel.steps]
    if number > 1 and any(missing):  # that of step 1 is more likely, and stands above
        yield Reading(
            family="filters",
            words=f"the filters of step {number} on every step",
            change=lambda subject: subject.with_funnel(
                steps=tuple(
                    one.where(*more)
                    for one, more in zip(subject.funnel.steps, missing, strict=True)
                )
            ),
            likely=2,
        )


def _without_filter(subject: Subject, *, number: int, left_out: Filter) -> Subject:
    steps = list(subject.funnel.steps)
    steps[number - 1] = _without(steps[number - 1], (left_out,))
    return subject.with_funnel(steps=tuple(steps))


def _shared(step: Step) -> tuple[Filter, ...]:
    """Return the filters that all events of a step have."""
    first, *others = step.events
    return tuple(one for one in first.filters if all(one in event.filters for event in others))


def _missing(filters: tuple[Filter, ...], step: Step) -> tuple[Filter, ...]:
    return tuple(one for one in filters if one not in _shared(step))


def _without(step: Step, filters: tuple[Filter, ...]) -> Step:
    return replace(
        step,
        events=tuple(
            replace(event, filters=tuple(one for one in event.filters if one not in filters))
            for event in step.events
        ),
    )


def _without_filters(subject: Subject, *, number: int) -> Subject:
    steps = list(subject.funnel.steps)
    events = tuple(replace(event, filters=()) for event in steps[number - 1].events)
    steps[number - 1] = replace(steps[number - 1], events=events)
    return subject.with_funnel(steps=tuple(steps))


def _resolutions(funnel: Funnel) -> Iterator[Reading]:
    other = "millisecond" if funnel.resolution == "second" else "second"
    yield Reading(
        family="resolution",
        words=f"times compared by {other}s instead of {funnel.resolution}s",
        change=lambda subject: subject.with_funnel(resolution=other),
    )


def _users(funnel: Funnel) -> Iterator[Reading]:
    for users in get_args(Users):
        if users != funnel.users:
            yield Reading(
                family="new users",
                words=f"{users} users instead of {funnel.users} ones",
                change=partial(_with_users, users=users),
                needs_every_event=users != "active",
            )


def _with_users(subject: Subject, *, users: Users) -> Subject:
    return subject.with_funnel(users=users)


def _exclusions(funnel: Funnel) -> Iterator[Reading]:
    if not funnel.exclusions:
        return
    yield Reading(
        family="exclusions",
        words="without the excluded events (the API cannot exclude any)",
        change=lambda subject: subject.with_funnel(exclusions=()),
    )
    if any(exclusion.between for exclusion in funnel.exclusions):
        yield Reading(
            family="exclusions",
            words="events excluded between all steps",
            change=lambda subject: subject.with_funnel(
                exclusions=tuple(replace(one, between=None) for one in subject.funnel.exclusions)
            ),
        )
    for first in range(1, len(funnel.steps)):
        yield Reading(
            family="exclusions",
            words=f"events excluded only between steps {first} and {first + 1}",
            change=partial(_excluded_between, pair=(first, first + 1)),
            likely=2,
        )


def _excluded_between(subject: Subject, *, pair: tuple[int, int]) -> Subject:
    exclusions = tuple(Exclusion(one.events, pair) for one in subject.funnel.exclusions)
    return subject.with_funnel(exclusions=exclusions)


def _holding(funnel: Funnel) -> Iterator[Reading]:
    if funnel.hold:
        yield Reading(
            family="holding",
            words="no property held constant (the API cannot hold any)",
            change=lambda subject: subject.with_funnel(hold=()),
        )
    if SESSION_ID not in funnel.hold:
        yield Reading(
            family="holding",
            words="all steps in one session",
            change=lambda subject: subject.with_funnel(hold=(*subject.funnel.hold, SESSION_ID)),
            likely=2,
        )


def _groups(funnel: Funnel) -> Iterator[Reading]:
    by = funnel.group_by
    if by is None:
        return
    for step in range(1, len(funnel.steps) + 1):
        if step != by.step:
            yield Reading(
                family="groups",
                words=f"grouped by the event of step {step} instead of step {by.step}",
                change=partial(_grouped_by, by=replace(by, step=step)),
            )


def _grouped_by(subject: Subject, *, by: GroupBy) -> Subject:
    return subject.with_funnel(group_by=by)


def _settings(funnel: Funnel) -> Iterator[Reading]:
    for name, choices in setting_choices().items():
        now = getattr(funnel.settings, name)
        for choice in choices:
            if choice != now and _matters(name, funnel):
                yield Reading(
                    family="setting",
                    words=f"setting {name} = {choice!r} instead of {now!r}",
                    change=partial(_with_setting, name=name, choice=choice),
                    needs_every_event=name == "exact_order_interrupted_by",
                )


def _with_setting(subject: Subject, *, name: str, choice: str) -> Subject:
    change: dict[str, Any] = {name: choice}
    changed: Settings = replace(subject.funnel.settings, **change)
    return subject.with_funnel(settings=changed)


def _matters(name: str, funnel: Funnel) -> bool:
    """Whether a count can depend on a setting, in this definition."""
    if name in NOT_IN_COUNTS:
        return False
    if name.startswith("any_order"):
        return funnel.order == "any"
    negative = any(
        "not" in one.op.split()
        for several in (
            funnel.event_filters,
            *(segment.filters for segment in funnel.segments),
            *(selector.filters for selector in funnel.selectors()),
        )
        for one in several
    )
    matters = {
        "exact_order_interrupted_by": funnel.order == "exact" and bool(funnel.inactive_events),
        "totals_pairing": funnel.count_by == "totals",
        "hold_missing": bool(funnel.hold),
        "is_not_on_missing": negative,
        "group_ranking": funnel.group_by is not None,
        "historical_count_step_one": any(step.historical_count for step in funnel.steps),
    }
    return matters.get(name, True)
