"""Events as the engine reads them: Parquet files, and which column is which.

Whatever the source was (JSON lines, CSV, a frame), it is Parquet by the time it stands here:
the original files, or a temporary copy of what was read.
"""

from __future__ import annotations

import glob
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from funnelkit.events.sql import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from funnelkit.events.sql import Parameters
    from funnelkit.events.store.selections import SelectionFolder

Role = Literal[
    "amplitude_id", "user_id", "device_id", "session_id", "event_type", "event_time",
    "event_id", "uuid", "insert_id", "event_properties", "user_properties",
]  # fmt: skip
"""What a column can stand for, by the names of Amplitude's export (specification C2)."""

TimeKind = Literal[
    "timestamp", "timestamptz", "text", "seconds", "milliseconds", "microseconds", "nanoseconds"
]


_ESCAPED: Final = re.compile(r"\[([*?[])\]")
_NARROW: Final = frozenset({"TINYINT", "UTINYINT", "SMALLINT", "USMALLINT", "INTEGER", "UINTEGER"})


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a STRUCT column of properties.

    `name` is spelt as in the files, `read_as` as DuckDB spells it: DuckDB folds case, so of
    `Price` and `price` it calls the second `price_1`. `read_as` is None where files differ so
    that DuckDB would mix two properties into one; such a property cannot be read. Several fields
    may have one name, each for another kind of value. With `inside`, `read_as` is a field of JSON
    objects, and the value stands there under `name`.
    """

    name: str
    type: str
    read_as: str | None
    inside: bool = False


@dataclass(frozen=True, slots=True)
class EventTable:
    """Parquet files and the meaning of their columns.

    `files` are paths as DuckDB reads them: a file called `a[1].parquet` is `a[[]1].parquet`.
    `types` gives each top-level column's DuckDB type, in the order of the files. A role that no
    column plays is None. `time_kind` says how `time` is to be read; numbers are epochs in UTC,
    text is ISO 8601, UTC where it has no offset. `rows` is the number of events; `labels` names
    the source of each file in words, for messages. `event_fields`, `user_fields` and
    `group_fields` (of the column `groups`) are the fields of these columns where they are STRUCTs.

    Every time was checked when the events were opened: it is there, and between the years 1 and
    9999. `merges` is a Parquet file of ids (`amplitude_id`, `final`) that stand for another one:
    they are applied wherever events are read, so that a later merge changes earlier events, too
    (specification A13). `notes` are sentences that the user should see: guesses, and what is
    peculiar.

    The rest is known of event stores only. `column_fields` are the columns that play no role, by
    the names of their properties. `nulls` says of some columns how many events lack them.
    `buckets` are lists of files that together are all, no user in two of them, each file in the
    order of (amplitude_id, time) and those of a list in the order of time. `ends` are the first and
    the last time in microseconds, `file_ends` those of each file of events. In `selections`, what
    is read may be kept for the next report.
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
    merges: str | None = None
    notes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    event_fields: tuple[Field, ...] = ()
    user_fields: tuple[Field, ...] = ()
    group_fields: tuple[Field, ...] = ()
    column_fields: tuple[Field, ...] = ()
    nulls: Mapping[str, int] = field(default_factory=dict)
    buckets: tuple[tuple[str, ...], ...] = ()
    ends: tuple[int, int] | None = None
    file_ends: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    selections: SelectionFolder | None = None

    def relation(self, bind: Parameters) -> str:
        """Return the FROM item that reads the files, ids that were merged replaced."""
        events = read_parquet(bind.bind(list(self.files)), hive=self.hive)
        if self.merges is None or self.amplitude_id is None:
            return events
        own = quote_identifier(self.amplitude_id)
        merges = read_parquet(bind.bind(literally([self.merges])), hive=False)
        return (
            f"(SELECT fk_events.* REPLACE (coalesce(fk_merges.final, fk_events.{own}) AS {own}), "
            f"fk_events.file_row_number FROM {events} AS fk_events LEFT JOIN {merges} AS fk_merges "
            f"ON fk_events.{own} = fk_merges.amplitude_id)"
        )

    def microseconds(self, of: Literal["each", "min", "max"] = "each") -> str:
        """Return the SQL expression of the event time as BIGINT microseconds since 1970 UTC.

        `of` asks for the first or the last of all: where the files' statistics tell, nothing is
        read.
        """
        time = quote_identifier(self.time)
        if of != "each":
            if self.time_kind == "text":  # which does not sort by time where it has offsets
                return f"{of}({microseconds(time, self.time_kind)})"
            time = f"{of}({time})"
        if self.types[self.time] in _NARROW:  # seconds that fit, whose microseconds do not
            time = f"CAST({time} AS BIGINT)"
        return microseconds(time, self.time_kind)


def literally(files: Iterable[str]) -> list[str]:
    """Return the paths so that DuckDB takes none for a glob: `a[1].parquet` is one file."""
    return [glob.escape(file) for file in files]


def paths_of(files: Iterable[str]) -> list[Path]:
    """Return the files that `literally` made these texts of."""
    return [Path(_ESCAPED.sub(r"\1", file)) for file in files]


def read_parquet(files: str, *, hive: bool) -> str:
    """Return the FROM item that reads the files that the placeholder `files` stands for.

    Values of hive partitions stay text, as they stand in the path.
    """
    options = "union_by_name = true"
    options += f", hive_partitioning = {'true' if hive else 'false'}"
    if hive:
        options += ", hive_types_autocast = false"
    return f"read_parquet({files}, {options})"


def microseconds(column: str, kind: TimeKind, *, cast: str = "CAST") -> str:
    """Return the SQL that reads `column`, itself SQL, as BIGINT microseconds since 1970 UTC.

    With `cast` TRY_CAST an epoch that does not fit becomes NULL instead of an error.
    """
    match kind:
        case "timestamp" | "timestamptz":
            return f"epoch_us({column})"
        case "text":
            # Not TIMESTAMP: DuckDB then drops an offset such as +02:00 without a word.
            return f"epoch_us({cast}({column} AS TIMESTAMPTZ))"
        case "seconds":
            return f"{cast}(round({column} * 1000000) AS BIGINT)"
        case "milliseconds":
            return f"{cast}(round({column} * 1000) AS BIGINT)"
        case "microseconds":
            return f"{cast}(round({column}) AS BIGINT)"
        case "nanoseconds":
            # Down to the microsecond below, in whole numbers: // alone goes towards zero.
            return f"{cast}(({column} - (({column} % 1000) + 1000) % 1000) // 1000 AS BIGINT)"
