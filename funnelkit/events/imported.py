"""A folder of imported events: its data, the merges that apply to it, and what was imported.

    EVENTS/
      events-3-5f1c….parquet  all events, ordered by (amplitude_id, event_time)
      _import/
        state.json          what belongs to the folder now: it is replaced at once, or not at all
        merges-3-….parquet  the merges as they came
        final-3-….parquet   each id that was merged, with the one that it stands for in the end
        rejects-3.jsonl     the lines that were left out, with file, line and reason

What `state.json` does not name is left over from an import that was interrupted, and is ignored.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Final

from funnelkit.errors import DataError
from funnelkit.events.lock import locked

if TYPE_CHECKING:
    from pathlib import Path

BESIDE: Final = "_import"
STATE: Final = "state.json"
SCHEMA: Final = "funnelkit.import/1"


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """A file that was imported: its name, the SHA-256 of its lines, and how many it has."""

    name: str
    sha256: str
    lines: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What belongs to a folder of imported events; file names without folders.

    `number` counts the imports. `files` are those that were imported, in order.
    """

    folder: Path
    number: int = 0
    events: str | None = None
    merges: str | None = None
    final: str | None = None
    files: tuple[ImportedFile, ...] = ()

    @property
    def beside(self) -> Path:
        """The folder of everything but the events."""
        return self.folder / BESIDE

    @property
    def events_path(self) -> Path | None:
        """The file of events, if any were imported."""
        return None if self.events is None else self.folder / self.events

    @property
    def merges_path(self) -> Path | None:
        """The merges as they came, if there are any."""
        return None if self.merges is None else self.beside / self.merges

    @property
    def final_path(self) -> Path | None:
        """The merges that apply, if there are any."""
        return None if self.final is None else self.beside / self.final

    def commit(self) -> None:
        """Make this the state of the folder, and remove what no longer belongs to it.

        Raises:
            DataError: another import has changed the folder meanwhile.
        """
        with locked(self.beside / ".lock"):  # nobody comes between the look and the change
            self._commit()

    def _commit(self) -> None:
        before = read_imported(self.folder)
        if (before.number if before else 0) != self.number - 1:
            for file in (self.events_path, self.merges_path, self.final_path):
                if file is not None:
                    file.unlink(missing_ok=True)
            raise DataError(f"{self.folder}: another import has changed it meanwhile; import again")
        content = {"schema": SCHEMA, **asdict(self)}
        del content["folder"]
        written = self.beside / f".state-{os.getpid()}"
        written.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
        written.replace(self.beside / STATE)
        self._sweep()

    def _sweep(self) -> None:
        """Remove the files of earlier states; rejects stay, for whoever has not read them yet."""
        kept = {self.events, self.merges, self.final}
        for pattern, folder in (("events-*", self.folder), ("merges-*", self.beside),
                                ("final-*", self.beside)):  # fmt: skip
            for file in folder.glob(f"{pattern}.parquet"):
                if file.name not in kept:
                    file.unlink(missing_ok=True)

    def following(self) -> Imported:
        """Return the state that the next import begins with."""
        return replace(self, number=self.number + 1)


def read_imported(folder: Path) -> Imported | None:
    """Return what was imported into a folder; None if it is no such folder.

    Raises:
        DataError: its state cannot be read, or was written by a later version.
    """
    path = folder / BESIDE / STATE
    try:
        content = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    if content.pop("schema", None) != SCHEMA:
        raise DataError(f"{path} was written by another version of funnelkit")
    files = tuple(ImportedFile(**file) for file in content.pop("files"))
    return Imported(folder=folder, files=files, **content)


def imported_with(file: Path) -> Imported | None:
    """Return the import whose events a file holds; None if it holds no such events."""
    found = read_imported(file.parent)
    return found if found is not None and found.events == file.name else None
