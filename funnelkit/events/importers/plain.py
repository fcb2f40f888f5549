"""Rows of anything that has an event type, a time and an id, under whatever common names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.events.columns import find_roles
from funnelkit.events.importers.amplitude import value
from funnelkit.events.importers.columns import EXPORT

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from funnelkit.events.importers.row import Row
    from funnelkit.events.table import Role


class Plain:
    """The roles that `--columns` gives, and those that the names suggest (see `events/columns`)."""

    name = "plain"

    def __init__(self, explicit: Mapping[Role, str] | None = None) -> None:
        self.explicit = dict(explicit or {})

    def recognises(self, keys: Collection[str]) -> bool:
        """Take whatever has been said to be an event."""
        return bool(self.explicit) and set(self.explicit.values()) <= set(keys)

    def event(self, row: Row) -> Mapping[str, str]:
        """Return the column of each role."""
        return {
            column: value(row, key, EXPORT[column])
            for key, column in self._columns(list(row.types), row.source).items()
        }

    def reads(self, keys: Collection[str]) -> Collection[str]:
        """Return the keys that play a role."""
        return self._columns(list(keys), "a file").keys()

    def guesses(self, keys: Collection[str], where: str) -> tuple[str, ...]:
        """Return one sentence for each role that only a common name suggests.

        Raises:
            ColumnError: a role that an event needs has no key.
        """
        return find_roles(list(keys), explicit=self.explicit, where=where).notes()

    def time_key(self, row: Row) -> str | None:
        """Return the key of the event's time."""
        columns = self._columns(list(row.types), row.source)
        return next((key for key, column in columns.items() if column == "event_time"), None)

    def _columns(self, keys: list[str], where: str) -> dict[str, str]:
        roles = find_roles(keys, explicit=self.explicit, where=where).columns
        played = {key: _COLUMNS.get(role, role) for role, key in roles.items()}
        free = {key: key for key in keys if key in EXPORT and key not in played}
        taken = set(played.values())
        return played | {key: column for key, column in free.items() if column not in taken}


_COLUMNS: Mapping[Role, str] = {"insert_id": "$insert_id"}
