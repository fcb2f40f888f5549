"""Files become a version: the one place where a store changes.

A commit is one file in the log that appears at once or not at all. It adds files, leaves out
others and names the side tables; whatever is not named by a commit does not exist for readers.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from funnelkit.errors import DataError, DefinitionError
from funnelkit.events.store.catalogue import from_schema, to_schema
from funnelkit.events.store.layout import PARTITION, Partition
from funnelkit.events.store.state import KEY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from funnelkit.events.store.catalogue import Catalogue
    from funnelkit.events.store.state import State


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of events: its path in the store, where it belongs, and what is in it.

    `first` and `last` are the times in microseconds. No id is among the statistics: the log
    outlives what `forget` erases.
    """

    path: str
    partition: Partition
    rows: int
    first: int
    last: int
    without_user_id: int
    size: int


def delta() -> Any:
    """Return the package deltalake.

    Raises:
        DefinitionError: it is not installed; the text says how.
    """
    try:
        import deltalake
    except ImportError as error:
        raise DefinitionError(
            'the event store needs deltalake: pip install "funnelkit[store]"'
        ) from error
    return deltalake


@contextmanager
def delta_errors(folder: Path) -> Iterator[None]:
    """Raise what deltalake says of a store as a `DataError`."""
    from deltalake.exceptions import CommitFailedError, DeltaError

    try:
        yield
    except CommitFailedError as error:
        raise DataError(
            f"{folder}: another import changed the store at the same time; nothing of this one "
            f"was kept. Run it again ({error})"
        ) from error
    except (DeltaError, OSError) as error:
        raise DataError(f"{folder}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    text = (getattr(error, "strerror", None) or str(error)).strip()
    return text.splitlines()[0] if text else type(error).__name__


def create(folder: Path, catalogue: Catalogue, state: State) -> None:
    """Make version 0, without events."""
    with delta_errors(folder):
        delta().DeltaTable.create(
            folder,
            to_schema(catalogue),
            partition_by=list(PARTITION),
            name="funnelkit",
            description="Amplitude's export columns, by month and bucket of users",
            # `vacuum` alone decides how far back versions can be read.
            configuration={"delta.enableExpiredLogCleanup": "false"},
            commit_properties=_properties(state, "create", {}),
        )


def commit(
    folder: Path,
    *,
    version: int,
    operation: str,
    state: State,
    catalogue: Catalogue,
    changed: bool = False,
    add: Sequence[StoredFile] = (),
    remove: Sequence[StoredFile] = (),
    said: dict[str, Any] | None = None,
) -> int:
    """Make the version after `version`, and return its number.

    `changed` tells that the catalogue has fields that the version before had not; such a commit
    cannot leave out files. With `remove`, the events stay the same unless the operation says so.

    Raises:
        DataError: there is another version already, or the folder cannot be written. Then nothing
            has changed.
    """
    from deltalake.transaction import AddAction, RemoveAction

    now = int(time.time() * 1000)
    with delta_errors(folder):
        table = delta().DeltaTable(folder, version=version)
        data = operation != "compact"
        actions: list[Any] = [
            AddAction(one.path, one.size, one.partition.values, now, data, _stats(one))
            for one in add
        ]
        actions += [
            RemoveAction(one.path, data, now, one.size, one.partition.values) for one in remove
        ]
        # Only an overwrite may change the schema: this one overwrites a month that never is.
        nothing = [("month", "=", "never")]
        table.create_write_transaction(
            actions,
            "overwrite" if changed else "append",
            to_schema(catalogue),
            list(PARTITION),
            partition_filters=nothing if changed else None,
            commit_properties=_properties(state, operation, said or {}),
        )
    return version + 1


def _properties(state: State, operation: str, said: dict[str, Any]) -> Any:
    metadata = {**state.to_metadata(), "operation": operation, **said}
    # Without retries: a commit after another one would name side tables that lack the other's.
    return delta().CommitProperties(custom_metadata={KEY: metadata}, max_commit_retries=0)


def _stats(file: StoredFile) -> str:
    return json.dumps(
        {
            "numRecords": file.rows,
            "minValues": {"event_time": _moment(file.first)},
            "maxValues": {"event_time": _moment(file.last)},
            "nullCount": {"event_time": 0, "user_id": file.without_user_id},
        }
    )


def _moment(us: int) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds")


def read_version(folder: Path, version: int) -> tuple[Catalogue, list[StoredFile]]:
    """Return the catalogue of a version and its files, by bucket, month and path."""
    with delta_errors(folder):
        table = delta().DeltaTable(folder, version=version)
        found = table.get_add_actions(flatten=True)
        catalogue = from_schema(table.schema())
        if not len(found):  # then there are no columns of statistics either
            return catalogue, []
        columns = {name: found.column(name).to_pylist() for name in _READ}
    files = [
        StoredFile(
            path=path,
            partition=Partition(month, int(bucket)),
            rows=rows,
            first=_us(first),
            last=_us(last),
            without_user_id=lacking,
            size=size,
        )
        for path, month, bucket, rows, first, last, lacking, size in zip(
            *columns.values(), strict=True
        )
    ]
    files.sort(key=lambda one: (one.partition.bucket, one.partition.month, one.path))
    return catalogue, files


_READ = (
    "path", "partition.month", "partition.bucket", "num_records", "min.event_time",
    "max.event_time", "null_count.user_id", "size_bytes",
)  # fmt: skip


def _us(moment: datetime) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def synced(path: Path) -> None:
    """Let a file reach the disk before a commit names it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
