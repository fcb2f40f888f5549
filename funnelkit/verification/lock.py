"""Numbers that hold, with everything they depend on: `NAME.lock.json`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from funnelkit.errors import CouldNotCheck, DefinitionError
from funnelkit.events.fingerprint import EventsFingerprint
from funnelkit.specs.documents import read_document
from funnelkit.specs.times import parse_moment
from funnelkit.verification.definition import digest, funnel_of
from funnelkit.verification.expected import (
    AmplitudeAnswer,
    Expectation,
    ExpectedInterval,
    ExpectedSeries,
    ExpectedTime,
)
from funnelkit.verification.settling import instant_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from funnelkit.model import Funnel

LOCK_SCHEMA: Final = "funnelkit.lock/1"
ENDING: Final = ".lock.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """What stands in a lock file.

    `numbers_from` is the file that the numbers were read from, as seen from the lock's folder.
    `definition` is what decides the counts (`fingerprint.definition_of`), `digest` its hash.
    `expectation` holds the numbers and, where they are Amplitude's, what it said of them. `found`
    are the counts that funnelkit found when the lock was written, `events` the fingerprint of what
    it read; both are None where it read nothing. `numbers_were_edited`: they are not those of
    the hash in the file.
    """

    name: str
    definition: Mapping[str, Any]
    digest: str
    expectation: Expectation
    version: str
    numbers_from: str
    events: EventsFingerprint | None = None
    found: tuple[int, ...] | None = None
    path: Path | None = None
    numbers_were_edited: bool = False

    @property
    def funnel(self) -> Funnel:
        """The funnel of the definition."""
        folder = Path() if self.path is None else self.path.parent
        source = str(self.path or "the lock")
        return replace(funnel_of(self.definition, folder=folder, source=source), name=self.name)

    @property
    def definition_is_intact(self) -> bool:
        """Whether the definition, and the files of its cohorts, are those of its hash."""
        return digest(self.funnel, None if self.path is None else self.path.parent) == self.digest

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; the schema is `funnelkit.lock/1`."""
        answer = self.expectation.answer
        return {
            "schema": LOCK_SCHEMA,
            "name": self.name,
            "funnelkit": self.version,
            "definition": dict(self.definition),
            "definition_hash": self.digest,
            "timezone": self.definition.get("timezone", "UTC"),
            "events": None if self.events is None else self.events.to_dict(),
            "found": None if self.found is None else list(self.found),
            "counted_by": self.expectation.origin,
            "source": self.numbers_from,
            "amplitude": {
                "chart": answer.chart_id,
                "fetched_at": None if answer.fetched_at is None else answer.fetched_at.isoformat(),
                "minSampleRate": answer.sample_rate,
                "prunedResult": answer.pruned,
                "hitChunkGroupByLimit": answer.group_limit_hit,
                "realtimeDataMissing": answer.realtime_missing,
                "cacheFreshness": answer.freshness,
            }
            if self.expectation.origin == "amplitude"
            else None,
            "interval": self.expectation.interval,
            "segments": [_series_to_dict(series) for series in self.expectation.segments],
            "numbers_hash": numbers_hash(
                [_series_to_dict(series) for series in self.expectation.segments]
            ),
        }

    def text(self) -> str:
        """Return the text of the lock file: a line per interval, so that a diff can be read."""
        return to_text(self.to_dict())


def refuse_doubts(expectation: Expectation, allow: tuple[str, ...] = ()) -> None:
    """Raise `CouldNotCheck` where Amplitude said that its numbers are not exact.

    `allow` names the doubts that are put up with.
    """
    for name, words in expectation.answer.doubts():
        if name not in allow:
            raise CouldNotCheck(
                f"{expectation.source}: {words}, so it is nothing to hold a count to; --allow "
                f"{name} takes it all the same"
            )


def is_lock(document: object) -> bool:
    """Whether JSON is a lock file of any version."""
    schema = document.get("schema") if isinstance(document, dict) else None
    return isinstance(schema, str) and schema.startswith(LOCK_SCHEMA.partition("/")[0])


def read_lock(path: Path) -> Lock:
    """Return what stands in a lock file.

    Raises:
        DefinitionError: it cannot be read, or is no lock file that this version knows.
    """
    document: Any = read_document(path)
    if not is_lock(document):
        raise DefinitionError(f"{path} is no lock file: its schema is not {LOCK_SCHEMA}")
    if document["schema"] != LOCK_SCHEMA:
        raise DefinitionError(
            f"{path} is a lock of another version, {document['schema']}; this funnelkit reads "
            f"{LOCK_SCHEMA}"
        )
    try:
        return _lock(document, path)
    except DefinitionError as error:
        raise DefinitionError(f"{path}: {error}: write it anew, funnelkit lock") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DefinitionError(
            f"{path} is damaged ({type(error).__name__}: {error}): write it anew, funnelkit lock"
        ) from None


def _lock(document: Mapping[str, Any], path: Path) -> Lock:
    told = document["amplitude"] or {}
    fetched = told.get("fetched_at")
    events = document["events"]
    found = document["found"]
    told_hash = numbers_hash(document["segments"])
    return Lock(
        name=document["name"],
        definition=document["definition"],
        digest=document["definition_hash"],
        version=document["funnelkit"],
        numbers_from=document["source"],
        events=None if events is None else EventsFingerprint(**events),
        found=None if found is None else tuple(found),
        path=path,
        numbers_were_edited=document.get("numbers_hash", told_hash) != told_hash,
        expectation=Expectation(
            segments=tuple(map(_series_from_dict, document["segments"])),
            source=str(path),
            origin=document["counted_by"],
            interval=document["interval"],
            answer=AmplitudeAnswer(
                fetched_at=None if fetched is None else instant_of(parse_moment(fetched)),
                chart_id=told.get("chart"),
                sample_rate=told.get("minSampleRate"),
                pruned=told.get("prunedResult"),
                group_limit_hit=told.get("hitChunkGroupByLimit"),
                realtime_missing=told.get("realtimeDataMissing"),
                freshness=told.get("cacheFreshness"),
            ),
        ),
    )


def numbers_hash(segments: list[dict[str, Any]]) -> str:
    """Return the hash of the numbers as they stand in a lock file."""
    text = json.dumps(segments, sort_keys=True, ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _series_to_dict(series: ExpectedSeries) -> dict[str, Any]:
    found: dict[str, Any] = {"name": series.name, "counts": list(series.counts)}
    if series.conversion is not None:
        found["conversion"] = series.conversion
    if series.previous:
        found["previous"] = True
    if series.times:
        found["times"] = [
            {name: getattr(time, name) for name in time.__slots__} for time in series.times
        ]
    if series.intervals:
        found["series"] = {one.name: _interval_value(one) for one in series.intervals}
        found["all_intervals"] = series.all_intervals
        if incomplete := [one.name for one in series.intervals if one.complete is False]:
            found["incomplete"] = incomplete
    if series.groups:
        found["groups"] = [_series_to_dict(group) for group in series.groups]
        found["all_groups"] = series.all_groups
    return found


def _interval_value(interval: ExpectedInterval) -> list[int] | float | None:
    return list(interval.counts) if interval.counts else interval.conversion


def _series_from_dict(values: Mapping[str, Any]) -> ExpectedSeries:
    incomplete = dict.fromkeys(values.get("incomplete", []), False)
    return ExpectedSeries(
        name=values["name"],
        counts=tuple(values["counts"]),
        conversion=values.get("conversion"),
        previous=values.get("previous", False),
        times=tuple(ExpectedTime(**time) for time in values.get("times", [])),
        intervals=tuple(
            ExpectedInterval(name=name, counts=tuple(value), complete=incomplete.get(name))
            if isinstance(value, list)
            else ExpectedInterval(name=name, conversion=value, complete=incomplete.get(name))
            for name, value in values.get("series", {}).items()
        ),
        groups=tuple(map(_series_from_dict, values.get("groups", []))),
        all_intervals=values.get("all_intervals", False),
        all_groups=values.get("all_groups", False),
    )


def to_text(value: object) -> str:
    """Return JSON in which lists of numbers stand on one line."""
    return "".join(_written(value, "")) + "\n"


def _written(value: object, indent: str) -> Iterator[str]:
    deeper = indent + "  "
    if isinstance(value, dict) and value:
        yield "{\n"
        for number, (key, one) in enumerate(value.items()):
            yield f"{',' if number else ''}{chr(10) if number else ''}{deeper}{_plain(key)}: "
            yield from _written(one, deeper)
        yield f"\n{indent}}}"
    elif isinstance(value, list) and any(isinstance(one, (dict, list)) for one in value):
        yield "[\n"
        for number, one in enumerate(value):
            yield f"{',' if number else ''}{chr(10) if number else ''}{deeper}"
            yield from _written(one, deeper)
        yield f"\n{indent}]"
    else:
        yield _plain(value)


def _plain(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def today() -> datetime:
    """Return now, in UTC, without a fraction of a second."""
    return datetime.now(UTC).replace(microsecond=0)


def first_and_last_day(expectation: Expectation) -> tuple[date, date] | None:
    """Return the first and the last day of the series, if it goes by days."""
    names = sorted(one.name for series in expectation.segments for one in series.intervals)
    try:
        days = sorted({date.fromisoformat(name.removesuffix("T00:00:00")) for name in names})
    except ValueError:
        return None
    if not days or (days[-1] - days[0]).days != len(days) - 1:
        return None
    return days[0], days[-1]
