"""One user is erased everywhere: from the last version, and from the files of those before."""

from __future__ import annotations

import os
import re
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from funnelkit.errors import DataError, DefinitionError
from funnelkit.events.connection import connect, data_errors
from funnelkit.events.sql import Parameters
from funnelkit.events.store.commit import commit, synced
from funnelkit.events.store.layout import SIDE
from funnelkit.events.store.lock import writing
from funnelkit.events.store.reading import snapshot
from funnelkit.events.store.selections import kept_selections
from funnelkit.events.store.vacuum import erase
from funnelkit.events.store.writing import UNFINISHED, write_file
from funnelkit.events.table import literally, read_parquet

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from funnelkit.events.store.reading import Snapshot


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was erased: events of the last version, the user's Amplitude IDs, and files.

    `rewritten` counts files of the last version, `erased` files that older versions had.
    """

    version: int
    events: int
    amplitude_ids: tuple[int, ...]
    rewritten: int
    erased: int


@dataclass(frozen=True, slots=True)
class _Whom:
    """A user: the id that was given, and all Amplitude IDs that go with it."""

    given: str
    ids: tuple[int, ...]

    def condition(self, bind: Parameters) -> str:
        """Return the condition that an event is the user's."""
        ids, given = bind.bind(list(self.ids)), bind.bind(self.given)
        return (
            f"(amplitude_id IN (SELECT unnest({ids}::BIGINT[])) OR "
            f"coalesce(user_id = {given}, false))"
        )


def forget(folder: Path, user: str) -> Forgotten:
    """Erase a user, named by user_id, amplitude_id or the device_id of somebody anonymous.

    With him go all events of his Amplitude IDs, and of those that were merged with them. Versions
    that had his events cannot be read any more. To do it twice does no harm: what a killed one
    left, the next one erases.

    Raises:
        DataError: nobody has this id, or the folder cannot be written.
        DefinitionError: two users have it.
    """
    with writing(folder), closing(connect()) as connection, data_errors(str(folder)):
        found = snapshot(folder)
        whom = _find(found, user, connection)
        held = [file for file in found.files if _count(folder, [file.path], whom, connection)]
        events = _count(folder, [file.path for file in held], whom, connection)
        version = found.version
        if held or _is_merged(found, whom, connection):
            add = []
            for file in held:
                bind = Parameters()
                paths = [found.state.schema, file.path]
                placeholder = bind.bind(literally(str(folder / path) for path in paths))
                select = (
                    f"SELECT * FROM {read_parquet(placeholder, hive=False)} "
                    f"WHERE NOT {whom.condition(bind)}"
                )
                rest = write_file(folder, file.partition, select, bind, connection)
                add += [] if rest is None else [rest]
            version = commit(
                folder,
                version=version,
                operation="forget",
                state=replace(found.state, merges=_merges_without(found, whom, connection)),
                catalogue=found.catalogue,
                add=add,
                remove=held,
                said={"events": -events},
            )
        old = _old_files(snapshot(folder), whom, connection)
        erase(folder, old)
        for _ in range(2):  # last, see `engine/selections.py`; a file may just get its name
            erase(folder, kept_selections(folder))
        _clean_rejects(folder, whom)
    return Forgotten(version, events, whom.ids, len(held), len(old))


def _all_files(folder: Path) -> list[str]:
    """Return the paths of all events that lie in the folder, whatever version they belong to."""
    return sorted(str(path.relative_to(folder)) for path in folder.glob("month=*/bucket=*/*"))


def _find(found: Snapshot, user: str, connection: DuckDBPyConnection) -> _Whom:
    folder = found.folder
    current = {file.path for file in found.files}
    files = [path for path in _all_files(folder) if path in current or _is_whole(folder / path)]
    ids: set[int] = set()
    if files:
        bind = Parameters()
        relation = read_parquet(
            bind.bind(literally(str(folder / file) for file in files)), hive=False
        )
        given = bind.bind(user)
        named = _ids(connection, bind, relation, f"user_id = {given}")
        numbered = _ids(connection, bind, relation, f"amplitude_id::VARCHAR = {given}")
        if named and numbered and numbered.isdisjoint(_with_merged(folder, named, connection)):
            raise DefinitionError(
                f"{user!r} is the user_id of one user, whose amplitude_id is "
                f"{min(named)}, and the amplitude_id of another; name the one or the other by an "
                "id that is only theirs"
            )
        ids = named | numbered
        if not ids:
            anonymous = f"device_id = {given} AND user_id IS NULL"
            ids = _ids(connection, bind, relation, anonymous)
    if _AMPLITUDE_ID.fullmatch(user):
        merged = _with_merged(folder, {int(user)}, connection)
        ids |= merged if len(merged) > 1 else set()
    if not ids:
        raise DataError(
            f"{folder} has no events of a user {user!r}: no user_id, no amplitude_id, and no "
            "device_id of somebody anonymous is this"
        )
    return _Whom(user, tuple(sorted(_with_merged(folder, ids, connection))))


_AMPLITUDE_ID: Final = re.compile(r"-?[0-9]{1,18}")


def _is_whole(path: Path) -> bool:
    """Return whether a file can be read: what a killed import left may not be."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 4))
        return file.read() == b"PAR1"


def _ids(
    connection: DuckDBPyConnection, bind: Parameters, relation: str, condition: str
) -> set[int]:
    sql = f"SELECT DISTINCT amplitude_id FROM {relation} WHERE {condition}"
    found = connection.execute(sql, bind.used_in(sql)).fetchall()
    return {one for (one,) in found if one is not None}


def _with_merged(folder: Path, ids: set[int], connection: DuckDBPyConnection) -> set[int]:
    """Return the ids, and all that were ever merged with them, in whatever direction."""
    files = sorted(str(path) for path in (folder / SIDE).glob("merges-*.parquet"))
    if not files:
        return ids
    pairs = connection.execute(
        "SELECT amplitude_id, final FROM read_parquet($files)",
        {"files": literally(files)},
    ).fetchall()
    found = set(ids)
    while True:
        more = {one for pair in pairs if not found.isdisjoint(pair) for one in pair} - found
        if not more:
            return found
        found |= more


def _count(folder: Path, files: Iterable[str], whom: _Whom, connection: DuckDBPyConnection) -> int:
    paths = literally(str(folder / file) for file in files)
    if not paths:
        return 0
    bind = Parameters()
    sql = (
        f"SELECT count(*) FROM {read_parquet(bind.bind(paths), hive=False)} "
        f"WHERE {whom.condition(bind)}"
    )
    return int(connection.execute(sql, bind.values).fetchall()[0][0])


def _is_merged(found: Snapshot, whom: _Whom, connection: DuckDBPyConnection) -> bool:
    return found.state.merges is not None and bool(
        connection.execute(
            "SELECT count(*) FROM read_parquet($file) WHERE amplitude_id IN "
            "(SELECT unnest($ids::BIGINT[])) OR final IN "
            "(SELECT unnest($ids::BIGINT[]))",
            {
                "file": literally([str(found.folder / found.state.merges)]),
                "ids": list(whom.ids),
            },
        ).fetchall()[0][0]
    )


def _merges_without(found: Snapshot, whom: _Whom, connection: DuckDBPyConnection) -> str | None:
    if not _is_merged(found, whom, connection) or found.state.merges is None:
        return found.state.merges
    name = f"{SIDE}/merges-{uuid4().hex}.parquet"
    connection.execute(
        "COPY (SELECT * FROM read_parquet($file) WHERE amplitude_id NOT IN "
        "(SELECT unnest($ids::BIGINT[])) AND final NOT IN "
        "(SELECT unnest($ids::BIGINT[]))) TO $target (FORMAT parquet)",
        {
            "file": literally([str(found.folder / found.state.merges)]),
            "ids": list(whom.ids),
            "target": str(found.folder / name),
        },
    ).fetchall()
    synced(found.folder / name)
    return name


def _old_files(found: Snapshot, whom: _Whom, connection: DuckDBPyConnection) -> list[Path]:
    """Return the files that are not of the last version and have something of the user."""
    current = {file.path for file in found.files}
    old = [file for file in _all_files(found.folder) if file not in current]
    held = [found.folder / file for file in old if _has(found.folder, file, whom, connection)]
    side = found.folder / SIDE
    held += [
        path
        for path in side.glob("merges-*.parquet")
        if str(path.relative_to(found.folder)) != found.state.merges
    ]
    left = (found.folder / UNFINISHED, *side.glob("import-*"))  # by imports that were killed
    held += [path for folder in left for path in folder.rglob("*") if path.is_file()]
    return held


def _clean_rejects(folder: Path, whom: _Whom) -> None:
    """Write lists of rejected lines anew without the lines that name the user."""
    names = [whom.given.encode(), *(str(one).encode() for one in whom.ids)]
    for path in sorted((folder / SIDE / "rejects").glob("*.jsonl")):
        lines = path.read_bytes().splitlines(keepends=True)
        kept = [line for line in lines if not any(name in line for name in names)]
        if len(kept) < len(lines):
            written = path.with_suffix(".unfinished")
            written.write_bytes(b"".join(kept))
            written.replace(path)


def _has(folder: Path, file: str, whom: _Whom, connection: DuckDBPyConnection) -> bool:
    """Return whether a file has events of the user; of one that is not whole, nobody can say."""
    return not _is_whole(folder / file) or bool(_count(folder, [file], whom, connection))
