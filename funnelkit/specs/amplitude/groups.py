"""Group by: in charts and in the API it can stand in several places; a funnel has one (A9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from funnelkit.errors import DefinitionError
from funnelkit.model import GroupBy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from funnelkit.model import Property
    from funnelkit.specs.amplitude.objects import Faults, Path


class Place(NamedTuple):
    """Where properties to group by were found, and at which step (1-based) they are taken."""

    path: Path
    properties: tuple[Property, ...]
    step: int = 1


def one_group_by(
    places: Iterable[Place], faults: Faults, *, limit: int | None = None
) -> GroupBy | None:
    """Return the grouping of the one place that has properties; two of them are a fault."""
    used = [place for place in places if place.properties]
    if len(used) > 1:
        found = ", ".join(".".join(place.path) for place in used)
        faults.add((), f"a funnel is grouped in one place, at one step; got {found}")
    for place in used[:1]:
        try:
            return GroupBy(place.properties, place.step, limit)
        except DefinitionError as error:
            faults.add(place.path, str(error))
    return None
