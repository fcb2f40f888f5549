"""Whether an answer of Amplitude's is of the same steps: by the names that stand in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from funnelkit.errors import DefinitionError, fold
from funnelkit.model import PSEUDO_EVENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from funnelkit.model import Funnel, Step
    from funnelkit.verification.expected import Expectation

_NUMBERED: Final = re.compile(r"\s*(step )?\d+\s*[.:)]?\s*", re.IGNORECASE)
_FILTER: Final = re.compile(r"\s*\([^()]*\)$")


@dataclass(frozen=True, slots=True)
class _Difference:
    step: int
    label: str
    name: str

    def __str__(self) -> str:
        return f"step {self.step} is {self.label!r} there, {self.name!r} here"


def check_labels(
    expectation: Expectation, funnel: Funnel, event_types: Callable[[], Sequence[str]]
) -> str | None:
    """Return a warning where steps of an answer have names of which this funnel knows nothing.

    Amplitude shows an event's display name, which no export has, so another name alone proves
    nothing. `event_types` returns those of the events.

    Raises:
        DefinitionError: a step has the name of another step, or of another event: the numbers are
            those of another chart, though they may agree.
    """
    differing = list(_differences(expectation.labels, funnel))
    if not differing:
        return None
    known = {fold(step.label) for step in funnel.steps} | {fold(kind) for kind in event_types()}
    said = "; ".join(map(str, differing))
    if any(fold(one.label) in known for one in differing):
        raise DefinitionError(f"{expectation.source} holds the numbers of other steps: {said}")
    return (
        f"{expectation.source} may hold the numbers of another chart: {said} (a display name in "
        "Amplitude?)"
    )


def _differences(labels: Sequence[str], funnel: Funnel) -> Iterator[_Difference]:
    if len(labels) != len(funnel.steps):
        return  # the counts do not fit, either, which is said there
    for number, (label, step) in enumerate(zip(labels, funnel.steps, strict=True), 1):
        names = _names(label)
        bare = names[-1]
        if bare and _has_one_name(step) and fold(step.label) not in map(fold, names):
            yield _Difference(number, bare, step.label)


def _names(label: str) -> list[str]:
    """Return what a step's label may be the name of: with its number, and ever fewer filters.

    The last one has neither; but an event may be called `2. Pay`, or `Revenue (Verified)`.
    """
    numbered = _NUMBERED.match(label)
    found = [label.strip()]
    name = label[numbered.end() :] if numbered else label
    while True:
        found.append(name.strip())
        shorter = _FILTER.sub("", name)
        if shorter == name:
            return found
        name = shorter


def _has_one_name(step: Step) -> bool:
    return len(step.events) == 1 and step.events[0].event_type not in PSEUDO_EVENTS
