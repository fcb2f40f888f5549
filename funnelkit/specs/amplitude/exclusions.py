"""Excluded events: between which steps the index of Amplitude's definitions says (A6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from funnelkit.errors import DefinitionError
from funnelkit.model import Exclusion
from funnelkit.specs.amplitude.objects import whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.model import EventSelector, Settings

EVERYWHERE: Final = -1


def read_exclusion(
    selector: EventSelector, index: object, *, steps: int, settings: Settings
) -> Exclusion | None:
    """Return the exclusion of an event at a `step_index`; None if it excludes nobody.

    Index -1 is between all steps. Index 0 is between steps 1 and 2, or (`settings.step_index`
    "from 1") before step 1, where nothing is excluded.

    Raises:
        DefinitionError: there is no such pair of steps.
    """
    place = whole(index)
    if place == EVERYWHERE:
        return Exclusion((selector,))
    first = place + 1 if settings.step_index == "from 0" else place
    if not (first == 0 or 1 <= first < steps) or place < 0:
        raise DefinitionError(
            f"-1 is between all steps, 0 and more is one pair of {steps} steps; got {place}"
        )
    return Exclusion((selector,), (first, first + 1)) if first else None


def step_indices(exclusion: Exclusion, settings: Settings) -> Iterator[int]:
    """Yield the `step_index` of each pair of steps that an exclusion covers."""
    if exclusion.between is None:
        yield EVERYWHERE
        return
    shift = 1 if settings.step_index == "from 0" else 0
    for first in range(*exclusion.between):
        yield first - shift
