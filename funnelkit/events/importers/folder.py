"""A folder of imported events: sources are added to it whole, or nothing changes."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from funnelkit.errors import DefinitionError
from funnelkit.events.connection import work_connection
from funnelkit.events.files import find_files, flatten
from funnelkit.events.imported import BESIDE, Imported, imported_with, read_imported
from funnelkit.events.importers.archive import members
from funnelkit.events.importers.objects import Objects
from funnelkit.events.importers.run import Import
from funnelkit.events.importers.segment import repeats_others
from funnelkit.events.remote import RemoteObject, find_objects, is_address, is_remote

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from funnelkit.events.importers import Format
    from funnelkit.events.importers.archive import Member
    from funnelkit.events.importers.result import ImportResult
    from funnelkit.events.importers.tables import Query
    from funnelkit.events.table import Role


def import_files(
    sources: object,
    output: Path,
    *,
    queries: Sequence[Query] = (),
    as_format: Format | None = None,
    explicit: Mapping[Role, str] | None = None,
    strict: bool = False,
    rejects: Path | None = None,
    insert_id_clock: str = "received",
    progress: Callable[[int], None] | None = None,
    earlier: str | None = None,
    without: Path | None = None,
    labels: Mapping[Path, str] | None = None,
) -> ImportResult:
    """Add the events of `sources` to the folder `output`; see `api.import_events`.

    `earlier` is the SELECT of those who were seen before elsewhere (see `Finish`).
    What lies in the folder `without` is no source. `labels` are the names of files in messages,
    where they are not those of their paths.
    """
    found = _found(_checked(flatten(sources)), without, labels or {})
    before = _folder(output)
    files = [each for each in found if isinstance(each, Path)]
    itself = [path for path in files if path.resolve().is_relative_to(output.resolve())]
    for path in itself:
        del found[path]
    if rejects is not None:
        _check_rejects(rejects, [path for path in files if path not in itself])
    output.mkdir(parents=True, exist_ok=True)
    beside = output / BESIDE
    beside.mkdir(exist_ok=True)
    _sweep(beside)
    with (
        tempfile.TemporaryDirectory(
            prefix=".work-", dir=beside, ignore_cleanup_errors=True
        ) as folder,
        closing(work_connection(Path(folder))) as connection,
    ):
        work = Import(
            connection=connection,
            folder=Path(folder),
            state=before.following(),
            as_format=as_format,
            explicit=explicit or {},
            strict=strict,
            progress=progress,
        )
        if itself:
            work.note(f"{output} is where events are imported to, and no source of them")
        with closing(work):
            for number, query in enumerate(queries, start=1):
                found[query.write(Path(folder) / f"query-{number}.parquet")] = query.label
            _read(found, Objects(Path(folder) / "object"), work)
            work.flush()
            work.wait()
            # First: what was left out would not be told again once the files are known.
            written = work.keep_rejects(rejects)
            try:
                result = work.finish(insert_id_clock, earlier)
            except BaseException:
                if written is not None:
                    written.unlink(missing_ok=True)
                raise
    return replace(result, rejects=written)


def _found(
    sources: Iterable[str | Path], without: Path | None, labels: Mapping[Path, str]
) -> dict[Path | RemoteObject, str]:
    """Return the files and objects that sources stand for, each with its name in messages."""
    found: dict[Path | RemoteObject, str] = {}
    for source in sources:
        if is_remote(source):
            found |= {each: each.address for each in find_objects(os.fspath(source))}
            continue
        for file in find_files(source, without=without):
            found |= {path: labels.get(path, str(path)) for path in _with_merges(file)}
    return found


def _read(found: Mapping[Path | RemoteObject, str], objects: Objects, work: Import) -> None:
    """Read all members of files and objects."""
    listed: list[Member] = []
    for each, label in found.items():
        if isinstance(each, RemoteObject):
            own = list(objects.members(each))
        else:
            own = list(members([(each, label)]))
        if not own:
            work.note(f"{label} holds no file of events, or is a mark of a whole hour")
        listed += own
    # Only the first of several copies of an event is kept.
    for member in sorted(listed, key=repeats_others):
        for file in objects.fetched(member):
            work.read(file)
    objects.remove()


def _checked(sources: Iterable[str | Path]) -> Iterator[str | Path]:
    """Yield the sources, none of which is a Delta table."""
    for source in sources:
        if (Path(source) / "_delta_log").is_dir():
            raise DefinitionError(
                f"{source} is an event store or another Delta table, which is no source of an "
                "import: not all of its files count. Import what it was made of, or copy it"
            )
        yield source


def _folder(output: Path) -> Imported:
    """Return what is in the folder of events; refuse to write into anything else."""
    if is_address(output):
        raise DefinitionError(
            f"-o {output}: imported events are a folder of this machine, and no address; write "
            "them here and copy them there"
        )
    if output.suffix == ".parquet" and not output.is_dir():
        raise DefinitionError(
            f"-o {output}: imported events are a folder (its file of events lies in it); "
            f"try -o {output.with_suffix('')}"
        )
    if output.exists() and not output.is_dir():
        raise DefinitionError(f"-o {output} is a file; imported events are a folder")
    found = read_imported(output)
    if found is None and output.is_dir() and any(_is_foreign(file) for file in output.iterdir()):
        raise DefinitionError(f"-o {output} is a folder of something else; name a new one")
    return found or Imported(output)


def _is_foreign(file: Path) -> bool:
    """Tell whether a file is neither hidden nor left over from a first import that was killed."""
    left = (file.parent / BESIDE).is_dir() and file.match("events-*.parquet")
    return not left and not file.name.startswith((".", "_"))


def _with_merges(file: Path) -> Iterator[Path]:
    """Yield a file, and the merges that belong to it if it holds imported events."""
    yield file
    imported = imported_with(file)
    if imported is not None and imported.merges_path is not None:
        yield imported.merges_path


def _check_rejects(path: Path, sources: Collection[Path]) -> None:
    """Refuse a file that cannot be written or that is read, before any work is done in vain."""
    if path.exists() and any(path.samefile(source) for source in sources):
        raise DefinitionError(f"--rejects {path} is one of the sources; name another file")
    if path.is_dir():
        raise DefinitionError(f"--rejects {path} is a folder; name a file")
    if not path.parent.is_dir():
        raise DefinitionError(f"cannot write {path}: there is no folder {path.parent}")


def _sweep(beside: Path) -> None:
    """Remove what imports that were killed left behind, a day later: others may be at work."""
    for folder in beside.glob(".work-*"):
        try:
            if time.time() - folder.stat().st_mtime > 86_400:  # noqa: PLR2004 - a day
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue
