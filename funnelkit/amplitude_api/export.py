"""Exports of events, hour by hour, into a folder that a later run goes on with (specification C1).

A day is asked for at once; what is too large for the server (400 above 4 GB) or too slow (504, a
connection that breaks off) is asked for in halves, down to one hour. A file gets its name when it
is whole, so what has a name need not be fetched again.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

from funnelkit.amplitude_api.client import TOO_SLOW, GaveUp, Limited, Refused, WrongKeys
from funnelkit.amplitude_api.hours import (
    DAY,
    hour_of,
    hour_of_member,
    last_available,
    query_hour,
    runs,
    write_hour,
    write_hours,
)
from funnelkit.amplitude_api.ledger import Entry, Ledger
from funnelkit.errors import CouldNotCheck, DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from funnelkit.amplitude_api.client import Amplitude

TOO_LARGE: Final = 400
NO_DATA: Final = 404
HARDLY_BY_CHANCE: Final = 3
"""So many single hours refused one after the other, and the others are not asked for."""
SETTLED: Final = DAY
"""Hours without events are asked for again until they ended so many hours ago."""
PART: Final = ".part"


class Watcher(Protocol):
    """Is told how far it is."""

    def begin(self, hours: int) -> None:
        """So many hours are to be fetched."""

    def received(self, size: int) -> None:
        """So many bytes arrived; fewer than none when they are thrown away."""

    def finished(self, hours: int) -> None:
        """So many hours are done."""

    def wrote(self, file: Path) -> None:
        """A file is whole."""

    def say(self, sentence: str) -> None:
        """Something that a person should know."""


class Quiet:
    """A watcher that keeps to itself."""

    def begin(self, hours: int) -> None:
        """Nothing."""

    def received(self, size: int) -> None:
        """Nothing."""

    def finished(self, hours: int) -> None:
        """Nothing."""

    def wrote(self, file: Path) -> None:
        """Nothing."""

    def say(self, sentence: str) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a run fetched; hours are those of `server_upload_time`."""

    hours: int
    """Fetched by this run, with events or without."""
    empty: int
    """Of these, hours without events."""
    here: int
    """Hours of the range that were in the folder before."""
    files: tuple[Path, ...]
    """Written by this run."""
    size: int
    """Bytes of these files."""


class Export:
    """The exports of a project in a folder."""

    def __init__(self, amplitude: Amplitude, folder: Path, watcher: Watcher) -> None:
        """Open the folder, or make it.

        Raises:
            DefinitionError: it has another project's exports, or cannot be written.
            DataError: its ledger cannot be understood.
        """
        self._amplitude = amplitude
        self._folder = folder
        self._watcher = watcher
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._ledger = Ledger(folder, url=amplitude.url, project=amplitude.credentials.project)
        except OSError as error:
            raise DefinitionError(f"cannot write {folder}: {error.strerror}") from None
        self._at_once = DAY
        self._failed: dict[int, str] = {}
        self._files: list[Path] = []
        self._hours = self._empty = self._size = 0

    def pull(self, first: int, last: int | None = None, *, now: datetime | None = None) -> Pulled:
        """Fetch the hours from `first` to `last`, both included, that the folder does not have.

        Hours that Amplitude has not made available yet are left out, and said; without `last`,
        they are just not asked for.

        Raises:
            CouldNotCheck: an hour is missing in the end; the message says which and why.
            DefinitionError: the range is empty, or the folder cannot be written.
        """
        now = now or datetime.now(UTC)
        hours = self._available(first, last, now)
        with self._ledger.alone():
            for left in self._folder.glob(f"amplitude_*{PART}"):
                left.unlink(missing_ok=True)
            complete = self._ledger.complete()
            missing = [hour for hour in hours if hour not in complete]
            self._watcher.begin(len(missing))
            try:
                self._fetch_all(missing, now)
            except CouldNotCheck as error:
                raise self._unfinished(error, hours) from None
            except OSError as error:
                raise DefinitionError(f"cannot write {self._folder}: {error.strerror}") from error
        return Pulled(
            self._hours, self._empty, len(hours) - len(missing), tuple(self._files), self._size
        )

    def _available(self, first: int, last: int | None, now: datetime) -> range:
        end = last_available(now)
        if last is not None and last < first:
            raise DefinitionError(
                f"from {write_hour(first)} is after to {write_hour(last)}; both are included"
            )
        if first > end:
            raise CouldNotCheck(
                f"{write_hour(first)} is not available yet: Amplitude exports an hour's events "
                f"about 2 hours after its end; the last one now is {write_hour(end)} (UTC)"
            )
        if last is not None and last > end:
            self._watcher.say(
                f"{write_hours(range(end + 1, last + 1))} (UTC) not available yet, and left out: "
                "Amplitude exports an hour's events about 2 hours after its end"
            )
        return range(first, min(end, end if last is None else last) + 1)

    def _fetch_all(self, missing: list[int], now: datetime) -> None:
        in_a_row = 0
        waiting = [part for run in runs(missing) for part in _days(run)][::-1]
        while waiting:
            hours = waiting.pop()
            if len(hours) > self._at_once:
                waiting += [hours[self._at_once :], hours[: self._at_once]]
                continue
            try:
                self._fetch(hours, now)
                in_a_row = 0
            except (GaveUp, Refused) as error:
                if isinstance(error, (Limited, WrongKeys)) or not _less_may_help(error):
                    raise
                if len(hours) > 1:
                    self._halve(hours, error)
                    waiting.append(hours)
                    continue
                self._failed[hours[0]] = _of_one_hour(error)
                in_a_row += 1
                if in_a_row == HARDLY_BY_CHANCE:
                    break
            self._watcher.finished(len(hours))
        if self._failed:
            (reason, *_) = reversed(self._failed.values())
            raise CouldNotCheck(f"not fetched: {write_hours(self._failed)} (UTC): {reason}")

    def _halve(self, hours: range, error: CouldNotCheck) -> None:
        self._at_once = len(hours) // 2
        self._watcher.say(
            f"{write_hours(hours)}: {error}; asking for "
            + (f"{self._at_once} hours at once" if self._at_once > 1 else "one hour at a time")
        )

    def _fetch(self, hours: range, now: datetime) -> None:
        name = f"amplitude_{write_hour(hours[0])}"
        if len(hours) > 1:
            name += f"_{write_hour(hours[-1])}"
        part = self._folder / f"{name}.zip{PART}"
        try:
            entry = self._download(hours, part)
            if entry.file is None:
                part.unlink()
                self._record_empty(hours, now)
                return
            self._ledger.add(entry, datetime.now(UTC))
            file = self._folder / entry.file
            part.replace(file)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        self._files.append(file)
        self._size += entry.size
        self._hours += len(hours)
        self._empty += len(hours) - len(entry.with_events)
        self._watcher.wrote(file)

    def _download(self, hours: range, part: Path) -> Entry:
        with part.open("w+b") as into:
            try:
                self._amplitude.download(
                    "/api/2/export",
                    (("start", query_hour(hours[0])), ("end", query_hour(hours[-1]))),
                    into,
                    advance=self._watcher.received,
                    whole=lambda: _fault(into),
                    give_up_on=frozenset({TOO_SLOW}) if len(hours) > 1 else frozenset(),
                )
            except Refused as error:
                if error.status == NO_DATA:
                    return Entry(hours, None)
                raise
            into.flush()
            os.fsync(into.fileno())
            size = into.tell()
            with zipfile.ZipFile(into) as zipped:
                members = [member for member in zipped.namelist() if not member.endswith("/")]
        if not members:
            return Entry(hours, None)
        found = {hour for member in members if (hour := hour_of_member(member)) is not None}
        if strange := found - set(hours):
            self._watcher.say(
                f"note: the export of {write_hours(hours)} also has {write_hours(strange)}"
            )
        name = part.name.removesuffix(PART)
        return Entry(hours, name, size, tuple(sorted(found & set(hours))))

    def _record_empty(self, hours: range, now: datetime) -> None:
        settled = range(hours[0], min(hours[-1], hour_of(now) - SETTLED - 1) + 1)
        if settled:
            self._ledger.add(Entry(settled, None), datetime.now(UTC))
        self._hours += len(hours)
        self._empty += len(hours)

    def _unfinished(self, error: CouldNotCheck, hours: range) -> CouldNotCheck:
        done = len(self._ledger.complete().intersection(hours))
        more = (
            f"\n{done:,} of {len(hours):,} hours are in {self._folder}; to go on, run the same "
            "again"
        )
        return CouldNotCheck(f"{error}{more if done else ''}")


def _days(hours: range) -> Iterator[range]:
    """Yield the hours of each day."""
    while hours:
        end = (hours[0] // DAY + 1) * DAY
        yield range(hours[0], min(end, hours[-1] + 1))
        hours = range(end, hours[-1] + 1)


def _less_may_help(error: CouldNotCheck) -> bool:
    if isinstance(error, Refused):
        return error.status in (TOO_LARGE, TOO_SLOW)
    return isinstance(error, GaveUp) and error.begun


def _of_one_hour(error: CouldNotCheck) -> str:
    if isinstance(error, Refused) and error.status == TOO_LARGE:
        return (
            f"{error}. If this hour alone has more than 4 GB, only Amplitude's export to Amazon S3 "
            "has it"
        )
    return str(error)


def _fault(file: BinaryIO) -> str | None:
    """Return what is wrong with a zip, having read all of it; None if nothing is.

    Raises:
        CouldNotCheck: this was never meant to be a zip.
    """
    file.flush()
    size = file.tell()
    try:
        file.seek(0)
        start = file.read(60)
        if not start.startswith(b"PK"):
            shown = " ".join(start.decode("utf-8", "replace").split())
            raise CouldNotCheck(f"the server answers no zip, but {shown!r}: is the URL right?")
        with zipfile.ZipFile(file) as zipped:
            broken = zipped.testzip()
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error) as error:
        return f"the zip is broken ({error})"
    finally:
        file.seek(size)
    return None if broken is None else f"the zip is broken (at {broken!r})"
