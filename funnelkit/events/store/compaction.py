"""Files of one partition become one: fewer to open, and nothing to bring together in a report."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from funnelkit.errors import FunnelkitError
from funnelkit.events.connection import connect, data_errors
from funnelkit.events.sql import Parameters
from funnelkit.events.store.commit import commit
from funnelkit.events.store.lock import writing
from funnelkit.events.store.reading import snapshot
from funnelkit.events.store.writing import write_file
from funnelkit.events.table import literally, read_parquet

if TYPE_CHECKING:
    from pathlib import Path

    from funnelkit.events.store.commit import StoredFile


@dataclass(frozen=True, slots=True)
class Compacted:
    """The version, and how many files became how many."""

    version: int
    before: int
    after: int


def compact(folder: Path) -> Compacted:
    """Make one file of all files of a partition; no event changes.

    The files before stay for the versions before, until `vacuum` erases them.

    Raises:
        DataError: the folder cannot be written; then nothing has changed.
    """
    with writing(folder), closing(connect()) as connection, data_errors(str(folder)):
        found = snapshot(folder)
        add: list[StoredFile] = []
        remove: list[StoredFile] = []
        for partition, group in groupby(found.files, key=lambda file: file.partition):
            files = list(group)
            if len(files) == 1:
                continue
            bind = Parameters()
            paths = [found.state.schema, *(file.path for file in files)]
            placeholder = bind.bind(literally(str(folder / path) for path in paths))
            select = f"SELECT * FROM {read_parquet(placeholder, hive=False)}"
            one = write_file(folder, partition, select, bind, connection)
            if one is None or one.rows != sum(file.rows for file in files):
                raise FunnelkitError(f"{folder}: the events of {partition.folder} changed")
            add.append(one)
            remove += files
        version = found.version
        if add:
            version = commit(
                folder,
                version=version,
                operation="compact",
                state=found.state,
                catalogue=found.catalogue,
                add=add,
                remove=remove,
                said={"events": 0},
            )
    return Compacted(version, len(found.files), len(found.files) - len(remove) + len(add))
