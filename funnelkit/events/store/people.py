"""Who was seen in a store, and when: what the ids of later events depend on (specification A13)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelkit.events.importers.columns import RECEIVED
from funnelkit.events.sql import Parameters, quote_identifier, quote_path
from funnelkit.events.store.kinds import TIME
from funnelkit.events.table import literally, read_parquet

if TYPE_CHECKING:
    from pathlib import Path

    from funnelkit.events.store.reading import Snapshot


@dataclass(frozen=True, slots=True)
class People:
    """The events of a version of a store, by their users; paths are relative to its folder."""

    folder: Path
    schema: str
    files: tuple[str, ...]
    received: tuple[str, ...] = ()

    @classmethod
    def of(cls, found: Snapshot) -> People:
        """Return the people of a version."""
        columns = found.catalogue.columns
        entries = (columns.find(name, TIME) for name in RECEIVED)
        return cls(
            found.folder,
            found.state.schema,
            tuple(file.path for file in found.files),
            tuple(entry.field for entry in entries if entry is not None),
        )

    def relation(self, bind: Parameters, files: list[str]) -> str:
        """Return the SQL of the events in files of the store."""
        return read_parquet(
            bind.bind(literally(str(self.folder / file) for file in files)), hive=False
        )

    def sightings(self) -> str | None:
        """Return the SELECT of (user_id, device_id, given, time) of all events; None without any.

        `given` is the amplitude_id that an event has, `time` when it was received as far as that
        is known, else when it happened.
        """
        if not self.files:
            return None
        paths = literally(str(self.folder / path) for path in (self.schema, *self.files))
        times = ", ".join(map(quote_identifier, (*self.received, "event_time")))
        # A view of it takes no parameters.
        return (
            f"SELECT user_id, device_id, amplitude_id AS given, coalesce({times}) AS time FROM "
            f"read_parquet([{', '.join(map(quote_path, paths))}], union_by_name = true, "
            "hive_partitioning = false) WHERE amplitude_id IS NOT NULL"
        )
