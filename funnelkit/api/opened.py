"""Events that are opened once, and read for one funnel after the other."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from funnelkit.events.fingerprint import EventsFingerprint
    from funnelkit.events.table import EventTable

MOST: Final = 3
"""So many sources are kept open, those used last: what was converted lies in temporary files."""


class OpenedEvents:
    """Tables by what they were opened of, for the time of a `with` block.

    The same events with the same columns are opened, converted and fingerprinted once, so they
    must not change meanwhile.
    """

    def __init__(self) -> None:
        """Begin with nothing open."""
        self._open: dict[object, tuple[ExitStack, EventTable, Any]] = {}
        self._fingerprints: dict[object, EventsFingerprint] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        while self._open:
            self._close(next(iter(self._open)))

    def table(self, events: Any, columns: Mapping[str, str] | str | None) -> EventTable:
        """Return the table of some events; it is there until `MOST` others were asked for.

        Raises:
            DefinitionError, DataError: as `open_events`.
        """
        from funnelkit.events.sources import open_events

        key = _key(events, columns)
        if key in self._open:
            self._open[key] = self._open.pop(key)  # to the end: used last
        else:
            while len(self._open) >= MOST:
                self._close(next(iter(self._open)))
            with ExitStack() as stack:
                table = stack.enter_context(open_events(events, columns=columns))
                # With the events, whose identity may be part of the key.
                self._open[key] = (stack.pop_all(), table, events)
        return self._open[key][1]

    def fingerprint(
        self, events: Any, columns: Mapping[str, str] | str | None
    ) -> EventsFingerprint:
        """Return the fingerprint of some events, for which every column is read.

        Raises:
            DefinitionError, DataError: as `open_events`.
        """
        from funnelkit.events.fingerprint import fingerprint_of

        key = _key(events, columns)
        table = self.table(events, columns)
        if key not in self._fingerprints:
            self._fingerprints[key] = fingerprint_of(table)
        return self._fingerprints[key]

    def _close(self, key: object) -> None:
        stack, _, _ = self._open.pop(key)
        self._fingerprints.pop(key, None)
        stack.close()


def _key(events: Any, columns: Mapping[str, str] | str | None) -> object:
    """Return what two sources share that are one: paths by their names, all else by identity."""
    named: object = columns
    if columns is not None and not isinstance(columns, str):
        named = tuple(sorted(columns.items()))
    several = events if isinstance(events, (list, tuple)) else [events]
    parts = tuple(
        os.fspath(one) if isinstance(one, (str, os.PathLike)) else id(one) for one in several
    )
    return parts, named
