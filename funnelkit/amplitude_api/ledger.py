"""Which hours of a project are in a folder, and in which files.

`pulled.ledger` is a text of JSON lines. The first says of which project and server it is, each
other one that a range of hours is complete: in a file of so many bytes, or without events. A line
counts only while its file is there, whole. It is written before the file gets its name, so that
there is never a file that the ledger does not know.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from funnelkit.amplitude_api.hours import parse_hour, write_hour
from funnelkit.errors import DataError, DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

NAME: Final = "pulled.ledger"
SCHEMA: Final = "funnelkit.pull/1"


@dataclass(frozen=True, slots=True)
class Entry:
    """A range of hours that is complete."""

    hours: range
    file: str | None
    """The name of the zip; None where no hour has an event."""
    size: int = 0
    """Bytes of the zip."""
    with_events: tuple[int, ...] = ()
    """Hours of which the zip has members."""


class Ledger:
    """The ledger of a folder, read and appended to."""

    def __init__(self, folder: Path, *, url: str, project: str) -> None:
        """Read what is there, or begin.

        Raises:
            DefinitionError: the folder has the exports of another project or server.
            DataError: the ledger cannot be understood.
        """
        self.folder = folder
        self.path = folder / NAME
        self._head = {"schema": SCHEMA, "url": url, "project": project}
        self.entries = self._read() if self.path.exists() else self._begin()

    def complete(self) -> set[int]:
        """Return the hours that need not be fetched again."""
        return {hour for entry in self.entries if self._is_here(entry) for hour in entry.hours}

    def add(self, entry: Entry, fetched_at: datetime) -> None:
        """Write down that a range is complete, and make sure that it lasts."""
        line: dict[str, Any] = {
            "from": write_hour(entry.hours[0]),
            "to": write_hour(entry.hours[-1]),
            "file": entry.file,
        }
        if entry.file is not None:
            line["bytes"] = entry.size
            line["hours_with_events"] = [write_hour(hour) for hour in entry.with_events]
        line["fetched_at"] = f"{fetched_at:%Y-%m-%dT%H:%M:%SZ}"
        self._append(line)
        self.entries.append(entry)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other runs out of the folder, where the system can.

        Raises:
            DefinitionError: another run is writing into it.
        """
        try:
            import fcntl
        except ImportError:  # Windows: two runs fetch the same twice, and harm nothing
            yield
            return
        with self.path.open("rb") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DefinitionError(
                    f"{self.folder}: another `funnelkit pull` is writing into this folder"
                ) from None
            except OSError:  # a file system without locks
                pass
            yield

    def _is_here(self, entry: Entry) -> bool:
        if entry.file is None:
            return True
        try:
            return (self.folder / entry.file).stat().st_size == entry.size
        except OSError:
            return False

    def _begin(self) -> list[Entry]:
        self._append(self._head)
        return []

    def _read(self) -> list[Entry]:
        content = self.path.read_bytes()
        if content and not content.endswith(b"\n"):  # a run was killed while it wrote
            content = content[: content.rfind(b"\n") + 1]
            self.path.write_bytes(content)
        lines = content.splitlines()
        if not lines:
            return self._begin()
        entries = []
        for number, line in enumerate(lines, start=1):
            try:
                told = json.loads(line)
                if number == 1:
                    self._check_head(told)
                else:
                    entries.append(_entry(told))
            except (AttributeError, KeyError, TypeError, ValueError):
                raise DataError(
                    f"{self.path}, line {number} cannot be understood; take the line out, or pull "
                    "into another folder"
                ) from None
        return entries

    def _check_head(self, head: dict[str, Any]) -> None:
        if head["schema"] != SCHEMA:
            raise ValueError(head)
        if head["project"] != self._head["project"]:
            raise DefinitionError(
                f"{self.folder} has the exports of another project (another API key); pull into a "
                "folder of its own"
            )
        if head["url"] != self._head["url"]:
            raise DefinitionError(
                f"{self.folder} was pulled from {head['url']}, not from {self._head['url']}; pull "
                "into a folder of its own"
            )

    def _append(self, line: dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())


def _entry(told: dict[str, Any]) -> Entry:
    try:
        first, last = (parse_hour(told[side], what=side) for side in ("from", "to"))
        having = tuple(parse_hour(hour, what="hour") for hour in told.get("hours_with_events", ()))
    except DefinitionError as error:
        raise ValueError(error) from None
    return Entry(range(first, last + 1), told["file"], int(told.get("bytes", 0)), having)
