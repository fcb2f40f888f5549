"""Readings of the steps: two of them exchanged, or an event with a similar name."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from funnelkit.errors import nearest
from funnelkit.model import CUSTOM, PSEUDO_EVENTS
from funnelkit.verification.reconciliation.reading import Reading, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from funnelkit.model import Funnel, Step

MOST_NAMES: Final = 3
"""So many similar names are tried in the place of each event."""


def step_readings(funnel: Funnel, event_types: Sequence[str]) -> Iterator[Reading]:
    """Yield steps that may be others; `event_types` are those of the events."""
    yield from _exchanged(funnel)
    yield from _similar(funnel, event_types)


def _exchanged(funnel: Funnel) -> Iterator[Reading]:
    for place, (one, other) in enumerate(zip(funnel.steps, funnel.steps[1:], strict=False)):
        if one != other:
            yield Reading(
                family="steps",
                words=f"steps {place + 1} and {place + 2} exchanged",
                change=partial(_exchange, place=place),
                likely=2,
            )


def _exchange(subject: Subject, *, place: int) -> Subject:
    steps = list(subject.funnel.steps)
    steps[place : place + 2] = reversed(steps[place : place + 2])
    return subject.with_funnel(steps=tuple(steps))


def _similar(funnel: Funnel, event_types: Sequence[str]) -> Iterator[Reading]:
    for place, step in enumerate(funnel.steps):
        used = {event.event_type for event in step.events}
        for event in step.events:
            name = event.event_type
            if name in PSEUDO_EVENTS or name.startswith(CUSTOM):
                continue
            others = [other for other in event_types if other not in used]
            for other in nearest(name, others, most=MOST_NAMES):
                yield Reading(
                    family="steps",
                    words=f"{other!r} instead of {name!r} in step {place + 1}",
                    change=partial(_renamed, place=place, name=name, other=other),
                    likely=2,
                    needs_every_event=True,
                )


def _renamed(subject: Subject, *, place: int, name: str, other: str) -> Subject:
    steps = list(subject.funnel.steps)
    steps[place] = _with_event(steps[place], name, other)
    return subject.with_funnel(steps=tuple(steps))


def _with_event(step: Step, name: str, other: str) -> Step:
    return replace(
        step,
        events=tuple(
            replace(event, event_type=other) if event.event_type == name else event
            for event in step.events
        ),
    )
