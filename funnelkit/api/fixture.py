"""A file to commit: the events that decide the numbers of some funnels."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit.api.dates import dated, extent_of
from funnelkit.api.report import answer
from funnelkit.api.sources import resolve
from funnelkit.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime

    from funnelkit.events.table import EventTable
    from funnelkit.model import Cohort, Funnel
    from funnelkit.verification.fixture import Fixture

DAY = timedelta(days=1)


def fixture(
    events: Any,
    output: str | Path,
    *,
    funnel: Funnel | str | Sequence[Funnel | str] | None = None,
    key: str | None = None,
    max_size: str | int = "1MB",
    shift: str | timedelta | None = None,
    data_end: str | date | datetime | None = None,
    columns: Mapping[str, str] | str | None = None,
    **definition: Any,
) -> Fixture:
    """Write the fewest events that give the same numbers, without anybody's id, and check that.

    Of each event stay its type, its time, and those properties on which the numbers depend. Ids
    become hashes by a key, the same id always the same hash; of a property that only filters ask
    for, values that no filter names become one.

    Args:
        events: as for `report`.
        output: the Parquet file to write.
        funnel: as for `report`; or several of them, and `"FILE"` is every funnel of a file.
        key: the key of the hashes; by default a random one, which nobody will know. The same key
            gives the same bytes.
        max_size: how large the file may be, `"1MB"` or bytes.
        shift: moves all times, `"-52w"`, by whole days.
        data_end: as for `report`.
        columns: as for `report`.
        **definition: the other arguments of `report`, which change every funnel.

    Returns:
        What was written, and the numbers that the events and the file give alike.

    Raises:
        DefinitionError: a definition, the size or the shift is wrong.
        DataError: the events cannot be read, or the file would be too large: the text says what
            could be dropped.
        CheckFailed: the file would not give the same numbers; it is not written.
    """
    from funnelkit.engine.excerpt.writing import ExcerptWriter
    from funnelkit.events.sources import open_events
    from funnelkit.specs.define import define
    from funnelkit.verification.fixture import (
        Fixture,
        check_same,
        check_size,
        moved,
        parse_size,
        texts_kept,
    )

    if key is not None and not key:
        raise DefinitionError("the key of a fixture's hashes is empty")
    output, by = Path(output), _shift(shift)
    most = parse_size(max_size) if isinstance(max_size, str) else max_size
    found = list(_funnels(funnel, definition))
    asked = [define(funnel=one, **definition) for one, _ in found]
    file_columns = next((names for _, names in found if names), None)
    with (
        open_events(events, columns=columns or file_columns) as table,
        tempfile.TemporaryDirectory(prefix="funnelkit-") as folder,
    ):
        extents = [extent_of(one, table, data_end) for one in asked]
        dates = [dated(one, extent) for one, extent in zip(asked, extents, strict=True)]
        draft = Path(folder, "fixture.parquet")
        excerpt = ExcerptWriter(
            funnels=dates,
            table=table,
            key=key or secrets.token_hex(32),
            shift=by // timedelta(microseconds=1),
            asks_for_ends=any(extent is not None for extent in extents),
        ).write(draft)
        size = draft.stat().st_size
        check_size(size, most, excerpt, asked)
        cohorts = [
            (cohort, output.with_name(f"{output.stem}.{Path(cohort.path).name}"), ids)
            for cohort, ids in excerpt.cohorts
        ]
        drafts = _write_cohorts([(c, Path(folder, file.name), ids) for c, file, ids in cohorts])
        end = _moved_end(data_end, by)
        results = []
        with open_events(draft) as cut:
            for one in asked:
                results.append(answer(one, table, source=events, data_end=data_end))
                again = _report_of(moved(one, by, drafts), cut, end)
                check_same(results[-1], again, moved=bool(by))
        output.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(draft, output)
        files = _write_cohorts(cohorts)
        return Fixture(
            path=output,
            events=excerpt.events,
            users=excerpt.users,
            size=size,
            source_events=table.rows,
            results=tuple(results),
            funnels=tuple(moved(one, by, files) for one in asked),
            properties=tuple(_names(excerpt.properties)),
            kept_texts=texts_kept(excerpt.properties),
            shift=by,
            cohort_files=tuple(file for _, file in files),
            secret_key=key is None,
        )


def _funnels(
    funnel: Any, definition: Mapping[str, Any]
) -> Iterator[tuple[Funnel | None, Mapping[str, str] | None]]:
    """Yield the funnels that are meant, each with the columns of its file."""
    from funnelkit.specs.define import project_of
    from funnelkit.specs.files import load_funnels

    several = list(funnel) if isinstance(funnel, list | tuple) else [funnel]
    if not several:
        several = [None]
    custom_events, settings = project_of(definition)
    for one in several:
        if isinstance(one, str) and Path(one).is_file():
            for entry in load_funnels(one, custom_events=custom_events, settings=settings).values():
                yield entry.funnel, entry.columns
        else:
            yield resolve(one, definition)[:2]


def _report_of(funnel: Funnel, table: EventTable, data_end: Any) -> Any:
    return answer(funnel, table, data_end=data_end)


def _write_cohorts(
    cohorts: Sequence[tuple[Cohort, Path, tuple[str, ...]]],
) -> list[tuple[Cohort, Path]]:
    """Write the hashed members of each cohort beside the fixture."""
    for _, path, ids in cohorts:
        # A cohort of nobody is no cohort, so one stands for those who have no events here.
        path.write_text("\n".join(ids or ("nobody",)) + "\n", encoding="utf-8", newline="\n")
    return [(cohort, path) for cohort, path, _ in cohorts]


def _shift(shift: str | timedelta | None) -> timedelta:
    from funnelkit.specs.times import parse_window

    if isinstance(shift, str):
        back = shift.strip().startswith("-")
        length = parse_window(shift.strip().lstrip("+-"), what="shift")
        shift = -length if back else length
    found = shift or timedelta()
    if found % DAY:
        raise DefinitionError(f"times are shifted by whole days, lest days change; got {shift}")
    return found


def _moved_end(data_end: Any, by: timedelta) -> Any:
    from funnelkit.specs.times import parse_moment

    stated = parse_moment(data_end) if isinstance(data_end, str) else data_end
    return None if stated is None else stated + by


def _names(properties: Sequence[Any]) -> Iterator[str]:
    from funnelkit.specs.text import format_property

    yield from (format_property(kept.property) for kept in properties)
