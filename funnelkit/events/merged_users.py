"""The merged users among what is opened: taken from among the events, and applied to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.errors import DataError
from funnelkit.events.connection import data_errors
from funnelkit.events.imported import imported_with
from funnelkit.events.importers.formats import MERGES
from funnelkit.events.importers.row import Row
from funnelkit.events.merges import follow
from funnelkit.events.schema import ParquetFiles, columns_of, read_schema
from funnelkit.events.table import literally, read_parquet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from funnelkit.events.files import EventFile
    from funnelkit.events.opening import Opening


class MergedUsers:
    """Which id became which, by the files of an opening (specification C3)."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._found: list[tuple[str, dict[str, object]]] = []

    def add(self, row: Row, relation: str, values: Mapping[str, object], *, label: str) -> None:
        """Take the rows of a relation, each of which is a merge.

        Raises:
            DataError: a row lacks one of the two ids.
        """
        event = MERGES.event(row)
        ids = ("amplitude_id", "merged_amplitude_id")
        casts = ", ".join(f"TRY_CAST({event[name]} AS BIGINT) AS {name}" for name in ids)
        merges = f"(SELECT {casts}, {event['merge_time']} AS merge_time FROM {relation})"
        with data_errors(label):
            bad = self._opening.connection.execute(
                f"SELECT count(*) FROM {merges} WHERE {ids[0]} IS NULL OR {ids[1]} IS NULL", values
            ).fetchall()[0][0]
        if bad:
            raise DataError(f"{label}: {bad:,} merges lack one of {' and '.join(ids)}")
        self._found.append((merges, dict(values)))
        self._opening.notes.append(f"{label} has merged users, which are applied")

    def add_imported(self, files: Iterable[EventFile]) -> None:
        """Take the merges that an import keeps beside its events, where files are such events."""
        for file in files:
            imported = imported_with(file.path)
            if imported is not None and imported.merges_path is not None:
                values: dict[str, object] = {"files": literally([str(imported.merges_path)])}
                merges = read_parquet("$files", hive=False)
                self._found.append((f"(SELECT * FROM {merges})", values))

    def add_joined(self) -> None:
        """Take the ids that turned out to be one user's (see `settled`)."""
        self._found.append(("(SELECT *, NULL::TIMESTAMP AS merge_time FROM fk_joined)", {}))

    def taken_from(self, files: Sequence[EventFile]) -> list[EventFile]:
        """Take the merges of a warehouse from among Parquet files; return the other files."""
        parquet = {file.path: file for file in files if file.format == "parquet"}
        left = list(files)
        if len(files) == 1 or not parquet:
            return left
        connection = self._opening.connection
        for path, names in columns_of(connection, list(parquet.values())).items():
            if MERGES.recognises(names):
                file = parquet[path]
                values = {"files": literally([str(path)])}
                source = ParquetFiles(connection, (str(path),), (file.label,))
                row = Row(read_schema(source).types)
                relation = read_parquet("$files", hive=False)
                self.add(row, relation, values, label=file.label)
                left.remove(file)
        return left

    def follow(self) -> str | None:
        """Write where each merged id leads in the end; return the file, None if there is none."""
        if not self._found:
            return None
        connection = self._opening.connection
        connection.execute(
            "CREATE TEMP TABLE fk_merges "
            "(amplitude_id BIGINT, merged_amplitude_id BIGINT, merge_time TIMESTAMP)"
        ).fetchall()
        for relation, values in self._found:
            connection.execute(f"INSERT INTO fk_merges BY NAME FROM {relation}", values).fetchall()
        if not follow(connection, "fk_merges"):
            return None
        target = self._opening.folder.new("merges.parquet")
        connection.execute(
            "COPY fk_final TO $target (FORMAT parquet)", {"target": str(target)}
        ).fetchall()
        return str(target)
