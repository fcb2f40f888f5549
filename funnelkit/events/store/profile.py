"""What is in a store, by its log alone: no event is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from funnelkit.events.store.layout import FORMAT
from funnelkit.events.store.ledger import read_ledger
from funnelkit.events.store.reading import snapshot
from funnelkit.events.store.selections import kept_bytes

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreInfo:
    """A version of a store in numbers.

    `loose` counts the files that `compact` would bring together; `imports` are the files in the
    ledger; `properties` counts the properties of events and users. `kept` are the bytes of what
    reports keep, of whatever version.
    """

    folder: str
    version: int
    format: int
    events: int
    first: datetime | None
    last: datetime | None
    months: int
    buckets: int
    files: int
    loose: int
    bytes: int
    properties: int
    imports: int
    kept: int

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON has them."""
        return {
            "schema": "funnelkit.store/1",
            "folder": self.folder,
            "version": self.version,
            "format": self.format,
            "events": self.events,
            "first": None if self.first is None else self.first.isoformat(),
            "last": None if self.last is None else self.last.isoformat(),
            "months": self.months,
            "buckets": self.buckets,
            "files": self.files,
            "loose_files": self.loose,
            "bytes": self.bytes,
            "properties": self.properties,
            "imports": self.imports,
            "kept_bytes": self.kept,
        }


def info(folder: Path, version: int | None = None) -> StoreInfo:
    """Return what is in a version of a store.

    Raises:
        DefinitionError: there is no such version.
        DataError: it cannot be read.
    """
    found = snapshot(folder, version)
    partitions = [file.partition for file in found.files]
    names = {
        (column, name)
        for column, fields in found.catalogue.objects.items()
        for name in (*(entry.name for entry in fields.entries), *fields.rest)
    }
    return StoreInfo(
        folder=str(folder),
        version=found.version,
        format=FORMAT,
        events=found.rows,
        first=_moment(min((file.first for file in found.files), default=None)),
        last=_moment(max((file.last for file in found.files), default=None)),
        months=len({partition.month for partition in partitions}),
        buckets=found.state.buckets,
        files=len(partitions),
        loose=sum(partitions.count(each) for each in set(partitions) if partitions.count(each) > 1),
        bytes=sum(file.size for file in found.files),
        properties=len(names),
        imports=len(read_ledger(folder, found.state.ledger)),
        kept=kept_bytes(folder),
    )


def _moment(us: int | None) -> datetime | None:
    return None if us is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
