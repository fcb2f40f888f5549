"""Other people's files as events in the columns of Amplitude's export: one module per format.

A format says how a row of its files becomes an event, and nothing else. Reading and splitting
files (`lines.py`), rejects, duplicates, identity, order and writing are the same for all
(`run.py`). A new format is a module here with an object that has what `Format` has, and a line in
`formats.py`; it is then found by itself where `recognises` says so, and by `--as NAME`.

    class Example:
        name = "example"

        def recognises(self, keys):           # the keys of the first row, as the file spells them
            return {"verb", "actor", "at"} <= set(keys)

        def event(self, row):                 # SQL by column of the export; see `columns.py`
            return {
                "event_type": row.text("verb"),
                "user_id": row.text("actor"),
                "event_time": row.time("at"),
                "event_properties": row.json("details"),
                "$insert_id": row.text("context", "id"),      # inside the object `context`
            }

        def reads(self, keys):                # the keys that `event` has used up
            return {"verb", "actor", "at", "details", "context"}

Every key that `reads` does not return becomes a column of its own under its own name. Times must be
TIMESTAMP in UTC, ids text, `amplitude_id`, `session_id` and `event_id` text that holds whole
numbers, properties JSON text; what cannot be read is NULL, and what an event needs and lacks is
rejected with its file and line. Rows that are no events at all (metadata, consent records, …) are
told by a column `fk_skip`: its text, where not NULL, is the reason, and they are counted apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from funnelkit.events.importers.row import Row


class Format(Protocol):
    """How rows of one kind of file become events."""

    @property
    def name(self) -> str:
        """What `--as` calls it."""

    def recognises(self, keys: Collection[str]) -> bool:
        """Return whether a file whose first row has these keys is of this format, without doubt."""

    def event(self, row: Row) -> Mapping[str, str]:
        """Return the SQL of each column of the export that the row has something for."""

    def reads(self, keys: Collection[str]) -> Collection[str]:
        """Return the keys that `event` has used up; the others become columns of their own."""
