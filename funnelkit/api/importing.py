"""Other people's files as a folder of events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from funnelkit.errors import DefinitionError
from funnelkit.model.choices import check_choice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from os import PathLike
    from pathlib import Path

    from funnelkit.events.importers.result import ImportResult

InsertIdClock = Literal["received", "event"]


def import_events(
    sources: Any,
    output: str | PathLike[str] | None = None,
    *,
    source_sql: str | PathLike[str] | None = None,
    store: str | PathLike[str] | None = None,
    buckets: int | None = None,
    as_: str | None = None,
    columns: Mapping[str, str] | str | None = None,
    strict: bool = False,
    rejects: str | PathLike[str] | None = None,
    insert_id_clock: InsertIdClock = "received",
    progress: Callable[[int], None] | None = None,
    waiting: Callable[[], None] = lambda: None,
) -> ImportResult:
    """Add the events of some files to a folder, which `report` and the others then read.

    What was imported before changes nothing: neither the same file again, nor an export that
    overlaps with an earlier one. The folder changes at once at the end, or not at all.

    Args:
        sources: a path, a glob, a folder or an address (`s3://…`), or a list of these: ZIP files
            of Amplitude's Export API, their members, merged users, tables of a warehouse (Parquet,
            CSV or JSON), events as they are sent to HTTP V2, what other products export, tables of
            a DuckDB database (`FILE.duckdb::TABLE`), or anything else that `report` reads.
        output: the folder; it is made if there is none.
        source_sql: a file with a SELECT that DuckDB runs, and whose rows are imported, too; a
            database among the sources is the one that it reads.
        store: in place of `output`, an event store; it is made if there is none.
        buckets: into how many parts a new store divides the users; 16 by default.
        as_: the format, where a file does not say it by its keys; see `funnelkit import --help`.
        columns: as for `report`, where the keys have other names.
        strict: raise for the first line that is no event, instead of leaving it out.
        rejects: the file that gets the lines that are left out, one JSON object a line; by default
            one in the folder.
        insert_id_clock: which clock measures the seven days in which a second event with the same
            insert_id and device is a copy: when it was received, or when it happened.
        progress: is told how many bytes were read since it was last called.
        waiting: is called once if another import has the store.

    Returns:
        How many lines became what.

    Raises:
        DefinitionError: `output` is something else, or an argument is wrong.
        DataError: a file cannot be read; with `strict`, a line is no event.
    """
    from pathlib import Path

    from funnelkit.events.columns import check_mapping, parse_columns
    from funnelkit.events.importers.folder import import_files
    from funnelkit.events.importers.formats import format_named
    from funnelkit.events.importers.tables import split

    check_choice("insert_id_clock", insert_id_clock, ("received", "event"))
    explicit = parse_columns(columns) if isinstance(columns, str) else check_mapping(columns or {})
    files, queries = split(sources, None if source_sql is None else Path(source_sql))
    if not files and not queries:
        raise DefinitionError("no sources: name files, or a SELECT with --source-sql FILE")
    options: dict[str, Any] = {
        "queries": queries,
        "as_format": None if as_ is None else format_named(as_),
        "explicit": explicit,
        "strict": strict,
        "rejects": None if rejects is None else Path(rejects),
        "insert_id_clock": insert_id_clock,
        "progress": progress,
    }
    if store is not None:
        from funnelkit.events.store.importing import import_into
        from funnelkit.events.store.place import local

        if output is not None:
            raise DefinitionError("give a folder of events or a store, not both")
        return import_into(files, local(store), buckets=buckets, waiting=waiting, **options)
    if output is None:
        raise DefinitionError("where to? Give a folder of events (-o EVENTS) or --store DIR")
    if buckets is not None:
        raise DefinitionError("only a store has buckets of users; give --store DIR")
    return import_files(files, Path(output), **options)


def source_bytes(sources: Any) -> int:
    """Return how many bytes an import of these sources reads, for a progress bar."""
    from funnelkit.events.files import find_files, flatten
    from funnelkit.events.importers.archive import members
    from funnelkit.events.importers.tables import MARK
    from funnelkit.events.remote import find_objects, is_remote

    files: dict[Path, str] = {}
    objects: dict[str, int] = {}
    for source in flatten(sources):
        if is_remote(source):
            objects |= {each.address: each.size for each in find_objects(str(source))}
        elif MARK not in str(source):
            files |= {path: str(path) for path in find_files(source)}
    local = sum(member.size for member in members(list(files.items())))
    return local + sum(objects.values())
