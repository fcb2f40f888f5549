"""Files of named funnels, in TOML or JSON.

    [project]
    timezone = "Europe/Berlin"          # the default of every funnel below

    [columns]
    user = "visitor_id"                 # as --columns

    [custom_events]                     # defined once; steps call it "ce:Big Spender"
    "Big Spender" = "OrderCompleted[price > 99] | Subscribed"

    [funnels.checkout]
    description = "From the product page to the order"
    steps = "ProductViewed[feature in (a, b)] > ProductAdded > OrderCompleted"
    window = "30d"
    from = 2020-04-02
    to = 2020-05-01
    segments = { mobile = "platform in (iOS, Android)", web = "platform is Web" }
    expect = [1177, 638, 417]

    [funnels.checkout.settings]
    seconds = "round"

JSON has the same keys. The options of the command line are keys of the same name: where,
where_every_step, where_every_event, timezone, window, order, count_by, unit, users, hold, exclude,
group_by, group_limit, resolution, optional_step, compare_event; for dates last, offset,
exclude_incomplete, exclude_weekday, time_of_day; for measures interval, time_to_convert, bins,
frequency, sum, by_age. What can be given several times is a list. `inactive_events = [...]`, of the
file or of a funnel, names the events that are not active; `custom_events` and `segments` are
tables. The file of a cohort is relative to this file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from os.path import isfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from funnelkit.errors import DefinitionError, did_you_mean
from funnelkit.specs.amplitude.definitions import is_chart, is_query, read_chart
from funnelkit.specs.documents import read_document
from funnelkit.specs.problems import Problems, Table, shown, text
from funnelkit.specs.readers import READERS, checked
from funnelkit.specs.tables import FUNNEL_KEYS, Surroundings, read_custom_events, read_funnel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from funnelkit.model import CustomEvent, Funnel, Settings

COLUMN_KEYS: Final = (
    "user", "device", "session", "event", "time", "properties",
    "amplitude_id", "user_id", "device_id", "session_id", "event_type", "event_time", "event_id",
    "uuid", "insert_id", "event_properties", "user_properties",
)  # fmt: skip
"""What a column can be; the events have the same list."""

DOCUMENT_KEYS: Final = ("project", "columns", "custom_events", "inactive_events", "funnels")

_DRIVE: Final = re.compile(r"[A-Za-z]:[\\/]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelEntry:
    """A funnel and what its file says beside the definition.

    `columns` says which column is what, as `--columns`; `expect` is one count a step; `source` is
    the file.
    """

    name: str
    funnel: Funnel
    columns: Mapping[str, str] | None = None
    expect: tuple[int, ...] | None = None
    description: str | None = None
    source: Path | None = None


def load_funnels(
    path: str | Path,
    *,
    custom_events: tuple[CustomEvent, ...] = (),
    settings: Settings | None = None,
) -> dict[str, FunnelEntry]:
    """Return the funnels of a TOML or JSON file by name, in the order of the file.

    A chart of Amplitude's is a funnel under its name, or else that of the file; `custom_events`
    define the events that it only names, `settings` say how it is read.

    Raises:
        DefinitionError: the file cannot be read, or with a line for everything that is wrong in
            it: file, key, value, and the nearest valid word.
    """
    source = Path(path)
    problems = Problems(str(path))
    content = read_document(source)
    if is_chart(content):
        chart = read_chart(content, source, custom_events=custom_events, settings=settings)
        name = chart.name or source.stem
        return {name: FunnelEntry(name=name, funnel=chart, source=source)}
    document = Table(content, known=DOCUMENT_KEYS, path=(), problems=problems)
    project = _table(document, "project", known=("timezone",))
    timezone = project.read("timezone", checked("timezone", text), "UTC")
    around = Surroundings(
        timezone=timezone,
        custom_events=read_custom_events(document),
        inactive_events=document.read("inactive_events", READERS["inactive_events"], ()),
        folder=str(source.parent) if source.parent.name or source.parent.anchor else "",
    )
    columns = _table(document, "columns", known=COLUMN_KEYS)
    names = {role: columns.read(role, _column, "") for role in columns.values} or None
    funnels = _table(document, "funnels", known=None)
    if document.is_table and not document.values.get("funnels"):
        problems.add((), "it holds no funnel; a funnel is a table [funnels.NAME] with steps")
    read = [
        _entry(name, funnels, around=around, columns=names, source=source)
        for name in funnels.values
    ]
    problems.check()
    return {entry.name: entry for entry in read if entry is not None}


def load_funnel(
    reference: str | Path,
    *,
    custom_events: tuple[CustomEvent, ...] = (),
    settings: Settings | None = None,
) -> Funnel:
    """Return the funnel of `FILE:NAME`, of a file of Amplitude's chart, or of an API query.

    Args:
        reference: `"funnels.toml:checkout"`, `"chart.json"`, or the query or whole address of
            `GET /api/2/funnels`.
        custom_events: what the custom events are that a chart or a query only names.
        settings: how a chart or a query is read, where Amplitude's documentation is silent.

    Raises:
        DefinitionError: there is no such funnel, or something is wrong or cannot be represented.
    """
    return select_funnel(str(reference), custom_events=custom_events, settings=settings).funnel


def select_funnel(
    reference: str,
    *,
    custom_events: tuple[CustomEvent, ...] = (),
    settings: Settings | None = None,
) -> FunnelEntry:
    """Return the funnel of `FILE:NAME`; the name may be left out where the file has only one.

    An address, or a query with `e={…}`, is a query of Amplitude's API.

    Raises:
        DefinitionError: there is no such file or funnel, or the file has something wrong in it.
    """
    if is_query(reference):
        from funnelkit.specs.amplitude.rest import funnel_from_query

        asked = funnel_from_query(reference, custom_events=custom_events, settings=settings)
        return FunnelEntry(name="query", funnel=asked)
    path, name = _split(reference)
    entries = load_funnels(path, custom_events=custom_events, settings=settings)
    if name is None:
        if len(entries) > 1:
            names = ", ".join(entries)
            raise DefinitionError(f"{path} has several funnels; write {path}:NAME, of {names}")
        return next(iter(entries.values()))
    if name not in entries:
        hint = did_you_mean(name, entries) or f" It has {', '.join(entries)}."
        raise DefinitionError(f"{path} has no funnel {name!r}.{hint}")
    return entries[name]


def _entry(
    name: str,
    funnels: Table,
    *,
    around: Surroundings,
    columns: Mapping[str, str] | None,
    source: Path,
) -> FunnelEntry | None:
    table = Table(
        funnels.values[name],
        known=("description", *FUNNEL_KEYS, "expect"),
        path=(*funnels.path, name),
        problems=funnels.problems,
    )
    description = table.read("description", text, None)
    expect = table.read("expect", _counts, None)
    funnel = read_funnel(table, name=name, around=around)
    if funnel is None:
        return None
    if expect is not None and len(expect) != len(funnel.steps):
        counts = f"got {len(expect)} counts for {len(funnel.steps)} steps"
        table.problems.add((*table.path, "expect"), f"one count for each step; {counts}")
    return FunnelEntry(
        name=name,
        funnel=funnel,
        columns=columns,
        expect=expect,
        description=description,
        source=source,
    )


def _split(reference: str) -> tuple[Path, str | None]:
    """Return the file and the name; colons may stand in both, and after a Windows drive."""
    if isfile(reference):  # noqa: PTH113 - Path.is_file refuses a long text
        return Path(reference), None
    first = 2 if _DRIVE.match(reference) else 0
    colons = [place for place, letter in enumerate(reference) if letter == ":" and place >= first]
    for place in colons:
        if isfile(reference[:place]):  # noqa: PTH113
            return Path(reference[:place]), reference[place + 1 :]
    end = colons[-1] if colons else len(reference)
    return Path(reference[:end]), None


def _table(document: Table, key: str, *, known: Iterable[str] | None) -> Table:
    return Table(
        document.values.get(key, {}),
        known=None if known is None else tuple(known),
        path=(key,),
        problems=document.problems,
    )


def _column(value: object) -> str:
    name = text(value)
    if not name:
        raise DefinitionError("a column needs a name")
    return name


def _counts(value: object) -> tuple[int, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list):
        raise DefinitionError(f"expected a list of counts, one for each step, got {shown(value)}")
    return tuple(_count(part.strip() if isinstance(part, str) else part) for part in parts)


def _count(value: object) -> int:
    if isinstance(value, str) and re.fullmatch("[0-9]{1,18}", value):
        return int(value)
    if type(value) is int and value >= 0:
        return value
    raise DefinitionError(f"expected a count, got {shown(value)}")
