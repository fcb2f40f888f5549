"""What an import did, as numbers that add up."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - a field of a record


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """Every line that was read, by what became of it.

    `lines` = `events` + `identify_calls` + `duplicates` + `rejected` + `skipped` + `merges`.

    Attributes:
        output: the folder of events.
        files: how many files and members of archives were read.
        known_files: how many of them had been imported before, with all their lines.
        lines: rows, or lines that are not blank, of the files that were not known.
        events: those that were added as events.
        identify_calls: those that were added but only set properties: they are no events.
        duplicates: copies of events that were there, or of earlier lines.
        rejected: those that are no events; `rejects` has each with its file, line and reason.
        skipped: those that their format marks as something else than an event.
        merges: those that say which id was merged into which.
        total: all events and identify calls that are in the folder now.
        given_ids: how many ids were found for events without an amplitude_id (specification A13).
        bytes: how many bytes were read, packed as they lie.
        rejects: the file of rejected lines, None if there is none.
        notes: what else should be known.
    """

    output: Path
    files: int
    known_files: int
    lines: int
    events: int
    identify_calls: int
    duplicates: int
    rejected: int
    skipped: int
    merges: int
    total: int
    without_id: int
    bytes: int
    rejects: Path | None = None
    notes: tuple[str, ...] = ()
