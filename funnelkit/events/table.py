"""Events as the engine reads them: Parquet files, and which column is which.

Whatever the source was (JSON lines, CSV, a frame), it is Parquet by the time it stands here:
the original files, or a temporary copy of what was read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from funnelkit.events.sql import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from funnelkit.events.sql import Parameters

TimeKind = Literal["timestamp", "timestamptz", "text", "seconds", "milliseconds", "microseconds"]


@dataclass(frozen=True, slots=True)
class EventTable:
    """Parquet files and the meaning of their columns.

    `types` gives each top-level column's DuckDB type, in the order of the files. A role that no
    column plays is None. `time_kind` says how `time` is to be read; numbers are epochs in UTC,
    text is ISO 8601, UTC where it has no offset. `rows` is the number of events.
    """

    files: tuple[str, ...]
    types: Mapping[str, str]
    event_type: str
    time: str
    time_kind: TimeKind
    rows: int
    amplitude_id: str | None = None
    user_id: str | None = None
    device_id: str | None = None
    session_id: str | None = None
    event_id: str | None = None
    uuid: str | None = None
    insert_id: str | None = None
    event_properties: str | None = None
    user_properties: str | None = None
    hive: bool = False
    notes: tuple[str, ...] = ()

    def relation(self, bind: Parameters) -> str:
        """Return the FROM item that reads the files."""
        files = bind.bind(list(self.files))
        hive = "true" if self.hive else "false"
        return f"read_parquet({files}, union_by_name = true, hive_partitioning = {hive})"

    def microseconds(self) -> str:
        """Return the SQL expression of the event time as BIGINT microseconds since 1970 UTC."""
        column = quote_identifier(self.time)
        match self.time_kind:
            case "timestamp":
                return f"epoch_us({column})"
            case "timestamptz":
                return f"epoch_us({column})"
            case "text":
                return f"epoch_us({column}::TIMESTAMPTZ)"
            case "seconds":
                return f"CAST(round({column} * 1000000) AS BIGINT)"
            case "milliseconds":
                return f"CAST(round({column} * 1000) AS BIGINT)"
            case "microseconds":
                return f"CAST({column} AS BIGINT)"
