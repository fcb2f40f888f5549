"""Other people's files into a store: read as `import -o` reads them, then added in one commit."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit.errors import DataError, DefinitionError, FunnelkitError
from funnelkit.events.columns import ARRIVAL
from funnelkit.events.store.commit import delta
from funnelkit.events.store.layout import SIDE
from funnelkit.events.store.ledger import Import, read_ledger
from funnelkit.events.store.lock import writing
from funnelkit.events.store.people import People
from funnelkit.events.store.reading import snapshot
from funnelkit.events.store.state import is_store
from funnelkit.events.store.writing import Adding, append

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from funnelkit.events.imported import Imported, ImportedFile
    from funnelkit.events.importers.result import ImportResult
    from funnelkit.events.store.writing import Appended


def import_into(
    sources: object,
    folder: Path,
    *,
    buckets: int | None = None,
    waiting: Callable[[], None] = lambda: None,
    **options: Any,
) -> ImportResult:
    """Add the events of `sources` to a store; `options` are those of `import_files`.

    A file that was imported before is left out; so is an event that is there.

    Raises:
        DefinitionError: the folder holds something else.
        DataError: a file cannot be read, or the store cannot be written; nothing was added.
    """
    from funnelkit.events.imported import ImportedFile, read_imported
    from funnelkit.events.importers.folder import import_files

    delta()  # before any work is done in vain
    _check_folder(folder)
    with writing(folder, waiting=waiting), _work(folder) as work:
        known = tuple(ImportedFile(one.name, one.sha256, one.lines) for one in _ledger(folder))
        events = work / "events"
        _begin(events, known)
        rejects = options.pop("rejects", None) or work / "rejects.jsonl"
        result = import_files(
            sources, events, rejects=rejects, earlier=_people(folder), without=folder, **options
        )
        kept = None if result.rejects is None else _keep(folder, work, result.rejects)
        state = read_imported(events)
        if state is None:
            raise FunnelkitError(f"{events} vanished during the import")
        now = datetime.now(UTC).isoformat(timespec="seconds")
        imports = tuple(
            Import(one.sha256, one.name, one.lines, now) for one in state.files[len(known) :]
        )
        clock = options.get("insert_id_clock", "received")
        done = _append(folder, state, Adding(imports, state.merges_path), buckets, clock)
        copies = min(done.known, result.events)
        return replace(
            result,
            output=folder,
            events=result.events - copies,
            identify_calls=result.identify_calls - (done.known - copies),
            duplicates=result.duplicates + done.known,
            total=snapshot(folder).rows,
            rejects=kept,
        )


def _begin(events: Path, known: tuple[ImportedFile, ...]) -> None:
    """Make a folder of events that knows what was imported into the store, but holds no event."""
    from funnelkit.events.imported import BESIDE, Imported

    (events / BESIDE).mkdir(parents=True)
    Imported(events, number=1, files=known).commit()


def _append(
    folder: Path, state: Imported, adding: Adding, buckets: int | None, insert_id_clock: str
) -> Appended:
    """Add what was read to the store, with its merges."""
    from funnelkit.events.sources import open_events

    if state.events_path is None:
        return append(folder, None, adding=adding, buckets=buckets)
    with open_events(state.events_path) as table:
        types = {name: kind for name, kind in table.types.items() if name != ARRIVAL}
        # Every event keeps the id that it came with: merges are applied when the store is read.
        own = replace(table, types=types, merges=None)
        return append(folder, own, adding=adding, buckets=buckets, insert_id_clock=insert_id_clock)


def _check_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise DefinitionError(f"--store {folder} is a file; a store is a folder")
    if folder.is_dir() and not is_store(folder):
        others = [file.name for file in folder.iterdir() if file.name != SIDE]
        if others:
            raise DefinitionError(
                f"--store {folder} is a folder of something else ({others[0]}); name a new one"
            )


def _ledger(folder: Path) -> list[Import]:
    return read_ledger(folder, snapshot(folder).state.ledger) if is_store(folder) else []


def _people(folder: Path) -> str | None:
    return People.of(snapshot(folder)).sightings() if is_store(folder) else None


@contextmanager
def _work(folder: Path) -> Iterator[Path]:
    """Give a folder in the store for what is read; what killed imports left there is erased."""
    for left in (folder / SIDE).glob("import-*"):
        shutil.rmtree(left, ignore_errors=True)
    try:
        with tempfile.TemporaryDirectory(
            prefix="import-", dir=folder / SIDE, ignore_cleanup_errors=True
        ) as work:
            yield Path(work)
    except OSError as error:
        raise DataError(
            f"{error.filename or folder} cannot be written: {error.strerror or error}"
        ) from error


def _keep(folder: Path, work: Path, rejects: Path) -> Path:
    """Keep the rejected lines, which the work folder would take along."""
    if not rejects.is_relative_to(work):
        return rejects
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    kept = folder / SIDE / "rejects" / f"{stamp}.jsonl"
    kept.parent.mkdir(exist_ok=True)
    shutil.move(rejects, kept)
    return kept
