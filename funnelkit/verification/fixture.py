"""A file of events small enough to commit, with the numbers of those from which it was cut."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from funnelkit.errors import CheckFailed, DataError, DefinitionError
from funnelkit.specs.text import format_property

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import timedelta
    from pathlib import Path

    from funnelkit.engine.excerpt.properties import KeptProperty
    from funnelkit.engine.excerpt.writing import Excerpt
    from funnelkit.model import Cohort, Funnel
    from funnelkit.result import FunnelResult

MAX_SIZE: Final = "1MB"
UNITS: Final = {"": 1, "b": 1, "kb": 1_000, "mb": 1_000_000, "gb": 1_000_000_000}
SHOWN_TYPES: Final = 3
FIXTURE_SCHEMA: Final = "funnelkit.fixture/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixture:
    """What was written, and from what.

    `path` is the file of `events` events of `users` users, `size` bytes long, cut from
    `source_events`. `results` are the reports of the funnels, which both give; `funnels` are the
    definitions by which the file gives them: those of the results, with dates moved by `shift` and
    cohorts read from `cohort_files`. `kept_texts` are the properties of which every value stays.
    `secret_key` tells whether the key of the hashes was drawn at random and thrown away.
    """

    path: Path
    events: int
    users: int
    size: int
    source_events: int
    results: tuple[FunnelResult, ...]
    funnels: tuple[Funnel, ...]
    properties: tuple[str, ...]
    kept_texts: tuple[str, ...]
    shift: timedelta
    cohort_files: tuple[Path, ...]
    secret_key: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the fixture as plain JSON values."""
        return {
            "schema": FIXTURE_SCHEMA,
            "file": str(self.path),
            "bytes": self.size,
            "events": self.events,
            "users": self.users,
            "source_events": self.source_events,
            "properties": list(self.properties),
            "kept_as_they_are": list(self.kept_texts),
            "shift_seconds": self.shift.total_seconds(),
            "cohort_files": [str(file) for file in self.cohort_files],
            "counts": [
                {
                    "funnel": result.funnel.name,
                    "segment": name,
                    "group": group,
                    "counts": [*one.counts],
                }
                for result in self.results
                for name, group, one in result.series()
            ],
        }


def parse_size(text: str) -> int:
    """Return the bytes of `1MB`, `500 kB` or `200000`; a kB has 1,000.

    Raises:
        DefinitionError: the text is no size.
    """
    found = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([a-zA-Z]*)\s*", text)
    if found is None or found[2].lower() not in UNITS:
        raise DefinitionError(f"a size is written 1MB, 500kB or 200000; got {text!r}")
    return int(float(found[1]) * UNITS[found[2].lower()])


def check_size(size: int, most: int, excerpt: Excerpt, funnels: Sequence[Funnel]) -> None:
    """Raise where a fixture is too large to commit.

    Raises:
        DataError: it is; the text says what could be dropped.
    """
    if size <= most:
        return
    largest = ", ".join(f"{count:,} {name}" for name, count in excerpt.by_type[:SHOWN_TYPES])
    advice = [*_advice(excerpt, funnels)]
    raise DataError(
        f"the fixture would have {size:,} bytes, more than {most:,}: {excerpt.events:,} events of "
        f"{excerpt.users:,} users ({largest}). To make it smaller, "
        f"{'; '.join(advice)}; or allow it with --max-size {_rounded_up(size)}"
    )


def _advice(excerpt: Excerpt, funnels: Sequence[Funnel]) -> Iterator[str]:
    if any(None in {one.period.start, one.period.end} for one in funnels):
        yield "give --from and --to"
    else:
        yield "take fewer days"
    yield "ask for fewer users with --where"
    if len(funnels) > 1:
        yield "cut a fixture for each funnel"
    if any(one.order == "exact" for one in funnels) or len(excerpt.by_type) > SHOWN_TYPES:
        yield "drop steps or exclusions that name any event, or exact order"
    texts = [format_property(kept.property) for kept in excerpt.properties if kept.stays()]
    if texts:
        yield f"do not group by, add up or look into {', '.join(texts)}"


def _rounded_up(size: int) -> str:
    return f"{-(-size // 1_000_000)}MB" if size >= UNITS["mb"] else f"{-(-size // 1_000)}kB"


def check_same(source: FunnelResult, fixture: FunnelResult, *, moved: bool) -> None:
    """Raise where two results differ in any number; `moved`: the times were shifted.

    Raises:
        CheckFailed: they do; the text names the first number.
    """
    pairs = [[series.to_dict() for series in each.segments] for each in (source, fixture)]
    for place, one, other in differences(pairs[0], pairs[1], texts=not moved):
        name = f"{source.funnel.name}: " if source.funnel.name else ""
        raise CheckFailed(
            f"the fixture is not written, since it would not give the same numbers: {name}{place} "
            f"is {one!r} of all events and {other!r} of the fixture"
        )


def differences(
    one: Any, other: Any, *, texts: bool = True, place: str = "segments"
) -> Iterator[tuple[str, Any, Any]]:
    """Yield (place, value, value) wherever two nested values differ.

    Without `texts` two texts are never different.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys([*one, *other]):
            yield from differences(
                one.get(key), other.get(key), texts=texts, place=f"{place}.{key}"
            )
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (first, second) in enumerate(zip(one, other, strict=True)):
            yield from differences(first, second, texts=texts, place=f"{place}[{number}]")
    elif one != other and (texts or not (isinstance(one, str) and isinstance(other, str))):
        yield place, one, other


def moved(funnel: Funnel, shift: timedelta, cohorts: Sequence[tuple[Cohort, Path]]) -> Funnel:
    """Return the funnel by which events moved in time give its numbers.

    `cohorts` are the files that stand for those of the definition.
    """
    from dataclasses import replace

    period = funnel.period
    start, end = period.start, period.end
    period = replace(
        period,
        start=None if start is None else start + shift,
        end=None if end is None else end + shift,
    )
    paths = {cohort.path: str(path) for cohort, path in cohorts}
    segments = tuple(
        replace(
            segment,
            cohorts=tuple(
                replace(one, path=paths.get(one.path, one.path)) for one in segment.cohorts
            ),
        )
        for segment in funnel.segments
    )
    return replace(funnel, period=period, segments=segments)


def texts_kept(properties: Sequence[KeptProperty]) -> tuple[str, ...]:
    """Return the names of the properties of which every value stays as it is."""
    return tuple(format_property(kept.property) for kept in properties if kept.stays())
