"""One version of a store: what the commit says, and which files hold the events."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from funnelkit.errors import DataError, DefinitionError, UnsupportedError
from funnelkit.events.store.layout import FORMAT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

LOG: Final = "_delta_log"
KEY: Final = "funnelkit"
"""Where a commit's metadata says what belongs to its version."""


@dataclass(frozen=True, slots=True)
class State:
    """What a commit says beside its files; paths are relative to the store's folder.

    `schema` is an empty Parquet file with all columns, `ledger` has the files of imports so far,
    `merges` the merged ids (specification C3).
    """

    buckets: int
    schema: str
    ledger: tuple[str, ...] = ()
    merges: str | None = None

    def to_metadata(self) -> dict[str, Any]:
        """Return the state as a commit's metadata has it."""
        return {
            "format": FORMAT,
            "buckets": self.buckets,
            "schema": self.schema,
            "ledger": list(self.ledger),
            "merges": self.merges,
        }

    @property
    def side_files(self) -> tuple[str, ...]:
        """The files that are no events."""
        merges = () if self.merges is None else (self.merges,)
        return (self.schema, *self.ledger, *merges)


@dataclass(frozen=True, slots=True)
class Version:
    """A commit: its number, its time, what was done, and by how many events it changed."""

    number: int
    time: datetime
    operation: str
    events: int | None = None


def is_store(path: Path) -> bool:
    """Return whether a folder is a Delta table."""
    try:
        return (path / LOG).is_dir()
    except OSError:  # whoever reads the path says what is wrong with it, as with a name too long
        return False


def commits(folder: Path) -> list[int]:
    """Return the numbers of the versions whose commits are in the log, ascending."""
    try:
        names = [file.name for file in (folder / LOG).iterdir()]
    except OSError as error:
        raise DataError(f"{folder}: the log cannot be read: {error.strerror}") from error
    return sorted(
        int(name[:-5]) for name in names if name.endswith(".json") and name[:-5].isdigit()
    )


def actions(folder: Path, number: int) -> Iterator[dict[str, Any]]:
    """Yield the actions of a commit.

    Raises:
        DataError: the log is damaged.
    """
    path = folder / LOG / f"{number:020}.json"
    try:
        for line in path.read_text("utf-8").splitlines():
            if line.strip():
                yield json.loads(line)
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def state_in(folder: Path, done: Iterable[dict[str, Any]]) -> State | None:
    """Return the state that the actions of a commit name; None where funnelkit did not make it.

    Raises:
        UnsupportedError: a later funnelkit wrote it.
    """
    said = _info(done).get(KEY)
    if said is None:
        return None
    if said["format"] > FORMAT:
        raise UnsupportedError(
            f"{folder} has the format {said['format']} of a later funnelkit; this one knows "
            f"formats up to {FORMAT}. Install a newer funnelkit"
        )
    return State(said["buckets"], said["schema"], tuple(said["ledger"]), said["merges"])


def state_at(folder: Path, number: int) -> State:
    """Return the state of a version: what the last commit up to it says that funnelkit made.

    Raises:
        UnsupportedError: a later funnelkit wrote it.
        DataError: the table is not funnelkit's.
    """
    for each in reversed([one for one in commits(folder) if one <= number]):
        state = state_in(folder, actions(folder, each))
        if state is not None:
            return state
    raise DataError(
        f"{folder} is a Delta table, but not one that funnelkit made; read its Parquet files "
        f"instead, as with '{folder}/**/*.parquet'"
    )


def version_in(number: int, done: Iterable[dict[str, Any]]) -> Version:
    """Return the version that the actions of a commit make."""
    said = _info(done)
    mine = said.get(KEY, {})
    return Version(
        number=number,
        time=datetime.fromtimestamp(said.get("timestamp", 0) / 1000, UTC),
        operation=mine.get("operation") or said.get("operation", "unknown").lower(),
        events=mine.get("events"),
    )


def version_at_time(folder: Path, time: datetime) -> Version:
    """Return the last version that there was at a time.

    Raises:
        DefinitionError: the store is younger.
    """
    found = [version_in(number, actions(folder, number)) for number in commits(folder)]
    before = [one for one in found if one.time <= time]
    if not before:
        raise DefinitionError(
            f"{folder} has no version as of {_written(time)}: it began at "
            f"{_written(found[0].time)}, as `store versions` says"
        )
    return before[-1]


def _written(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _info(done: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return what a commit says of itself."""
    return next((one["commitInfo"] for one in done if "commitInfo" in one), {})
