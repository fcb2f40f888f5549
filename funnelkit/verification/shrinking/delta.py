"""Delta debugging: the fewest items that still make a difference (Zeller and Hildebrandt 2002)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")


def fewest(items: Sequence[T], differs: Callable[[Sequence[T]], bool]) -> list[T]:
    """Return items in their order that differ together, and no longer when any one is left out.

    All of `items` together must differ. The same arguments give the same answer.
    """
    kept = list(items)
    parts = 2
    while len(kept) > 1:
        size = -(-len(kept) // parts)
        pieces = [kept[start : start + size] for start in range(0, len(kept), size)]
        found = next((piece for piece in pieces if differs(piece)), None)
        if found is not None:
            kept, parts = found, 2
            continue
        rests = ([item for one in pieces if one is not piece for item in one] for piece in pieces)
        # Of two parts each is the other's rest.
        found = next((rest for rest in rests if differs(rest)), None) if len(pieces) > 2 else None  # noqa: PLR2004
        if found is not None:
            kept, parts = found, max(parts - 1, 2)
        elif size == 1:
            break
        else:
            parts = min(len(kept), 2 * parts)
    return _without_needless(kept, differs)


def _without_needless(kept: list[T], differs: Callable[[Sequence[T]], bool]) -> list[T]:
    """Leave out single items until none can be."""
    place = 0
    while place < len(kept) and len(kept) > 1:
        rest = kept[:place] + kept[place + 1 :]
        if differs(rest):
            kept, place = rest, 0
        else:
            place += 1
    return kept
