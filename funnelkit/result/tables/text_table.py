"""A table of text: what it says, not how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTable:
    """Rows of text under a title, with notes below.

    The first column is words, the others numbers; but with `bars` the last one is a drawing. Where
    there are no `heads`, the title alone says everything.
    """

    title: str
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    bars: bool = False
    notes: tuple[str, ...] = ()
